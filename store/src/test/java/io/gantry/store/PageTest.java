package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** A page is an array of 512 entries, however it keeps them. */
@NullUnmarked
class PageTest {

  @RepeatedTest(50)
  void itHoldsWhatWasSet(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    Page leaf = new Page(0);
    Page inner = new Page(1);
    long[] chunks = new long[Page.ENTRIES];
    Page[] children = new Page[Page.ENTRIES];
    Arrays.fill(chunks, -1);
    int spread = 1 + random.nextInt(Page.ENTRIES);
    int first = random.nextInt(Page.ENTRIES - spread + 1);
    for (int i = 0; i < 200; i++) {
      int slot = first + random.nextInt(spread);
      boolean clear = random.nextInt(3) == 0;
      chunks[slot] = clear ? -1 : random.nextLong(1L << 34);
      children[slot] = clear ? null : new Page(0);
      leaf.setChunk(slot, chunks[slot]);
      inner.setChild(slot, children[slot]);
    }
    for (int slot = 0; slot < Page.ENTRIES; slot++) {
      assertThat(leaf.chunk(slot)).as("slot %d", slot).isEqualTo(chunks[slot]);
      assertThat(inner.child(slot)).as("slot %d", slot).isSameAs(children[slot]);
    }
    int used = (int) Arrays.stream(chunks).filter(chunk -> chunk >= 0).count();
    assertThat(leaf.used).isEqualTo(used);
    assertThat(inner.used).isEqualTo(used);
  }
}
