package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * VPD page B2h, logical block provisioning (SBC-3 6.6.4).
 *
 * @param thresholdExponent log2 of the blocks that a unit of thresholds and resource counts has
 * @param unmap LBPU: UNMAP unmaps
 * @param writeSameUnmaps LBPWS: WRITE SAME(16) with its UNMAP bit unmaps
 * @param unmappedReadsZero LBPRZ: unmapped blocks read as zeros
 * @param anchors ANC_SUP: blocks can be anchored
 * @param type PROVISIONING TYPE: 1 resource, 2 thin, 0 neither or not said
 */
public record LogicalBlockProvisioning(
    int thresholdExponent,
    boolean unmap,
    boolean writeSameUnmaps,
    boolean unmappedReadsZero,
    boolean anchors,
    int type) {

  public static final int PAGE = 0xB2;

  /** PROVISIONING TYPE of a thinly provisioned logical unit. */
  public static final int THIN = 2;

  private static final int LENGTH = 8;
  public static final Layout LAYOUT = Layout.bigEndian("VPD page B2h", "SBC-3 6.6.4", LENGTH);
  private static final Layout.Field PAGE_CODE = LAYOUT.uint(1, 1, "PAGE CODE", "", "B2h");
  private static final Layout.Field EXPONENT =
      LAYOUT.uint(4, 1, "THRESHOLD EXPONENT", "", "log2 of blocks for each unit");
  private static final Layout.Field LBPU = LAYOUT.bits(5, 7, 7, "LBPU", "UNMAP");
  private static final Layout.Field LBPWS = LAYOUT.bits(5, 6, 6, "LBPWS", "WRITE SAME(16)");
  // SBC-4 gives LBPRZ two more bits, for other things that unmapped blocks may read as.
  private static final Layout.Field LBPRZ = LAYOUT.bits(5, 2, 2, "LBPRZ", "zeros");
  private static final Layout.Field ANC_SUP = LAYOUT.bits(5, 1, 1, "ANC_SUP", "anchored blocks");
  private static final Layout.Field TYPE = LAYOUT.bits(6, 2, 0, "PROVISIONING TYPE", "2: thin");

  /** Reads the page; empty if the bytes are another page or too few. */
  public static Optional<LogicalBlockProvisioning> decode(byte[] page) {
    ByteBuffer b = ByteBuffer.wrap(Arrays.copyOf(page, LENGTH));
    if (page.length < LENGTH || PAGE_CODE.get(b, 0) != PAGE) {
      return Optional.empty();
    }
    return Optional.of(
        new LogicalBlockProvisioning(
            EXPONENT.getInt(b, 0),
            LBPU.isSet(b, 0),
            LBPWS.isSet(b, 0),
            LBPRZ.isSet(b, 0),
            ANC_SUP.isSet(b, 0),
            TYPE.getInt(b, 0)));
  }
}
