package io.gantry.sim;

import java.util.List;

/** What was frozen of a volume at one instant: by a token or a snapshot. */
final class Image {
  private final Contents[] blocks;

  /** When each block could be seen as it was frozen. */
  private final List<List<History.Seen<Contents>>> seen;

  private final long from;
  private final long to;

  /**
   * Freezes.
   *
   * @param seen what each block could hold between the two instants
   */
  Image(List<List<History.Seen<Contents>>> seen, long from, long to) {
    this.blocks = seen.stream().map(Contents::anyOf).toArray(Contents[]::new);
    this.seen = seen;
    this.from = from;
    this.to = to;
  }

  Contents block(int index) {
    return blocks[index];
  }

  /**
   * Some blocks of it were read.
   *
   * @throws AssertionError if it cannot have held that, or not all at the same instant
   */
  void read(String what, int first, long[] stamps) {
    for (int i = 0; i < stamps.length; i++) {
      blocks[first + i].require(what, first + i, stamps[i]);
    }
    requireOneInstant(what, first, stamps);
    for (int i = 0; i < stamps.length; i++) {
      blocks[first + i].is(stamps[i]);
    }
  }

  private void requireOneInstant(String what, int firstBlock, long[] stamps) {
    long after = from;
    long before = to;
    for (int i = 0; i < stamps.length; i++) {
      long first = Long.MAX_VALUE;
      long last = Long.MIN_VALUE;
      for (History.Seen<Contents> candidate : seen.get(firstBlock + i)) {
        if (candidate.value().has(stamps[i])) {
          first = Math.min(first, candidate.from());
          last = Math.max(last, candidate.to());
        }
      }
      after = Math.max(after, first);
      before = Math.min(before, last);
    }
    if (after > before) {
      throw new AssertionError(what + " is not of one instant");
    }
  }
}
