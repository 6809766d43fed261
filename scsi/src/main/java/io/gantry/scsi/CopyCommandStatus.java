package io.gantry.scsi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What RECEIVE COPY STATUS(LID1) returns (SPC-4 6.25): how a copy operation stands.
 *
 * @param status COPY COMMAND STATUS, one of the constants here
 * @param segments segment descriptors begun
 * @param units TRANSFER COUNT UNITS: 0 for bytes, n to 6 for 1024^n bytes, F1h for blocks of the
 *     destination
 * @param transferCount how much was written, in these units, rounded down
 */
public record CopyCommandStatus(int status, int segments, int units, long transferCount) {
  public static final int IN_PROGRESS = 0x00;
  public static final int COMPLETED = 0x01;
  public static final int FAILED = 0x02;

  public static final Layout LAYOUT =
      Layout.bigEndian("RECEIVE COPY STATUS(LID1) data", "SPC-4 6.25", 12);
  private static final Layout.Field AVAILABLE_DATA =
      LAYOUT.uint(0, 4, "AVAILABLE DATA", "bytes", "bytes after this field: 8");
  private static final Layout.Field STATUS = LAYOUT.bits(4, 6, 0, "COPY COMMAND STATUS", "");
  private static final Layout.Field SEGMENTS = LAYOUT.uint(5, 2, "SEGMENTS PROCESSED", "", "");
  private static final Layout.Field UNITS = LAYOUT.uint(7, 1, "TRANSFER COUNT UNITS", "", "");
  private static final Layout.Field COUNT =
      LAYOUT.uint(8, 4, "TRANSFER COUNT", "as the units say", "");

  private static final int UNITS_BLOCKS = 0xF1;
  private static final long MAX_COUNT = 0xFFFF_FFFFL;

  /** What this command tells of an operation, whichever command began it. */
  public static CopyCommandStatus of(RodTokenInformation operation) {
    int status =
        !operation.isFinished()
            ? IN_PROGRESS
            : operation.completionStatus() == ScsiStatus.GOOD.code() ? COMPLETED : FAILED;
    long count = operation.transferCount();
    int units = UNITS_BLOCKS;
    if (operation.isExtendedCopy()) {
      units = 0;
      while (count > MAX_COUNT) {
        count >>>= 10;
        units++;
      }
    }
    return new CopyCommandStatus(status, operation.segments(), units, Math.min(count, MAX_COUNT));
  }

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes());
    AVAILABLE_DATA.set(b, 0, b.capacity() - 4);
    STATUS.set(b, 0, status);
    SEGMENTS.set(b, 0, segments);
    UNITS.set(b, 0, units);
    COUNT.set(b, 0, transferCount);
    return b.array();
  }

  /** Reads the data; null if they are not all there. */
  public static @Nullable CopyCommandStatus decode(ByteBuffer data) {
    ByteBuffer b = data.slice();
    return b.remaining() < LAYOUT.sizeBytes()
        ? null
        : new CopyCommandStatus(
            STATUS.getInt(b, 0), SEGMENTS.getInt(b, 0), UNITS.getInt(b, 0), COUNT.get(b, 0));
  }
}
