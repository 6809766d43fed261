package io.gantry.store;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Tells when every read and write that began before now has ended.
 *
 * <p>I/O enters and leaves without a lock; one thread at a time waits.
 */
final class Epochs {
  /*
   * There are two counters. I/O counts in the current one; the waiter switches to the other and
   * waits until the old one is zero. Who reads the current number, counts there and then sees that it has changed
   * meanwhile takes its count back and tries again, so that nobody counts in a counter that the
   * waiter may already have seen at zero.
   */
  private final AtomicIntegerArray inside = new AtomicIntegerArray(2);
  private volatile int current;
  private volatile @Nullable Thread waiter;

  /** Begins an I/O. The result goes to {@link #leave}. */
  int enter() {
    while (true) {
      int epoch = current;
      inside.incrementAndGet(epoch);
      if (epoch == current) {
        return epoch;
      }
      leave(epoch);
    }
  }

  /** Ends an I/O. */
  void leave(int epoch) {
    if (inside.decrementAndGet(epoch) == 0 && epoch != current) {
      LockSupport.unpark(waiter);
    }
  }

  /** Waits until all I/O that began before the call has ended. */
  synchronized void awaitEarlier() {
    waiter = Thread.currentThread();
    int old = current;
    current = 1 - old;
    while (inside.get(old) != 0) {
      LockSupport.park(this);
    }
    waiter = null;
  }
}
