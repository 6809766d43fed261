package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A protocol data unit: the 48 bytes of the basic header segment as a record, and the data segment
 * (RFC 7143 11).
 *
 * <p>Numbers are those of the wire. Sequence numbers and tags are unsigned 32-bit values in an
 * {@code int}; lengths and offsets that RFC 7143 gives 32 bits are a {@code long}, LUNs the eight
 * bytes as one big-endian {@code long}.
 *
 * <p>Ownership: whoever holds a PDU owns its {@link #data} and must {@link #release} it exactly
 * once, or pass the PDU on. {@link PduEncoder#write} takes ownership; {@link PduDecoder} gives it.
 */
public sealed interface Pdu extends Inbound permits InitiatorPdu, TargetPdu {

  /** Bytes in the basic header segment. */
  int HEADER_LENGTH = 48;

  /** The reserved task tag: "no task". */
  int NO_TAG = 0xFFFF_FFFF;

  /** A data segment of no bytes. */
  ByteBuf NO_DATA = Unpooled.EMPTY_BUFFER;

  /** The data segment, without padding. */
  ByteBuf data();

  /** Gives the data segment up. */
  default void release() {
    data().release();
  }

  /** The 48 bytes of the header, with DataSegmentLength filled in. */
  default byte[] header() {
    Header header = Header.allocate();
    switch (this) {
      case InitiatorPdu pdu -> pdu.fill(header);
      case TargetPdu pdu -> pdu.fill(header);
    }
    header.dataLength(data().readableBytes());
    return header.bytes();
  }
}
