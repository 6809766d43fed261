package io.gantry.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.copy.RangeSet.Range;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeSetTest {
  private static final int LENGTH = 60;

  @Test
  void itIsASetOfBytes() {
    long seed = Long.getLong("seed", new SplittableRandom().nextLong());
    System.out.println("RangeSetTest -Dseed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 2_000; round++) {
      BitSet model = new BitSet();
      RangeSet set = new RangeSet();
      for (int i = 0; i < 12; i++) {
        int start = random.nextInt(LENGTH);
        int end = start + random.nextInt(LENGTH - start + 1);
        set.add(start, end);
        model.set(start, end);
        assertThat(set.ranges()).isEqualTo(runs(model));
        model.flip(0, LENGTH);
        assertThat(set.gaps(LENGTH)).isEqualTo(runs(model));
        model.flip(0, LENGTH);
        assertThat(set.bytes()).isEqualTo(model.cardinality());
      }
      assertThat(RangeSet.of(set.ranges()).ranges()).isEqualTo(set.ranges());
    }
  }

  private static List<Range> runs(BitSet bits) {
    List<Range> runs = new ArrayList<>();
    for (int start = bits.nextSetBit(0); start >= 0; start = bits.nextSetBit(start)) {
      int end = bits.nextClearBit(start);
      runs.add(new Range(start, end));
      start = end;
    }
    return runs;
  }
}
