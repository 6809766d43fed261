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

  /** An encoder for the connection behind {@code out}. */
  public PduEncoder(ChannelOutboundInvoker out) {
    this.out = out;
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
    ByteBuf header = Unpooled.wrappedBuffer(pdu.header());
    if (length == 0) {
      data.release();
      return out.write(header);
    }
    var _ = out.write(header);
    ChannelFuture last = out.write(data);
    int pad = -length & 3;
    return pad == 0 ? last : out.write(PADDING[pad].duplicate());
  }
}
