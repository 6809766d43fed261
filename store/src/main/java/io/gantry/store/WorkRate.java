package io.gantry.store;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Keeps a work in the background to a rate, by the pool's own way to wait. For one thread. */
final class WorkRate {
  private static final long NANOS = 1_000_000_000;
  private static final long NANOS_OF_MILLI = 1_000_000;

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

  /** Some more bytes are done: waits as long as they take at the rate, in whole milliseconds. */
  void did(long bytes) {
    if (bytesPerSecond == 0) {
      return;
    }
    owedNanos += (long) ((double) bytes * NANOS / bytesPerSecond);
    long millis = owedNanos / NANOS_OF_MILLI;
    if (millis == 0) {
      return;
    }
    owedNanos -= millis * NANOS_OF_MILLI;
    lock.lock();
    try {
      timedWait.await(never, millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
