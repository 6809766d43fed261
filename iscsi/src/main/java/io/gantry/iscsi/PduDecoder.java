package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one connection into PDUs and hands them up as {@link Inbound} messages. The
 * receiver of a {@link Pdu} owns its data.
 *
 * <p>A data segment is a composite of slices of the buffers that the socket was read into: nothing
 * is copied here, and nothing is allocated because a header announces it. A header that announces
 * more than {@link #dataLengthMax} ends the connection's input; a PDU of an unknown kind is skipped
 * and reported. Additional header segments (at most 1020 bytes) are skipped. A digest that is wrong
 * ends the input, too: at error recovery level 0 there is no way to go on but a new session.
 */
public final class PduDecoder extends ChannelInboundHandlerAdapter {

  /**
   * A peer that sends a data segment in crumbs pins one receive buffer for each; from this number
   * on they are copied together, so that memory stays in proportion to the bytes received.
   */
  private static final int SLICES_MAX = 16;

  private enum Part {
    HEADER,
    ADDITIONAL_HEADER,
    HEADER_DIGEST,
    DATA,
    PADDING,
    DATA_DIGEST,
    DEAD
  }

  private int dataLengthMax;
  private Part part = Part.HEADER;

  /** Bytes of the current part that have not come yet. */
  private int missing = Pdu.HEADER_LENGTH;

  private final Header header = Header.allocate();
  private @Nullable CompositeByteBuf data;

  private final Digest digest = new Digest();
  private boolean headerDigest;
  private boolean dataDigest;

  private ReadTap tap = _ -> false;

  /** What has come of a digest. */
  private int received;

  /**
   * A decoder at the start of a stream.
   *
   * @param dataLengthMax longest data segment to take, in bytes without padding
   */
  public PduDecoder(int dataLengthMax) {
    this.dataLengthMax = dataLengthMax;
  }

  /**
   * Takes what a login agreed on, from the next header on. To be called on the connection's event
   * loop.
   */
  public void fullFeature(SessionParameters agreed, ReadTap reads) {
    tap = reads;
    fullFeature(agreed);
  }

  /** As above; all commands become PDUs. */
  public void fullFeature(SessionParameters agreed) {
    dataLengthMax = agreed.receiveDataSegmentMax();
    headerDigest = agreed.headerDigest();
    dataDigest = agreed.dataDigest();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof ByteBuf bytes)) {
      ctx.fireChannelRead(message);
      return;
    }
    try {
      while (bytes.isReadable() && part != Part.DEAD) {
        int length = Math.min(missing, bytes.readableBytes());
        take(ctx, bytes, length);
        missing -= length;
        while (missing == 0 && part != Part.DEAD) {
          advance(ctx);
        }
      }
    } finally {
      bytes.release();
    }
  }

  private void take(ChannelHandlerContext ctx, ByteBuf bytes, int length) {
    switch (part) {
      case HEADER -> bytes.readBytes(header.bytes(), Pdu.HEADER_LENGTH - missing, length);
      case DATA -> {
        if (data == null) {
          data = ctx.alloc().compositeBuffer(SLICES_MAX);
        }
        if (dataDigest) {
          digest.update(bytes, bytes.readerIndex(), length);
        }
        data.addComponent(true, bytes.readRetainedSlice(length));
      }
      case ADDITIONAL_HEADER, PADDING -> {
        if (headerDigest || dataDigest) {
          digest.update(bytes, bytes.readerIndex(), length);
        }
        bytes.skipBytes(length);
      }
      case HEADER_DIGEST, DATA_DIGEST -> {
        for (int i = 0; i < length; i++) {
          received = received << 8 | bytes.readUnsignedByte();
        }
      }
      case DEAD -> bytes.skipBytes(length);
    }
  }

  /** Goes on to the next part; may be called for parts of no length. */
  private void advance(ChannelHandlerContext ctx) {
    switch (part) {
      case HEADER -> {
        part = Part.ADDITIONAL_HEADER;
        missing = header.additionalLength();
        digest.reset();
        if (headerDigest) {
          digest.update(header.bytes());
        }
      }
      case ADDITIONAL_HEADER -> {
        part = Part.HEADER_DIGEST;
        missing = headerDigest ? Digest.LENGTH : 0;
      }
      case HEADER_DIGEST -> {
        int length = header.dataLength();
        if (headerDigest && received != digest.value()) {
          die(ctx, null, "header whose digest is wrong");
        } else if (length > dataLengthMax) {
          die(
              ctx,
              RejectReason.PROTOCOL_ERROR,
              "data segment of %d bytes, at most %d are taken".formatted(length, dataLengthMax));
        } else {
          part = Part.DATA;
          missing = length;
          digest.reset();
        }
      }
      case DATA -> {
        part = Part.PADDING;
        missing = -header.dataLength() & 3;
      }
      case PADDING -> {
        part = Part.DATA_DIGEST;
        missing = dataDigest && header.dataLength() > 0 ? Digest.LENGTH : 0;
      }
      case DATA_DIGEST -> {
        if (dataDigest && header.dataLength() > 0 && received != digest.value()) {
          die(ctx, RejectReason.DATA_DIGEST_ERROR, "data segment whose digest is wrong");
          return;
        }
        if (data == null && header.isSimpleCommand() && tap.take(header.buffer())) {
          part = Part.HEADER;
          missing = Pdu.HEADER_LENGTH;
          return;
        }
        ByteBuf segment = data == null ? Pdu.NO_DATA : data;
        data = null;
        part = Part.HEADER;
        missing = Pdu.HEADER_LENGTH;
        ctx.fireChannelRead(decode(header, segment));
      }
      case DEAD -> {}
    }
  }

  private void die(ChannelHandlerContext ctx, @Nullable RejectReason reason, String problem) {
    part = Part.DEAD;
    ctx.fireChannelRead(new BadPdu(header.bytes().clone(), reason, problem, true));
  }

  private static Inbound decode(Header header, ByteBuf data) {
    Pdu pdu = InitiatorPdu.decode(header, data);
    if (pdu == null) {
      pdu = TargetPdu.decode(header, data);
    }
    if (pdu != null) {
      return pdu;
    }
    data.release();
    String problem = "PDU with the unknown operation code %02Xh".formatted(header.opcode());
    return new BadPdu(header.bytes().clone(), RejectReason.COMMAND_NOT_SUPPORTED, problem, false);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    part = Part.DEAD;
    if (data != null) {
      data.release();
      data = null;
    }
  }
}
