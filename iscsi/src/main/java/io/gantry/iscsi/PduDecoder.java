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
 * and reported. Additional header segments (at most 1020 bytes) are skipped.
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
    DATA,
    PADDING,
    DEAD
  }

  private int dataLengthMax;
  private Part part = Part.HEADER;

  /** Bytes of the current part that have not come yet. */
  private int missing = Pdu.HEADER_LENGTH;

  private Header header = Header.allocate();
  private @Nullable CompositeByteBuf data;

  /**
   * A decoder at the start of a stream.
   *
   * @param dataLengthMax longest data segment to take, in bytes without padding
   */
  public PduDecoder(int dataLengthMax) {
    this.dataLengthMax = dataLengthMax;
  }

  /** Changes the limit, from the next header on. To be called on the connection's event loop. */
  public void dataLengthMax(int bytes) {
    dataLengthMax = bytes;
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
        data.addComponent(true, bytes.readRetainedSlice(length));
      }
      case ADDITIONAL_HEADER, PADDING, DEAD -> bytes.skipBytes(length);
    }
  }

  /** Goes on to the next part; may be called for parts of no length. */
  private void advance(ChannelHandlerContext ctx) {
    switch (part) {
      case HEADER -> {
        int length = header.dataLength();
        if (length > dataLengthMax) {
          part = Part.DEAD;
          ctx.fireChannelRead(
              new BadPdu(
                  header.bytes(),
                  RejectReason.PROTOCOL_ERROR,
                  "data segment of %d bytes, at most %d are taken".formatted(length, dataLengthMax),
                  true));
          return;
        }
        part = Part.ADDITIONAL_HEADER;
        missing = header.additionalLength();
      }
      case ADDITIONAL_HEADER -> {
        part = Part.DATA;
        missing = header.dataLength();
      }
      case DATA -> {
        part = Part.PADDING;
        missing = -header.dataLength() & 3;
      }
      case PADDING -> {
        Header complete = header;
        ByteBuf segment = data == null ? Pdu.NO_DATA : data;
        data = null;
        header = Header.allocate();
        part = Part.HEADER;
        missing = Pdu.HEADER_LENGTH;
        ctx.fireChannelRead(decode(complete, segment));
      }
      case DEAD -> {}
    }
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
    return new BadPdu(header.bytes(), RejectReason.COMMAND_NOT_SUPPORTED, problem, false);
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
