package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of logical blocks; on the wire a block device range descriptor (SBC-4 5.x, 16 bytes).
 *
 * @param lba first block
 * @param blocks number of blocks, up to 2^32 - 1; 0 is a descriptor that does nothing
 */
public record BlockRange(long lba, long blocks) {
  /** Bytes of a descriptor. */
  public static final int DESCRIPTOR_LENGTH = 16;

  static final Layout LAYOUT =
      Layout.bigEndian("block device range descriptor", "SBC-4 POPULATE TOKEN", DESCRIPTOR_LENGTH);
  private static final Layout.Field LBA = LAYOUT.uint(0, 8, "LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field BLOCKS =
      LAYOUT.uint(8, 4, "NUMBER OF LOGICAL BLOCKS", "blocks", "");

  static List<BlockRange> decodeList(ByteBuffer buffer, int base, int lengthBytes) {
    List<BlockRange> ranges = new ArrayList<>();
    for (int at = base; at + DESCRIPTOR_LENGTH <= base + lengthBytes; at += DESCRIPTOR_LENGTH) {
      ranges.add(new BlockRange(LBA.get(buffer, at), BLOCKS.get(buffer, at)));
    }
    return List.copyOf(ranges);
  }

  static void encodeList(List<BlockRange> ranges, ByteBuffer buffer, int base) {
    int at = base;
    for (BlockRange range : ranges) {
      LBA.set(buffer, at, range.lba);
      BLOCKS.set(buffer, at, range.blocks);
      at += DESCRIPTOR_LENGTH;
    }
  }

  /** Sum of the blocks of all ranges. */
  public static long totalBlocks(List<BlockRange> ranges) {
    return ranges.stream().mapToLong(BlockRange::blocks).sum();
  }
}
