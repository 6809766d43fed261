package io.gantry.target;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Time that passes: to measure by, and to wait for. */
public interface Ticker {
  /** Nanoseconds since some instant; never goes back. */
  long nanos();

  /** Waits so long. */
  void await(Duration time) throws InterruptedException;

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
}
