package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * What a scrub did: {@code DEVICE_DATA_SET_SCRUB_EX_OUTPUT}, also called {@code
 * DEVICE_DSM_SCRUB_OUTPUT2} (winioctl.h). Its parity extent is zeros: a disk tells of none.
 *
 * @param bytesProcessed bytes looked at
 * @param bytesRepaired bytes that are whole again; always 0 here, since a disk repairs by itself
 * @param bytesFailed bytes that cannot be read
 * @param bytesScrubbed bytes that were read
 */
public record ScrubOutput(
    long bytesProcessed, long bytesRepaired, long bytesFailed, long bytesScrubbed) {
  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DATA_SET_SCRUB_EX_OUTPUT", "winioctl.h", 48, 8);
  private static final Layout.Field PROCESSED =
      LAYOUT.uint(0, 8, "BytesProcessed", "bytes", "looked at");
  private static final Layout.Field REPAIRED =
      LAYOUT.uint(8, 8, "BytesRepaired", "bytes", "whole again");
  private static final Layout.Field FAILED =
      LAYOUT.uint(16, 8, "BytesFailed", "bytes", "cannot be read");

  static {
    LAYOUT.bytes(24, 16, "ParityExtent", "with SCRUB_OUTPUT_PARITY_EXTENT in Flags");
  }

  private static final Layout.Field SCRUBBED = LAYOUT.uint(40, 8, "BytesScrubbed", "bytes", "read");

  /** What a medium check found. */
  static ScrubOutput of(MediumCheck check) {
    long good = check.bytes(false);
    long bad = check.bytes(true);
    return new ScrubOutput(good + bad, 0, bad, good);
  }

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    PROCESSED.set(buffer, 0, bytesProcessed);
    REPAIRED.set(buffer, 0, bytesRepaired);
    FAILED.set(buffer, 0, bytesFailed);
    SCRUBBED.set(buffer, 0, bytesScrubbed);
    return buffer.array();
  }

  static ScrubOutput decode(byte[] block) {
    ByteBuffer buffer = ByteBuffer.wrap(block);
    return new ScrubOutput(
        PROCESSED.get(buffer, 0),
        REPAIRED.get(buffer, 0),
        FAILED.get(buffer, 0),
        SCRUBBED.get(buffer, 0));
  }
}
