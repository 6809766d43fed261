package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ChunkSetTest {
  private static final long SEGMENT = 1 << 16;

  @Test
  void behavesLikeASetOfNumbers() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    ChunkSet set = new ChunkSet();
    TreeSet<Long> model = new TreeSet<>();
    for (int i = 0; i < 100_000; i++) {
      // Near the ends of segments, some of which stay empty.
      long chunk = random.nextLong(8) * random.nextLong(1, 3) * SEGMENT + random.nextLong(200);
      chunk = Math.max(0, chunk - 100);
      if (random.nextBoolean()) {
        set.add(chunk);
        model.add(chunk);
      } else {
        set.remove(chunk);
        model.remove(chunk);
      }
      long from = random.nextLong(16 * SEGMENT);
      Long next = model.ceiling(from);
      long absent = chunk;
      while (model.contains(absent)) {
        absent++;
      }
      assertThat(set.contains(from)).isEqualTo(model.contains(from));
      assertThat(set.next(from)).isEqualTo(next == null ? -1 : next);
      assertThat(set.nextAbsent(chunk)).isEqualTo(absent);
      assertThat(set.size()).isEqualTo(model.size());
    }
  }
}
