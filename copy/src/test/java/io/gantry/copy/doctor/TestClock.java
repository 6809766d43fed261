package io.gantry.copy.doctor;

import io.gantry.copy.Clock;
import io.gantry.target.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.NullUnmarked;

/**
 * The time of a target and of who examines it, which goes by when one of them waits. While it is
 * held, a copy of the target's that waits goes on waiting, until the examination sleeps.
 */
@NullUnmarked
final class TestClock implements Clock, Ticker, InstantSource {
  private final AtomicLong nanos = new AtomicLong(1);
  private final Runnable idle;
  private volatile boolean held;

  /**
   * @param idle returns when nothing runs that this time would have been enough for
   */
  TestClock(Runnable idle) {
    this.idle = idle;
  }

  /** Copies that have to wait stand still from now on. */
  void hold() {
    held = true;
  }

  void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Override
  public long nanos() {
    return nanos.incrementAndGet();
  }

  @Override
  public void sleep(Duration time) {
    held = false;
    advance(time);
    idle.run();
  }

  @Override
  public void await(Duration time) {
    if (held) {
      LockSupport.parkNanos(100_000); // lets others run, on a machine with one processor, too
    } else {
      advance(time);
    }
  }

  @Override
  public Instant instant() {
    return Instant.EPOCH.plusNanos(nanos.get());
  }
}
