package io.gantry.dsm;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.RodTokenLimits;
import java.util.ArrayList;
import java.util.List;

/**
 * A position in the data-set ranges of a request. It cuts range descriptors for one command after
 * the other, in the order given; a range may be split over descriptors and over commands.
 */
final class RangeCursor {
  /** classpnp sends no more, whatever the target allows. */
  private static final int MAXIMUM_DESCRIPTORS = 64;

  /** NUMBER OF LOGICAL BLOCKS of a descriptor has 32 bits. */
  private static final long MAXIMUM_DESCRIPTOR_BLOCKS = 0xFFFF_FFFFL;

  private final List<BlockRange> ranges = new ArrayList<>();
  private final int maximumDescriptors;
  private int index;
  private long doneInRange;
  private long remainingBlocks;

  /**
   * Starts at the first range.
   *
   * @param bytes multiples of the block length
   */
  RangeCursor(List<DataSetRange> bytes, int blockLengthBytes, RodTokenLimits limits) {
    for (DataSetRange range : bytes) {
      ranges.add(
          new BlockRange(
              range.startingOffset() / blockLengthBytes, range.lengthInBytes() / blockLengthBytes));
    }
    // The 16-bit lengths of the parameter lists have room for thousands: 64 is always less.
    maximumDescriptors =
        limits.maximumRanges() == 0
            ? MAXIMUM_DESCRIPTORS
            : Math.min(limits.maximumRanges(), MAXIMUM_DESCRIPTORS);
    remainingBlocks = BlockRange.totalBlocks(ranges);
  }

  /** Blocks from here to the end of the last range. */
  long remainingBlocks() {
    return remainingBlocks;
  }

  /** Descriptors for what comes next, as many as one command takes. The position stays. */
  List<BlockRange> next(long maximumBlocks) {
    List<BlockRange> descriptors = new ArrayList<>();
    long room = maximumBlocks;
    long skip = doneInRange;
    for (int i = index; i < ranges.size() && room > 0; skip = 0, i++) {
      BlockRange range = ranges.get(i);
      while (skip < range.blocks() && room > 0) {
        if (descriptors.size() == maximumDescriptors) {
          return descriptors;
        }
        long blocks = Math.min(Math.min(range.blocks() - skip, MAXIMUM_DESCRIPTOR_BLOCKS), room);
        descriptors.add(new BlockRange(range.lba() + skip, blocks));
        skip += blocks;
        room -= blocks;
      }
    }
    return descriptors;
  }

  /** Moves on by blocks that are done, at most {@link #remainingBlocks}. */
  void advance(long blocks) {
    remainingBlocks -= blocks;
    doneInRange += blocks;
    while (index < ranges.size() && doneInRange >= ranges.get(index).blocks()) {
      doneInRange -= ranges.get(index).blocks();
      index++;
    }
  }

  /** The least of two limits in blocks, unsigned, each of which is no limit if it is 0. */
  static long least(long a, long b) {
    return Math.min(orUnlimited(a), orUnlimited(b));
  }

  private static long orUnlimited(long blocks) {
    return blocks <= 0 ? Long.MAX_VALUE : blocks;
  }
}
