package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The result of an offload read: {@code STORAGE_OFFLOAD_READ_OUTPUT} (ntddstor.h), bare at the
 * start of the output buffer.
 *
 * @param flags {@link #RANGE_TRUNCATED} or 0
 * @param lengthProtected bytes that the token stands for, counted from the start of the first range
 * @param token the token; null if TokenLength is 0, after a failure
 */
public record OffloadReadOutput(int flags, long lengthProtected, @Nullable OffloadToken token) {
  /** STORAGE_OFFLOAD_READ_RANGE_TRUNCATED: less was protected than asked for. */
  public static final int RANGE_TRUNCATED = 1;

  public static final Layout LAYOUT =
      Layout.littleEndian("STORAGE_OFFLOAD_READ_OUTPUT", "ntddstor.h", 536, 8);
  private static final Layout.Field FLAGS =
      LAYOUT.uint(0, 4, "OffloadReadFlags", "", "1: range truncated");

  static {
    LAYOUT.bytes(4, 4, "Reserved", "0");
  }

  private static final Layout.Field LENGTH_PROTECTED =
      LAYOUT.uint(8, 8, "LengthProtected", "bytes", "from the start of the first range");
  private static final Layout.Field TOKEN_LENGTH =
      LAYOUT.uint(16, 4, "TokenLength", "bytes", "512; 0 after a failure");
  private static final Layout.Field TOKEN =
      LAYOUT.bytes(20, OffloadToken.LENGTH, "Token", "STORAGE_OFFLOAD_TOKEN");

  /** The bytes, tail padding included. Without a token its place is zeros. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    FLAGS.set(buffer, 0, Integer.toUnsignedLong(flags));
    LENGTH_PROTECTED.set(buffer, 0, lengthProtected);
    if (token != null) {
      TOKEN_LENGTH.set(buffer, 0, OffloadToken.LENGTH);
      TOKEN.setBytes(buffer, 0, token.bytes());
    }
    return buffer.array();
  }

  /**
   * Reads the structure at the start of {@code output}.
   *
   * @throws IndexOutOfBoundsException if the output is shorter than the structure
   */
  public static OffloadReadOutput decode(byte[] output) {
    ByteBuffer buffer = ByteBuffer.wrap(output);
    boolean hasToken = TOKEN_LENGTH.get(buffer, 0) == OffloadToken.LENGTH;
    return new OffloadReadOutput(
        FLAGS.getInt(buffer, 0),
        LENGTH_PROTECTED.get(buffer, 0),
        hasToken ? new OffloadToken(TOKEN.getBytes(buffer, 0)) : null);
  }
}
