package io.gantry.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.sim.Faults.Fate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every single operation of the medium during some work goes wrong once: it fails, the medium is
 * full, the power fails in the middle of it. Those of commits, of checkpoints and of recovery too.
 */
@Timeout(600)
class ScenarioTest {
  /** No scenario has fewer operations that can go wrong in any of these ways. */
  private static final int FEWEST = 10;

  static Stream<Arguments> scenarios() {
    Long given = Long.getLong("seed");
    Stream<Long> seeds = given != null ? Stream.of(given) : Stream.of(1L, 2L, 3L, 4L, 5L, 6L);
    return seeds.flatMap(seed ->
        Stream.of(Fate.ERROR, Fate.FULL, Fate.POWER_LOSS).map(fate -> Arguments.of(seed, fate)));
  }

  @ParameterizedTest(name = "-Dseed={0} {1}")
  @MethodSource("scenarios")
  void theNthOperationGoesWrongForEveryN(long seed, Fate fate) {
    int n = 0;
    while (Scenario.run(seed, n, fate)) {
      n++;
    }
    assertThat(n).isGreaterThan(FEWEST);
  }
}
