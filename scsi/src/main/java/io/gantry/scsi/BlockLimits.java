package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * VPD page B0h, block limits (SBC-4 6.6.4). 0 means "not reported" unless said otherwise.
 *
 * @param compareAndWriteBlocks longest COMPARE AND WRITE; 0: none
 * @param optimalGranularityBlocks transfers should be a multiple of this
 * @param maximumTransferBlocks longest READ or WRITE
 * @param optimalTransferBlocks longest that goes fast
 * @param maximumUnmapBlocks most blocks in one UNMAP; 0: no UNMAP
 * @param maximumUnmapDescriptors most descriptors in one UNMAP
 * @param optimalUnmapGranularityBlocks unmapping less than this frees nothing
 * @param unmapAlignmentBlocks UNMAP GRANULARITY ALIGNMENT: where the first granule begins; empty if
 *     UGAVALID is 0
 * @param maximumWriteSameBlocks longest WRITE SAME
 * @param maximumAtomicBlocks longest WRITE ATOMIC, at any address; 0: none
 */
public record BlockLimits(
    int compareAndWriteBlocks,
    int optimalGranularityBlocks,
    long maximumTransferBlocks,
    long optimalTransferBlocks,
    long maximumUnmapBlocks,
    long maximumUnmapDescriptors,
    long optimalUnmapGranularityBlocks,
    OptionalLong unmapAlignmentBlocks,
    long maximumWriteSameBlocks,
    long maximumAtomicBlocks) {

  public static final int PAGE = 0xB0;
  public static final int LENGTH = 64;
  public static final Layout LAYOUT = Layout.bigEndian("VPD page B0h", "SBC-4 6.6.4", LENGTH);
  private static final Layout.Field PAGE_CODE = LAYOUT.uint(1, 1, "PAGE CODE", "", "B0h");
  private static final Layout.Field PAGE_LENGTH = LAYOUT.uint(2, 2, "PAGE LENGTH", "bytes", "");
  private static final Layout.Field COMPARE_AND_WRITE =
      LAYOUT.uint(5, 1, "MAXIMUM COMPARE AND WRITE LENGTH", "blocks", "");
  private static final Layout.Field GRANULARITY =
      LAYOUT.uint(6, 2, "OPTIMAL TRANSFER LENGTH GRANULARITY", "blocks", "");
  private static final Layout.Field MAXIMUM =
      LAYOUT.uint(8, 4, "MAXIMUM TRANSFER LENGTH", "blocks", "");
  private static final Layout.Field OPTIMAL =
      LAYOUT.uint(12, 4, "OPTIMAL TRANSFER LENGTH", "blocks", "");
  private static final Layout.Field UNMAP_BLOCKS =
      LAYOUT.uint(20, 4, "MAXIMUM UNMAP LBA COUNT", "blocks", "");
  private static final Layout.Field UNMAP_DESCRIPTORS =
      LAYOUT.uint(24, 4, "MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT", "", "");
  private static final Layout.Field UNMAP_GRANULARITY =
      LAYOUT.uint(28, 4, "OPTIMAL UNMAP GRANULARITY", "blocks", "");
  private static final Layout.Field UNMAP_ALIGNMENT_VALID =
      LAYOUT.bits(32, 7, 7, "UGAVALID", "the next field is valid");
  private static final Layout.Field UNMAP_ALIGNMENT =
      LAYOUT.uint(32, 4, "UNMAP GRANULARITY ALIGNMENT", "blocks", "its top bit is UGAVALID");
  private static final Layout.Field WRITE_SAME =
      LAYOUT.uint(36, 8, "MAXIMUM WRITE SAME LENGTH", "blocks", "");
  private static final Layout.Field ATOMIC =
      LAYOUT.uint(44, 4, "MAXIMUM ATOMIC TRANSFER LENGTH", "blocks", "");

  /** The page. */
  public byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    PAGE_CODE.set(b, 0, PAGE);
    PAGE_LENGTH.set(b, 0, LENGTH - 4);
    COMPARE_AND_WRITE.set(b, 0, compareAndWriteBlocks);
    GRANULARITY.set(b, 0, optimalGranularityBlocks);
    MAXIMUM.set(b, 0, maximumTransferBlocks);
    OPTIMAL.set(b, 0, optimalTransferBlocks);
    UNMAP_BLOCKS.set(b, 0, maximumUnmapBlocks);
    UNMAP_DESCRIPTORS.set(b, 0, maximumUnmapDescriptors);
    UNMAP_GRANULARITY.set(b, 0, optimalUnmapGranularityBlocks);
    UNMAP_ALIGNMENT.set(b, 0, unmapAlignmentBlocks.orElse(0));
    UNMAP_ALIGNMENT_VALID.set(b, 0, unmapAlignmentBlocks.isPresent());
    WRITE_SAME.set(b, 0, maximumWriteSameBlocks);
    ATOMIC.set(b, 0, maximumAtomicBlocks);
    return b.array();
  }

  /** Reads the page; fields that the target did not send read as 0. */
  public static BlockLimits decode(byte[] page) {
    ByteBuffer b = ByteBuffer.wrap(Arrays.copyOf(page, LENGTH));
    return new BlockLimits(
        COMPARE_AND_WRITE.getInt(b, 0),
        GRANULARITY.getInt(b, 0),
        MAXIMUM.get(b, 0),
        OPTIMAL.get(b, 0),
        UNMAP_BLOCKS.get(b, 0),
        UNMAP_DESCRIPTORS.get(b, 0),
        UNMAP_GRANULARITY.get(b, 0),
        UNMAP_ALIGNMENT_VALID.isSet(b, 0)
            ? OptionalLong.of(UNMAP_ALIGNMENT.get(b, 0) & 0x7fff_ffffL)
            : OptionalLong.empty(),
        WRITE_SAME.get(b, 0),
        ATOMIC.get(b, 0));
  }
}
