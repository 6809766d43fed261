package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * The parameter block of an offload read: {@code DEVICE_DSM_OFFLOAD_READ_PARAMETERS} (ntddstor.h).
 *
 * @param flags reserved, 0
 * @param timeToLive how long the token may lie unused, unsigned; 0 for the target's default. The
 *     documentation counts milliseconds, but Windows' class driver hands the number unchanged to
 *     the target, which counts seconds; so does a {@link Disk}, unless told otherwise by {@link
 *     Disk#withTimeToLiveIn}
 */
public record OffloadReadParameters(int flags, int timeToLive) {
  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DSM_OFFLOAD_READ_PARAMETERS", "ntddstor.h", 16, 4);
  private static final Layout.Field FLAGS = LAYOUT.uint(0, 4, "Flags", "", "0");
  private static final Layout.Field TIME_TO_LIVE =
      LAYOUT.uint(4, 4, "TimeToLive", "", "seconds, or as documented ms; 0: target's default");

  static {
    LAYOUT.bytes(8, 8, "Reserved", "0");
  }

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    FLAGS.set(buffer, 0, Integer.toUnsignedLong(flags));
    TIME_TO_LIVE.set(buffer, 0, Integer.toUnsignedLong(timeToLive));
    return buffer.array();
  }

  static OffloadReadParameters decode(ByteBuffer buffer, int base) {
    return new OffloadReadParameters(FLAGS.getInt(buffer, base), TIME_TO_LIVE.getInt(buffer, base));
  }
}
