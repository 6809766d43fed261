package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** How often it is told how far a copy is. */
@NullUnmarked
class TargetEventsTest {

  @Test
  void progressIsToldEachSecondAtFirstAndThenEverMoreRarely() {
    TargetEvents.Pace pace = new TargetEvents.Pace();
    List<Integer> told = IntStream.range(0, 86_400).filter(_ -> pace.isDue()).boxed().toList();
    assertThat(told).startsWith(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(told).as("of a copy of a day").hasSizeLessThan(120);
    for (int i = 1; i < told.size(); i++) {
      assertThat(told.get(i) - told.get(i - 1)).isBetween(1, told.get(i - 1) / 10 + 2);
    }
  }
}
