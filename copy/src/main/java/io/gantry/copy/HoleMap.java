package io.gantry.copy;

import java.io.IOException;

/**
 * Where the holes of an end are, asked for as somebody walks along it: what the end said last is
 * remembered for as far as it goes. For one thread at a time.
 */
final class HoleMap {
  private final CopyEnd end;
  private final int blockBytes;
  private long start;
  private long stop;
  private boolean isHole;

  /**
   * @param blockBytes holes and what is between them are multiples of this
   */
  HoleMap(CopyEnd end, int blockBytes) {
    this.end = end;
    this.blockBytes = blockBytes;
  }

  /** What the first bytes of a range are. */
  Allocation at(long offset, long lengthBytes) throws IOException {
    if (offset < start || offset >= stop) {
      Allocation found = end.allocation(offset, lengthBytes);
      long blocks = found.lengthBytes() / blockBytes;
      // A block that is partly a hole is none.
      isHole = found.isHole() && blocks > 0;
      start = offset;
      stop =
          offset + (isHole ? blocks : Math.ceilDiv(found.lengthBytes(), blockBytes)) * blockBytes;
    }
    return new Allocation(Math.min(lengthBytes, stop - offset), isHole);
  }
}
