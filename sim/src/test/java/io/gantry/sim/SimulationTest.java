package io.gantry.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pool lives many lives. */
@Timeout(600)
class SimulationTest {
  static final int ROUNDS = 10;
  static final int SEEDS = Integer.getInteger("seeds", 50);

  private static final LongAdder CRASHES = new LongAdder();

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, SEEDS);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void thePoolHoldsWhatItShouldWhateverHappens(long seed) {
    CRASHES.add(Simulation.run(seed, ROUNDS).crashes());
  }

  @AfterAll
  static void tell() {
    System.out.printf("SimulationTest: %d lives, %d crashes%n", SEEDS, CRASHES.sum());
  }

  @Test
  void aSeedIsARun() {
    for (long seed = 0; seed < 3; seed++) {
      Simulation.Report report = Simulation.run(seed, ROUNDS);
      assertThat(Simulation.run(seed, ROUNDS)).isEqualTo(report);
    }
  }
}
