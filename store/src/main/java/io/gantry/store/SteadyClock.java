package io.gantry.store;

import java.time.InstantSource;

/** Time for ages: goes on from where it was when the clock behind it is set back. */
final class SteadyClock {
  private final InstantSource clock;
  private long lastRead;
  private long setBackMillis;

  SteadyClock(InstantSource clock) {
    this.clock = clock;
    this.lastRead = clock.millis();
  }

  /** Milliseconds that only grow; the same as the clock's until that is set back. */
  synchronized long millis() {
    long read = clock.millis();
    setBackMillis += Math.max(0, lastRead - read);
    lastRead = read;
    return read + setBackMillis;
  }
}
