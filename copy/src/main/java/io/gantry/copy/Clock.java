package io.gantry.copy;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Time: to measure by, and to let go by. Safe for use by several threads. */
@FunctionalInterface
public interface Clock {
  /** Nanoseconds since some instant; never goes back. */
  long nanos();

  /** Returns when so much time has gone by. */
  default void sleep(Duration time) {
    long end = nanos() + time.toNanos();
    long left;
    while ((left = end - nanos()) > 0) {
      LockSupport.parkNanos(left);
    }
  }
}
