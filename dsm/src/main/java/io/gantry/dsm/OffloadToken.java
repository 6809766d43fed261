package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What stands for data that an offload read protected: {@code STORAGE_OFFLOAD_TOKEN} (ntddstor.h),
 * 512 bytes that travel to and from the target unchanged as its ROD token. Unlike every other
 * Windows structure its numbers are big-endian.
 *
 * @param bytes all 512 of them
 */
public record OffloadToken(byte[] bytes) {
  /** STORAGE_OFFLOAD_MAX_TOKEN_LENGTH. */
  public static final int LENGTH = 512;

  /** STORAGE_OFFLOAD_TOKEN_TYPE_ZERO_DATA. */
  public static final int TYPE_ZERO_DATA = 0xFFFF_0001;

  /** STORAGE_OFFLOAD_TOKEN_ID_LENGTH, the only value that TokenIdLength may have. */
  private static final int ID_LENGTH = 0x1F8;

  public static final Layout LAYOUT =
      Layout.littleEndian("STORAGE_OFFLOAD_TOKEN", "ntddstor.h", LENGTH, 1);
  private static final Layout.Field TOKEN_TYPE =
      LAYOUT.uintBigEndian(0, 4, "TokenType", "", "FFFF0001h: zero data; else the target's");

  static {
    LAYOUT.bytes(4, 2, "Reserved", "0");
  }

  private static final Layout.Field TOKEN_ID_LENGTH =
      LAYOUT.uintBigEndian(6, 2, "TokenIdLength", "bytes", "of Token: 504");

  static {
    LAYOUT.bytes(8, ID_LENGTH, "Token", "opaque; ignored with zero data");
  }

  public OffloadToken {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException(
          "a token has %d bytes, not %d".formatted(LENGTH, bytes.length));
    }
    bytes = bytes.clone();
  }

  /** A token whose data are all zeros, without end, as MAKE_ZERO_TOKEN makes it. */
  public static OffloadToken zeroData() {
    ByteBuffer buffer = ByteBuffer.allocate(LENGTH);
    TOKEN_TYPE.set(buffer, 0, Integer.toUnsignedLong(TYPE_ZERO_DATA));
    TOKEN_ID_LENGTH.set(buffer, 0, ID_LENGTH);
    return new OffloadToken(buffer.array());
  }

  /** Whether this is a zero data token: IS_ZERO_TOKEN looks at type and length, nothing else. */
  public boolean isZeroData() {
    return type() == TYPE_ZERO_DATA && TOKEN_ID_LENGTH.get(ByteBuffer.wrap(bytes), 0) == ID_LENGTH;
  }

  /** TokenType. */
  public int type() {
    return TOKEN_TYPE.getInt(ByteBuffer.wrap(bytes), 0);
  }

  /** A copy of the bytes. */
  @Override
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OffloadToken token && Arrays.equals(bytes, token.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** The first bytes only: whoever has the rest has the data. */
  @Override
  public String toString() {
    return "token " + HexFormat.of().formatHex(bytes, 0, 16) + "...";
  }
}
