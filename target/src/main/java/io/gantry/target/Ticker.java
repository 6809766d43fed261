package io.gantry.target;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Time that passes: to measure by, and to wait for. */
public interface Ticker {
  /** Nanoseconds since some instant; never goes back. */
  long nanos();

  /** Waits so long. */
  void await(Duration time) throws InterruptedException;

  /** One that sleeps, by a clock in whose stead it goes on when that is set back. */
  static Ticker of(InstantSource clock) {
    return of(new SteadyNanos(clock));
  }

  /** One that sleeps. */
  static Ticker of(LongSupplier nanos) {
    return new Ticker() {
      @Override
      public long nanos() {
        return nanos.getAsLong();
      }

      @Override
      public void await(Duration time) throws InterruptedException {
        Thread.sleep(time);
      }
    };
  }

  /** Nanoseconds of a clock, less what it was set back. */
  final class SteadyNanos implements LongSupplier {
    private final InstantSource clock;
    private long lastMillis;
    private long setBackMillis;

    SteadyNanos(InstantSource clock) {
      this.clock = clock;
      this.lastMillis = clock.millis();
    }

    @Override
    public synchronized long getAsLong() {
      long now = clock.millis();
      setBackMillis += Math.max(0, lastMillis - now);
      lastMillis = now;
      return TimeUnit.MILLISECONDS.toNanos(now + setBackMillis);
    }
  }
}
