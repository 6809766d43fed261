package io.gantry.sim;

import java.util.Arrays;
import java.util.List;

/**
 * What a block holds, as far as it is known. Everything that was copied from one block shares this
 * object; once one of the copies was read, the others must hold the same.
 */
class Contents {
  /** Never written. */
  static final Contents ZERO = new Contents(0);

  private long[] stamps;

  Contents(long... stamps) {
    this.stamps = stamps;
  }

  /** What a block holds that was copied when it might hold any of these. */
  static Contents anyOf(List<History.Seen<Contents>> candidates) {
    if (candidates.size() == 1) {
      return candidates.getFirst().value();
    }
    return new Contents(
        candidates.stream()
            .flatMapToLong(c -> Arrays.stream(c.value().stamps()))
            .distinct()
            .toArray());
  }

  /** What it may be. */
  long[] stamps() {
    return stamps;
  }

  final boolean has(long stamp) {
    for (long each : stamps()) {
      if (each == stamp) {
        return true;
      }
    }
    return false;
  }

  /** A block was read, and must hold this. */
  final void require(String what, int block, long stamp) {
    if (!has(stamp)) {
      throw new AssertionError("%s: block %d holds %d, not %s".formatted(what, block, stamp, this));
    }
  }

  /** The block was read, and held this. */
  void is(long stamp) {
    if (stamps.length > 1) {
      become(stamp);
    }
  }

  /** From now on it is known to be one of these. */
  final void become(long... known) {
    stamps = known;
  }

  @Override
  public final String toString() {
    return Arrays.toString(stamps());
  }
}
