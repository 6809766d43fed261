package io.gantry.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  @Test
  void bytesAreSpreadOverTime() {
    AtomicLong clock = new AtomicLong(Long.MAX_VALUE - SECOND); // it may wrap
    long start = clock.get();
    RateLimit rate = new RateLimit(1000, clock::get);

    assertThat(rate.book(500) - start).isZero();
    assertThat(rate.book(250) - start).isEqualTo(SECOND / 2);
    assertThat(rate.book(1000) - start).isEqualTo(SECOND * 3 / 4);
    clock.addAndGet(SECOND);
    assertThat(rate.book(1000) - start).isEqualTo(SECOND * 7 / 4);
  }

  /** Who was idle may not make up for it: a limit is one of every second. */
  @Test
  void idleTimeIsNotSaved() {
    AtomicLong clock = new AtomicLong();
    RateLimit rate = new RateLimit(1000, clock::get);
    rate.book(1000);
    clock.addAndGet(10 * SECOND);
    assertThat(rate.book(1000)).isEqualTo(10 * SECOND);
    assertThat(rate.book(1000)).isEqualTo(11 * SECOND);
  }

  @Test
  void portionsAreWholeBlocksOfAQuarterSecond() {
    RateLimit rate = new RateLimit(1 << 20, () -> 0);
    assertThat(rate.portion(64 << 20, 4096)).isEqualTo(256 << 10);
    assertThat(rate.portion(4096, 4096)).isEqualTo(4096);
    assertThat(new RateLimit(1, () -> 0).portion(64 << 20, 4096)).isEqualTo(4096);
    assertThat(new RateLimit(0, () -> 0).portion(64 << 20, 4096)).isEqualTo(64 << 20);
  }
}
