package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * The result of an offload write: {@code STORAGE_OFFLOAD_WRITE_OUTPUT} (ntddstor.h), bare at the
 * start of the output buffer.
 *
 * @param flags {@link #RANGE_TRUNCATED}, {@link #TOKEN_INVALID}, both, or 0
 * @param lengthCopied bytes written, counted from the start of the first range
 */
public record OffloadWriteOutput(int flags, long lengthCopied) {
  /** STORAGE_OFFLOAD_WRITE_RANGE_TRUNCATED: something was written, but less than asked for. */
  public static final int RANGE_TRUNCATED = 1;

  /** STORAGE_OFFLOAD_TOKEN_INVALID: the target does not take this token, now or later. */
  public static final int TOKEN_INVALID = 2;

  public static final Layout LAYOUT =
      Layout.littleEndian("STORAGE_OFFLOAD_WRITE_OUTPUT", "ntddstor.h", 16, 8);
  private static final Layout.Field FLAGS =
      LAYOUT.uint(0, 4, "OffloadWriteFlags", "", "1: range truncated, 2: token invalid");

  static {
    LAYOUT.bytes(4, 4, "Reserved", "0");
  }

  private static final Layout.Field LENGTH_COPIED =
      LAYOUT.uint(8, 8, "LengthCopied", "bytes", "from the start of the first range");

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    FLAGS.set(buffer, 0, Integer.toUnsignedLong(flags));
    LENGTH_COPIED.set(buffer, 0, lengthCopied);
    return buffer.array();
  }

  /**
   * Reads the structure at the start of {@code output}.
   *
   * @throws IndexOutOfBoundsException if the output is shorter than the structure
   */
  public static OffloadWriteOutput decode(byte[] output) {
    ByteBuffer buffer = ByteBuffer.wrap(output);
    return new OffloadWriteOutput(FLAGS.getInt(buffer, 0), LENGTH_COPIED.get(buffer, 0));
  }
}
