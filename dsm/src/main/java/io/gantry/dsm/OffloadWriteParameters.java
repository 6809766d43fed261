package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * The parameter block of an offload write: {@code DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS}
 * (ntddstor.h).
 *
 * @param flags 0
 * @param tokenOffset where to start in the data that the token stands for, in bytes; a remainder of
 *     a logical block is dropped
 * @param token from an offload read, or {@link OffloadToken#zeroData}
 */
public record OffloadWriteParameters(int flags, long tokenOffset, OffloadToken token) {
  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS", "ntddstor.h", 528, 8);
  private static final Layout.Field FLAGS = LAYOUT.uint(0, 4, "Flags", "", "0");

  static {
    LAYOUT.bytes(4, 4, "Reserved", "0");
  }

  private static final Layout.Field TOKEN_OFFSET =
      LAYOUT.uint(8, 8, "TokenOffset", "bytes", "where to start in the token's data");
  private static final Layout.Field TOKEN =
      LAYOUT.bytes(16, OffloadToken.LENGTH, "Token", "STORAGE_OFFLOAD_TOKEN");

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    FLAGS.set(buffer, 0, Integer.toUnsignedLong(flags));
    TOKEN_OFFSET.set(buffer, 0, tokenOffset);
    TOKEN.setBytes(buffer, 0, token.bytes());
    return buffer.array();
  }

  static OffloadWriteParameters decode(ByteBuffer buffer, int base) {
    return new OffloadWriteParameters(
        FLAGS.getInt(buffer, base),
        TOKEN_OFFSET.get(buffer, base),
        new OffloadToken(TOKEN.getBytes(buffer, base)));
  }
}
