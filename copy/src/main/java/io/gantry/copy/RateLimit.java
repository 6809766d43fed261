package io.gantry.copy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Spreads bytes over time: who has copied some waits for as long as all those before take at the
 * limit. Safe for use by several threads.
 */
final class RateLimit {
  /** Who waits looks this often whether it still makes sense. */
  private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final long bytesPerSecond;
  private final LongSupplier nanoClock;
  private boolean started;
  private long nextNanos;

  /**
   * @param bytesPerSecond 0: no limit
   */
  RateLimit(long bytesPerSecond, LongSupplier nanoClock) {
    this.bytesPerSecond = bytesPerSecond;
    this.nanoClock = nanoClock;
  }

  /** Most bytes to ask for at once, so that they come in a steady stream: a quarter second's. */
  long portion(long wanted, int blockBytes) {
    if (bytesPerSecond == 0) {
      return wanted;
    }
    long blocks = Math.max(1, bytesPerSecond / 4 / blockBytes);
    return Math.min(wanted, blocks * blockBytes);
  }

  /** When what was booked before is over, as a time of the clock; books {@code bytes}. */
  synchronized long book(long bytes) {
    long now = nanoClock.getAsLong();
    long start = started && nextNanos - now > 0 ? nextNanos : now;
    started = true;
    nextNanos = start + (long) (bytes * 1e9 / bytesPerSecond);
    return start;
  }

  /** Waits until the turn of {@code bytes} that were copied has come. */
  void await(long bytes, StopSignal stop) throws CopyStoppedException {
    if (bytesPerSecond == 0 || bytes == 0) {
      return;
    }
    long start = book(bytes);
    long left;
    while ((left = start - nanoClock.getAsLong()) > 0) {
      stop.check();
      LockSupport.parkNanos(Math.min(left, NAP_NANOS));
    }
  }
}
