package io.gantry.scsi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The block device ROD token limits descriptor (type 0000h) of VPD page 8Fh, the one thing that
 * Windows reads there.
 *
 * @param maximumRanges MAXIMUM RANGE DESCRIPTORS; 0: no limit given
 * @param maximumInactivitySeconds MAXIMUM INACTIVITY TIMEOUT; 0: not limited
 * @param defaultInactivitySeconds DEFAULT INACTIVITY TIMEOUT
 * @param maximumTransferBlocks MAXIMUM TOKEN TRANSFER SIZE for one command; 0: not limited
 * @param optimalTransferBlocks OPTIMAL TRANSFER COUNT; 0: none
 */
public record RodTokenLimits(
    int maximumRanges,
    long maximumInactivitySeconds,
    long defaultInactivitySeconds,
    long maximumTransferBlocks,
    long optimalTransferBlocks) {

  /** Bytes of the descriptor, its header included. */
  public static final int LENGTH = 36;

  public static final Layout LAYOUT =
      Layout.bigEndian("block device ROD token limits descriptor", "SPC-4 7.8.17", LENGTH);
  private static final Layout.Field TYPE =
      LAYOUT.uint(0, 2, "THIRD-PARTY COPY DESCRIPTOR TYPE", "", "0000h");
  private static final Layout.Field DESCRIPTOR_LENGTH =
      LAYOUT.uint(2, 2, "THIRD-PARTY COPY DESCRIPTOR LENGTH", "bytes", "0020h");
  private static final Layout.Field RANGES =
      LAYOUT.uint(10, 2, "MAXIMUM RANGE DESCRIPTORS", "", "");
  private static final Layout.Field MAXIMUM_INACTIVITY =
      LAYOUT.uint(12, 4, "MAXIMUM INACTIVITY TIMEOUT", "seconds", "");
  private static final Layout.Field DEFAULT_INACTIVITY =
      LAYOUT.uint(16, 4, "DEFAULT INACTIVITY TIMEOUT", "seconds", "");
  private static final Layout.Field MAXIMUM_TRANSFER =
      LAYOUT.uint(20, 8, "MAXIMUM TOKEN TRANSFER SIZE", "blocks", "");
  private static final Layout.Field OPTIMAL_TRANSFER =
      LAYOUT.uint(28, 8, "OPTIMAL TRANSFER COUNT", "blocks", "");

  /** The descriptor. */
  public byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    TYPE.set(b, 0, 0);
    DESCRIPTOR_LENGTH.set(b, 0, LENGTH - 4);
    RANGES.set(b, 0, maximumRanges);
    MAXIMUM_INACTIVITY.set(b, 0, maximumInactivitySeconds);
    DEFAULT_INACTIVITY.set(b, 0, defaultInactivitySeconds);
    MAXIMUM_TRANSFER.set(b, 0, maximumTransferBlocks);
    OPTIMAL_TRANSFER.set(b, 0, optimalTransferBlocks);
    return b.array();
  }

  /**
   * Finds the descriptor in a VPD page 8Fh by Windows' rule: the page is at least 36 bytes long
   * after its header, and its first descriptor is this one.
   *
   * @param page the whole page, header included, as received
   * @return the limits, or null if Windows would not offload to this logical unit
   */
  public static @Nullable RodTokenLimits find(byte[] page) {
    if (page.length < 4 + LENGTH) {
      return null;
    }
    ByteBuffer b = ByteBuffer.wrap(page);
    if ((b.getShort(2) & 0xffff) < LENGTH
        || TYPE.get(b, 4) != 0
        || DESCRIPTOR_LENGTH.get(b, 4) != LENGTH - 4) {
      return null;
    }
    return new RodTokenLimits(
        RANGES.getInt(b, 4),
        MAXIMUM_INACTIVITY.get(b, 4),
        DEFAULT_INACTIVITY.get(b, 4),
        MAXIMUM_TRANSFER.get(b, 4),
        OPTIMAL_TRANSFER.get(b, 4));
  }
}
