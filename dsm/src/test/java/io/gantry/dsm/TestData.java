package io.gantry.dsm;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Bytes as they travel on the wire, put together by hand from the standards' tables. */
final class TestData {
  private TestData() {}

  /** The token of layouts.c: point in time, byte i of its body is 7 i + 3. */
  static OffloadToken token() {
    byte[] bytes = new byte[512];
    bytes[1] = (byte) 0x80;
    bytes[6] = 0x01;
    bytes[7] = (byte) 0xF8;
    for (int i = 0; i < 504; i++) {
      bytes[8 + i] = (byte) (i * 7 + 3);
    }
    return new OffloadToken(bytes);
  }

  static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  /** CDB of POPULATE TOKEN. */
  static String populate(int listIdentifier, int length) {
    return "8310 00000000 %08x %08x 0000".formatted(listIdentifier, length);
  }

  /** CDB of WRITE USING TOKEN. */
  static String write(int listIdentifier, int length) {
    return "8311 00000000 %08x %08x 0000".formatted(listIdentifier, length);
  }

  /** CDB of RECEIVE ROD TOKEN INFORMATION. */
  static String report(int listIdentifier, int allocation) {
    return "8407 %08x 00000000 %08x 0000".formatted(listIdentifier, allocation);
  }

  /** Parameter list of POPULATE TOKEN; {@code ranges} are pairs of LBA and number of blocks. */
  static byte[] populateList(int inactivityTimeout, long... ranges) {
    ByteBuffer b = ByteBuffer.allocate(16 + 8 * ranges.length);
    b.putShort((short) (b.capacity() - 2)).putShort((short) 0).putInt(inactivityTimeout);
    b.putInt(0).putShort((short) 0).putShort((short) (8 * ranges.length));
    putRanges(b, ranges);
    return b.array();
  }

  /** Parameter list of WRITE USING TOKEN. */
  static byte[] writeList(long offset, OffloadToken token, long... ranges) {
    ByteBuffer b = ByteBuffer.allocate(536 + 8 * ranges.length);
    b.putShort((short) (b.capacity() - 2)).putShort((short) 0).putInt(0).putLong(offset);
    b.put(token.bytes()).put(new byte[6]).putShort((short) (8 * ranges.length));
    putRanges(b, ranges);
    return b.array();
  }

  private static void putRanges(ByteBuffer b, long... ranges) {
    for (int i = 0; i < ranges.length; i += 2) {
      b.putLong(ranges[i]).putInt((int) ranges[i + 1]).putInt(0);
    }
  }

  /** Data of RECEIVE ROD TOKEN INFORMATION, with descriptors of a given length. */
  static byte[] reportData(
      int status, long blocks, byte[] sense, byte @Nullable [] token, int descriptorsLength) {
    int field = (sense.length + 3) / 4 * 4;
    int length = 36 + field + (token == null ? 0 : 514);
    ByteBuffer b = ByteBuffer.allocate(length);
    b.putInt(length - 4).put((byte) 0x10).put((byte) status).putShort((short) 1);
    b.putInt(0xFFFF_FFFE).put((byte) 0).put((byte) field).put((byte) sense.length);
    b.put((byte) 0xF1).putLong(blocks).putLong(0).put(sense).position(32 + field);
    b.putInt(descriptorsLength);
    if (token != null) {
      b.putShort((short) 0).put(token);
    }
    return b.array();
  }

  /** The report of a POPULATE TOKEN. */
  static byte[] populated(int status, long blocks) {
    return reportData(status, blocks, new byte[0], token().bytes(), 514);
  }

  /** The report of a WRITE USING TOKEN. */
  static byte[] written(int status, long blocks, byte[] sense) {
    return reportData(status, blocks, sense, null, 0);
  }

  /** Fixed-format sense data. */
  static byte[] sense(int key, int asc, int ascq) {
    return hex("70 00 %02x 00000000 0a 00000000 %02x%02x 00 0000".formatted(key, asc, ascq));
  }

  /** Fixed-format sense data with INFORMATION. */
  static byte[] sense(int key, int asc, int ascq, int information) {
    return hex(
        "f0 00 %02x %08x 0a 00000000 %02x%02x 00 0000".formatted(key, information, asc, ascq));
  }

  /** Descriptor-format sense data with an information descriptor. */
  static byte[] descriptorSense(int key, int asc, int ascq, long information) {
    return hex(
        "72 %02x%02x%02x 000000 0c 00 0a 80 00 %016x".formatted(key, asc, ascq, information));
  }
}
