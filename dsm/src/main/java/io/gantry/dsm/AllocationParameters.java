package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * The parameter block of an allocation query: {@code DEVICE_DATA_SET_LBP_STATE_PARAMETERS}, also
 * called {@code DEVICE_DSM_ALLOCATION_PARAMETERS} (winioctl.h).
 *
 * @param version 1
 * @param size bytes of the structure, 16
 * @param flags 0
 * @param outputVersion {@link ProvisioningState#V1} or {@link ProvisioningState#V2}
 */
public record AllocationParameters(long version, long size, int flags, long outputVersion) {
  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DATA_SET_LBP_STATE_PARAMETERS", "winioctl.h", 16, 4);
  private static final Layout.Field VERSION = LAYOUT.uint(0, 4, "Version", "", "1");
  private static final Layout.Field SIZE = LAYOUT.uint(4, 4, "Size", "bytes", "16");
  private static final Layout.Field FLAGS = LAYOUT.uint(8, 4, "Flags", "", "0");
  private static final Layout.Field OUTPUT_VERSION =
      LAYOUT.uint(12, 4, "OutputVersion", "", "32: V1, 40: V2, the sizes of the two structures");

  private static final int VERSION_1 = 1;

  /** Parameters that ask for an output. */
  public static AllocationParameters forOutput(int outputVersion) {
    return new AllocationParameters(VERSION_1, LAYOUT.sizeBytes(), 0, outputVersion);
  }

  /** The version that is wanted: of a block that the class driver does not know, V1. */
  long wantedVersion() {
    return version == VERSION_1 && size >= LAYOUT.sizeBytes()
        ? outputVersion
        : ProvisioningState.V1;
  }

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    VERSION.set(buffer, 0, version);
    SIZE.set(buffer, 0, size);
    FLAGS.set(buffer, 0, Integer.toUnsignedLong(flags));
    OUTPUT_VERSION.set(buffer, 0, outputVersion);
    return buffer.array();
  }

  static AllocationParameters decode(ByteBuffer buffer, int base) {
    return new AllocationParameters(
        VERSION.get(buffer, base),
        SIZE.get(buffer, base),
        FLAGS.getInt(buffer, base),
        OUTPUT_VERSION.get(buffer, base));
  }
}
