package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which latency is in which bucket. */
@NullUnmarked
class LatenciesTest {

  @Test
  void boundsBelongToTheBucketBelow() {
    long[] bounds = Latencies.boundsNanos();
    assertThat(bounds).hasSize(Latencies.BUCKETS - 1).startsWith(10_000, 20_000, 40_000);
    assertThat(bounds[bounds.length - 1]).isBetween(10_000_000_000L, 11_000_000_000L);
    for (int i = 0; i < bounds.length; i++) {
      assertThat(Latencies.bucket(bounds[i])).isEqualTo(i);
      assertThat(Latencies.bucket(bounds[i] + 1)).isEqualTo(i + 1);
    }
  }

  @ParameterizedTest
  @CsvSource({"-9223372036854775808", "-1", "0", "1"})
  void nothingIsTooShort(long nanos) {
    assertThat(Latencies.bucket(nanos)).isZero();
  }

  @Test
  void nothingIsTooLong() {
    assertThat(Latencies.bucket(Long.MAX_VALUE)).isEqualTo(Latencies.BUCKETS - 1);
  }

  @Test
  void percentiles() {
    long[] counts = new long[Latencies.BUCKETS];
    assertThat(Latencies.percentileNanos(counts, 0.99)).isZero();
    counts[0] = 50; // up to 10 us
    counts[2] = 50; // 20 to 40 us
    assertThat(Latencies.percentileNanos(counts, 0.25)).isEqualTo(5_000);
    assertThat(Latencies.percentileNanos(counts, 0.5)).isEqualTo(10_000);
    assertThat(Latencies.percentileNanos(counts, 0.75)).isEqualTo(30_000);
    assertThat(Latencies.percentileNanos(counts, 1)).isEqualTo(40_000);
    counts[Latencies.BUCKETS - 1] = 1000;
    assertThat(Latencies.percentileNanos(counts, 0.99)).isEqualTo(10_485_760_000.0);
  }
}
