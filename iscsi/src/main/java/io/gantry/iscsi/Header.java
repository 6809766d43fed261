package io.gantry.iscsi;

import java.nio.ByteBuffer;

/**
 * A basic header segment by byte offsets (RFC 7143 11.2.1).
 *
 * <pre>
 *   byte 0        bit 6 I (immediate), bits 5-0 opcode
 *   byte 1        bit 7 F (final), the rest by opcode
 *   byte 4        length of additional header segments, in words of 4 bytes
 *   bytes 5-7     DataSegmentLength, without padding
 *   bytes 8-15    LUN, or by opcode
 *   bytes 16-19   initiator task tag
 *   bytes 20-47   by opcode
 * </pre>
 */
record Header(byte[] bytes, ByteBuffer buffer) {
  static final int FINAL = 0x80;
  private static final int IMMEDIATE = 0x40;

  static Header of(byte[] bytes) {
    return new Header(bytes, ByteBuffer.wrap(bytes));
  }

  static Header allocate() {
    return of(new byte[Pdu.HEADER_LENGTH]);
  }

  int opcode() {
    return bytes[0] & 0x3f;
  }

  boolean immediate() {
    return (bytes[0] & IMMEDIATE) != 0;
  }

  /** Whether it is a SCSI command that is not immediate and brings nothing more. */
  boolean isSimpleCommand() {
    return bytes[0] == InitiatorPdu.ScsiCommand.OPCODE && buffer.getInt(4) == 0;
  }

  Header opcode(int opcode, boolean immediate) {
    bytes[0] = (byte) (opcode | (immediate ? IMMEDIATE : 0));
    return this;
  }

  /** Bytes of additional header segments. */
  int additionalLength() {
    return (bytes[4] & 0xff) * 4;
  }

  int dataLength() {
    return buffer.getInt(4) & 0xff_ffff;
  }

  void dataLength(int length) {
    buffer.putInt(4, (buffer.getInt(4) & 0xff00_0000) | length);
  }

  boolean flag(int mask) {
    return (bytes[1] & mask) != 0;
  }

  Header flags(int value) {
    bytes[1] = (byte) value;
    return this;
  }

  int u8(int offset) {
    return bytes[offset] & 0xff;
  }

  Header u8(int offset, int value) {
    bytes[offset] = (byte) value;
    return this;
  }

  int u16(int offset) {
    return buffer.getShort(offset) & 0xffff;
  }

  Header u16(int offset, int value) {
    buffer.putShort(offset, (short) value);
    return this;
  }

  int i32(int offset) {
    return buffer.getInt(offset);
  }

  Header i32(int offset, int value) {
    buffer.putInt(offset, value);
    return this;
  }

  long u32(int offset) {
    return buffer.getInt(offset) & 0xffff_ffffL;
  }

  Header u32(int offset, long value) {
    buffer.putInt(offset, (int) value);
    return this;
  }

  long i64(int offset) {
    return buffer.getLong(offset);
  }

  Header i64(int offset, long value) {
    buffer.putLong(offset, value);
    return this;
  }

  /** Bits set by the flags that are true, given as mask and flag in turn. */
  static int bits(int mask1, boolean flag1, int mask2, boolean flag2) {
    return (flag1 ? mask1 : 0) | (flag2 ? mask2 : 0);
  }
}
