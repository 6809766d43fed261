package io.gantry.copy.doctor;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Commands and lists, byte by byte. */
final class Bytes {
  private Bytes() {}

  /** Strings of hexadecimal digits, with blanks as one likes, and bytes, one behind the other. */
  static byte[] of(Object... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Object part : parts) {
      bytes.writeBytes(
          part instanceof byte[] raw
              ? raw
              : HexFormat.of().parseHex(part.toString().replace(" ", "")));
    }
    return bytes.toByteArray();
  }

  static byte[] u16(int value) {
    return ByteBuffer.allocate(2).putShort((short) value).array();
  }

  static byte[] u32(long value) {
    return ByteBuffer.allocate(4).putInt((int) value).array();
  }

  static byte[] u64(long value) {
    return ByteBuffer.allocate(8).putLong(value).array();
  }

  /** A block device range descriptor (SBC-4): LBA, number of blocks, four reserved bytes. */
  static byte[] range(long lba, long blocks) {
    return of(u64(lba), u32(blocks), "00000000");
  }

  // CDBs of SPC-4 and SBC-4; the list identifier is at byte 6 where an operation begins,
  // at byte 2 where it is asked about.

  static byte[] populateToken(int list, int length) {
    return of("83 10 00000000", u32(list), u32(length), "00 00");
  }

  static byte[] writeUsingToken(int list, int length) {
    return of("83 11 00000000", u32(list), u32(length), "00 00");
  }

  static byte[] receiveRodTokenInformation(int list, int allocation) {
    return of("84 07", u32(list), "00000000", u32(allocation), "00 00");
  }

  static byte[] receiveCopyStatus4(int list, int allocation) {
    return of("84 05", u32(list), "00000000", u32(allocation), "00 00");
  }

  static byte[] receiveCopyStatus1(int list, int allocation) {
    return of("84 00", new byte[] {(byte) list}, "00000000000000", u32(allocation), "00 00");
  }

  static byte[] receiveCopyFailureDetails(int list, int allocation) {
    return of("84 04", new byte[] {(byte) list}, "00000000000000", u32(allocation), "00 00");
  }

  static byte[] copyOperationAbort(int list) {
    return of("83 1c", u32(list), "00000000 00000000 0000");
  }

  static byte[] reportAllRodTokens(int allocation) {
    return of("84 08 0000000000000000", u32(allocation), "00 00");
  }

  static byte[] operatingParameters(int allocation) {
    return of("84 03 0000000000000000", u32(allocation), "00 00");
  }

  static byte[] extendedCopy(int action, int length) {
    return of("83", new byte[] {(byte) action}, "0000000000000000", u32(length), "00 00");
  }

  static byte[] inquiry(int allocation) {
    return of("12 00 00", u16(allocation), "00");
  }

  static byte[] page(int code, int allocation) {
    return of("12 01", new byte[] {(byte) code}, u16(allocation), "00");
  }

  // Parameter lists.

  /**
   * POPULATE TOKEN (SBC-4).
   *
   * @param flags bit 0 IMMED, bit 1 RTV
   */
  static byte[] populateList(int flags, long timeout, long rodType, byte[]... ranges) {
    byte[] descriptors = of((Object[]) ranges);
    return of(
        u16(14 + descriptors.length),
        new byte[] {(byte) flags, 0},
        u32(timeout),
        u32(rodType),
        "0000",
        u16(descriptors.length),
        descriptors);
  }

  /**
   * WRITE USING TOKEN (SBC-4).
   *
   * @param flags bit 0 IMMED, bit 1 DEL_TKN
   * @param offset OFFSET INTO ROD, in blocks
   */
  static byte[] useList(int flags, long offset, byte[] token, byte[]... ranges) {
    byte[] descriptors = of((Object[]) ranges);
    return of(
        u16(534 + descriptors.length),
        new byte[] {(byte) flags},
        "0000000000",
        u64(offset),
        token,
        "000000000000",
        u16(descriptors.length),
        descriptors);
  }
}
