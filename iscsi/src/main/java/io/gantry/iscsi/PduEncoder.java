package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundInvoker;

/**
 * Writes PDUs to one connection. Header and data segment go out as separate buffers, which the
 * transport gathers: data are not copied.
 */
public final class PduEncoder {

  private static final ByteBuf[] PADDING = {
    Pdu.NO_DATA, padding(1), padding(2), padding(3),
  };

  private final ChannelOutboundInvoker out;
  private final Digest digest = new Digest();
  private boolean headerDigest;
  private boolean dataDigest;

  /** An encoder for the connection behind {@code out}. */
  public PduEncoder(ChannelOutboundInvoker out) {
    this.out = out;
  }

  /** From the next PDU on, digests as negotiated. To be called on the connection's event loop. */
  public void digests(SessionParameters agreed) {
    headerDigest = agreed.headerDigest();
    dataDigest = agreed.dataDigest();
  }

  private static ByteBuf padding(int length) {
    return Unpooled.unreleasableBuffer(
        Unpooled.directBuffer(length, length).writeZero(length).asReadOnly());
  }

  /**
   * Writes a PDU without flushing and takes ownership of its data, also when the connection is
   * gone.
   *
   * @return completes when the transport has taken the last byte
   */
  public ChannelFuture write(Pdu pdu) {
    ByteBuf data = pdu.data();
    int length = data.readableBytes();
    ByteBuf header = header(pdu.header());
    if (length == 0) {
      data.release();
      return out.write(header);
    }
    var _ = out.write(header);
    if (dataDigest) {
      digest.reset();
      digest.update(data, data.readerIndex(), length);
      digest.pad(-length & 3);
    }
    ChannelFuture last = out.write(data);
    int pad = -length & 3;
    if (dataDigest) {
      return out.write(
          Unpooled.buffer(pad + Digest.LENGTH).writeZero(pad).writeInt(digest.value()));
    }
    return pad == 0 ? last : out.write(PADDING[pad].duplicate());
  }

  private ByteBuf header(byte[] bytes) {
    if (!headerDigest) {
      return Unpooled.wrappedBuffer(bytes);
    }
    digest.reset();
    digest.update(bytes);
    return Unpooled.buffer(bytes.length + Digest.LENGTH).writeBytes(bytes).writeInt(digest.value());
  }
}
