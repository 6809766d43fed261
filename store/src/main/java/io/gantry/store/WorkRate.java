package io.gantry.store;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** Keeps a work in the background to a rate, by the pool's own way to wait. For one thread. */
final class WorkRate {
  private static final long NANOS = 1_000_000_000;
  private static final long NANOS_OF_MILLI = 1_000_000;
  private static final long PIECE_MILLIS = 100;

  private final TimedWait timedWait;
  private final long bytesPerSecond;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition never = lock.newCondition();

  /** What the bytes done so far take at the rate, less what was waited. */
  private long owedNanos;

  /**
   * Nothing is done yet.
   *
   * @param bytesPerSecond 0 for no limit
   */
  WorkRate(TimedWait timedWait, long bytesPerSecond) {
    this.timedWait = timedWait;
    this.bytesPerSecond = bytesPerSecond;
  }

  /**
   * Some more bytes are done: waits as long as they take at the rate, in whole milliseconds.
   *
   * @param goesOn asked now and then: a wait for a rate of a few bytes could be one of days
   * @return what it said last
   */
  boolean did(long bytes, BooleanSupplier goesOn) {
    if (bytesPerSecond == 0) {
      return true;
    }
    owedNanos += (long) ((double) bytes * NANOS / bytesPerSecond);
    while (owedNanos >= NANOS_OF_MILLI) {
      long millis = Math.min(PIECE_MILLIS, owedNanos / NANOS_OF_MILLI);
      owedNanos -= millis * NANOS_OF_MILLI;
      await(millis);
      if (owedNanos >= NANOS_OF_MILLI && !goesOn.getAsBoolean()) {
        return false;
      }
    }
    return true;
  }

  private void await(long millis) {
    lock.lock();
    try {
      timedWait.await(never, millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      owedNanos = 0; // or all further waits would be none, one after the other
    } finally {
      lock.unlock();
    }
  }
}
