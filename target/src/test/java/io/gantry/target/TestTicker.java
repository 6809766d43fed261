package io.gantry.target;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.NullUnmarked;

/** Time that passes only when somebody waits for it; or, when it is frozen, not even then. */
@NullUnmarked
final class TestTicker implements Ticker {
  private final AtomicLong nanos = new AtomicLong();
  private volatile boolean frozen;

  @Override
  public long nanos() {
    return nanos.get();
  }

  @Override
  public void await(Duration time) {
    if (frozen) {
      LockSupport.parkNanos(100_000); // lets others run, on a machine with one processor, too
    } else {
      nanos.addAndGet(time.toNanos());
    }
  }

  /** Whoever waits from now on waits until it thaws. */
  void freeze(boolean on) {
    frozen = on;
  }
}
