package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * A byte range of the disk: {@code DEVICE_DATA_SET_RANGE} (winioctl.h).
 *
 * @param startingOffset first byte; a multiple of the logical block length
 * @param lengthInBytes number of bytes, unsigned; a multiple of the logical block length, not 0
 */
public record DataSetRange(long startingOffset, long lengthInBytes) {
  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DATA_SET_RANGE", "winioctl.h", 16, 8);
  private static final Layout.Field STARTING_OFFSET =
      LAYOUT.uint(0, 8, "StartingOffset", "bytes", "first byte; a multiple of the block length");
  private static final Layout.Field LENGTH_IN_BYTES =
      LAYOUT.uint(8, 8, "LengthInBytes", "bytes", "a multiple of the block length");

  void encode(ByteBuffer buffer, int base) {
    STARTING_OFFSET.set(buffer, base, startingOffset);
    LENGTH_IN_BYTES.set(buffer, base, lengthInBytes);
  }

  static DataSetRange decode(ByteBuffer buffer, int base) {
    return new DataSetRange(STARTING_OFFSET.get(buffer, base), LENGTH_IN_BYTES.get(buffer, base));
  }
}
