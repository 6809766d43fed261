package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results are there exactly, or unknown: after crashes anywhere, too. */
@NullUnmarked
class ResultsTest {
  private static final String OWNER = "host";

  private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
  private final PoolOptions options =
      PoolOptions.defaults().withClock(() -> Instant.ofEpochMilli(now.get()));
  private SimulatedMedium medium;
  private Pool pool;

  @BeforeEach
  void open() throws IOException {
    medium = new SimulatedMedium();
    pool = Pool.create(medium, 64 << 10, options);
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
  }

  private void crash() throws IOException {
    SimulatedMedium after = medium.afterPowerLoss(new Random(1));
    assertThatThrownBy(() -> pool.close()).isInstanceOf(IOException.class);
    medium = after;
    pool = Pool.open(medium, options);
  }

  private static byte[] result(long value) {
    return ByteBuffer.allocate(100).putLong(92, value).array();
  }

  private void keep(long number, long value) {
    pool.results().keep(OWNER, number, result(value));
  }

  private Optional<Long> find(long number) {
    return pool.results().find(OWNER, number).map(bytes -> ByteBuffer.wrap(bytes).getLong(92));
  }

  @Test
  void aResultIsThereAfterARestart() throws IOException {
    keep(1, 10);
    pool.flush();
    keep(2, 20);
    assertThat(find(1)).contains(10L);
    assertThat(find(2)).contains(20L);
    assertThat(pool.results().find("another", 1)).isEmpty();
    crash();
    assertThat(find(1)).contains(10L);
    assertThat(find(2)).as("came after the last commit").isEmpty();
    pool.checkpoint();
    crash();
    assertThat(find(1)).contains(10L);
    pool.results().drop(OWNER, 1);
    assertThat(find(1)).isEmpty();
    pool.checkpoint();
    crash();
    assertThat(find(1)).isEmpty();
  }

  @Test
  void anOldResultNeverStandsForANewerCommand() throws IOException {
    keep(257, 1);
    pool.flush();
    pool.results().reuse(OWNER, 257); // the only thing that waits
    assertThat(find(257)).isEmpty();
    keep(257, 2);
    pool.results().reuse(OWNER, 257);
    keep(257, 3);
    assertThat(find(257)).contains(3L);
    crash();
    assertThat(find(257)).isEmpty();
  }

  @Test
  void oneThatWasDroppedAMomentAgoCountsAsOneThatIsThere() throws IOException {
    keep(257, 1);
    pool.flush();
    pool.results().drop(OWNER, 257);
    pool.results().reuse(OWNER, 257);
    keep(257, 2);
    crash();
    assertThat(find(257)).isEmpty();
  }

  @Test
  void nobodyWaitsWhereNothingCouldComeBack() throws IOException {
    keep(1, 1);
    pool.flush();
    medium.crashAfter(0);
    pool.results().reuse(OWNER, 2);
    keep(2, 2);
    assertThat(find(2)).contains(2L);
    assertThatThrownBy(() -> pool.results().reuse(OWNER, 1)).isInstanceOf(IOException.class);
    crash();
  }

  @Test
  void anOwnersOldestResultsMakeRoomForItsNewest() throws IOException {
    pool.results().keep("another", 0, result(7));
    for (int i = 0; i < 1025; i++) {
      keep(i, i);
    }
    assertThat(find(0)).isEmpty();
    assertThat(find(1)).contains(1L);
    pool.flush();
    crash();
    assertThat(find(0)).isEmpty();
    assertThat(find(1024)).contains(1024L);
    assertThat(pool.results().find("another", 0)).contains(result(7));
  }

  @Test
  void allTogetherAreBoundedInNumberAndBytes() throws IOException {
    for (int i = 0; i < 66_000; i++) {
      pool.results().keep("host" + i, 0, result(i));
    }
    assertThat(pool.results().find("host" + (66_000 - 65_536 - 1), 0)).isEmpty();
    assertThat(pool.results().find("host" + (66_000 - 65_536), 0)).isPresent();
    byte[] large = new byte[4096];
    for (int i = 0; i < 9000; i++) {
      pool.results().keep("large" + i, 0, large);
    }
    assertThat(pool.results().find("host65999", 0)).isEmpty();
    assertThat(pool.results().find("large500", 0)).isEmpty();
    assertThat(pool.results().find("large8999", 0)).isPresent();
    assertThatThrownBy(() -> pool.results().keep(OWNER, 0, new byte[4097]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aResultGoesAfterAnHour() throws IOException {
    keep(1, 1);
    pool.flush();
    now.addAndGet(3_600_000);
    crash();
    assertThat(find(1)).contains(1L);
    now.addAndGet(1);
    assertThat(find(1)).isEmpty();
  }

  /** Commands as a copy manager runs them, and a crash after so many operations of the medium. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void crashesAnywhereLoseResultsButNeverMixThem(long seed) throws IOException {
    Random random = new Random(seed);
    Volume volume = pool.createVolume("v", 1 << 20, 512);
    volume.write(0, ByteBuffer.allocate(1 << 20));
    Map<Long, Long> newest = new HashMap<>();
    Map<Long, Long> flushed = new HashMap<>();
    for (int round = 0; round < 5; round++) {
      medium.crashAfter(random.nextInt(60));
      try {
        for (int step = 0; step < 100; step++) {
          long number = random.nextInt(10) == 0 ? 257 : random.nextLong();
          pool.results().reuse(OWNER, number);
          newest.put(number, -1L); // runs
          flushed.remove(number);
          List<Extent> extents = List.of(new Extent(0, 64 << 10));
          long token = pool.freeze(volume, extents, 1_000_000).orElseThrow().number();
          keep(number, token);
          newest.put(number, token);
          if (random.nextInt(10) == 0) {
            pool.flush();
            flushed.putAll(newest);
            flushed.remove(257L);
          }
          if (random.nextInt(20) == 0) {
            pool.checkpoint();
          }
        }
      } catch (IOException e) {
        assertThat(medium.isOff()).isTrue();
      }
      crash();
      volume = pool.volume("v").orElseThrow();
      for (Map.Entry<Long, Long> entry : newest.entrySet()) {
        Optional<Long> found = find(entry.getKey());
        if (found.isPresent()) {
          assertThat(found).contains(entry.getValue());
          assertThat(pool.token(found.get())).as("a result and its token").isPresent();
        } else {
          assertThat(flushed).doesNotContainKey(entry.getKey());
        }
      }
      newest.keySet().removeIf(number -> find(number).isEmpty());
      flushed.clear();
      flushed.putAll(newest);
    }
  }
}
