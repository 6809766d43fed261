package io.gantry.target;

import java.util.stream.LongStream;

/**
 * Buckets of latency: up to 10 us, 20 us, 40 us and so on to 10.49 s, and what took longer. They
 * are the same for everything and for ever, so that sums and differences mean something.
 */
public final class Latencies {
  private static final long FIRST_NANOS = 10_000;
  private static final int BOUNDS = 21;

  /** How many buckets there are; the last one has no upper bound. */
  public static final int BUCKETS = BOUNDS + 1;

  private Latencies() {}

  /** Upper bounds of all buckets but the last, inclusive, in ns. */
  public static long[] boundsNanos() {
    return LongStream.range(0, BOUNDS).map(i -> FIRST_NANOS << i).toArray();
  }

  /** The bucket of a latency; one below 0 counts as 0. */
  static int bucket(long nanos) {
    long firsts = nanos <= FIRST_NANOS ? 0 : (nanos - 1) / FIRST_NANOS; // whole ones below it
    return Math.min(Long.SIZE - Long.numberOfLeadingZeros(firsts), BOUNDS);
  }

  /**
   * The latency that a part of the commands did not exceed, in ns; taken to lie evenly within its
   * bucket. 0 if there were no commands, and the last bound if it is beyond that.
   *
   * @param counts commands of each bucket
   * @param part from 0 to 1
   */
  public static double percentileNanos(long[] counts, double part) {
    double rank = part * LongStream.of(counts).sum();
    double before = 0;
    for (int i = 0; i < BOUNDS; i++) {
      if (counts[i] > 0 && before + counts[i] >= rank) {
        double lower = i == 0 ? 0 : FIRST_NANOS << (i - 1);
        double upper = FIRST_NANOS << i;
        return lower + (upper - lower) * (rank - before) / counts[i];
      }
      before += counts[i];
    }
    return rank == 0 ? 0 : FIRST_NANOS << (BOUNDS - 1);
  }
}
