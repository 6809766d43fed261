package io.gantry.store.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** What the benchmarks write: every 64 KiB its own bytes, which nothing could compress. */
final class Contents {
  static final int UNIT = 64 << 10;

  private Contents() {}

  /** A direct buffer of one unit that starts on a page, as direct I/O wants it. */
  static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(UNIT + 4096).alignedSlice(4096).slice(0, UNIT);
  }

  /** Fills a buffer of one unit. */
  static ByteBuffer fill(ByteBuffer buffer, long unit) {
    SplittableRandom random = new SplittableRandom(unit);
    buffer.clear().order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < UNIT; at += Long.BYTES) {
      buffer.putLong(at, random.nextLong());
    }
    return buffer;
  }

  /** The numbers below {@code count} in an order that looks random and is always the same. */
  static int[] shuffled(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }
}
