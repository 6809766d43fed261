package io.gantry.store;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
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
   *
   * Each counter is a sum of stripes, one for some threads each, which lie in cache lines of their
   * own: or else every I/O of every core would wait twice for the one line that all of them change.
   */
  private static final int STRIPES = 16;

  private static final int LINE_INTS = 32; // two lines: they are fetched in pairs

  /** Stripes of the first counter, then those of the second. */
  private final AtomicIntegerArray inside = new AtomicIntegerArray(2 * STRIPES * LINE_INTS);

  private final ReentrantLock waiting = new ReentrantLock();
  private volatile int current;
  private volatile @Nullable Thread waiter;

  private static int place(int epoch, int stripe) {
    return (epoch * STRIPES + stripe) * LINE_INTS;
  }

  /** Begins an I/O. The result goes to {@link #leave}. */
  int enter() {
    int stripe = (int) Thread.currentThread().threadId() & (STRIPES - 1);
    while (true) {
      int epoch = current;
      int place = place(epoch, stripe);
      inside.incrementAndGet(place);
      if (epoch == current) {
        return place;
      }
      leave(place);
    }
  }

  /** Ends an I/O. */
  void leave(int place) {
    if (inside.decrementAndGet(place) == 0 && place / (STRIPES * LINE_INTS) != current) {
      LockSupport.unpark(waiter);
    }
  }

  /** Waits until all I/O that began before the call has ended. */
  void awaitEarlier() {
    waiting.lock();
    try {
      waiter = Thread.currentThread();
      int old = current;
      current = 1 - old;
      for (int stripe = 0; stripe < STRIPES; stripe++) {
        while (inside.get(place(old, stripe)) != 0) {
          LockSupport.park(this);
        }
      }
      waiter = null;
    } finally {
      waiting.unlock();
    }
  }
}
