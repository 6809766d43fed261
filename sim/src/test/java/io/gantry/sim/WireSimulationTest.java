package io.gantry.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The target and its initiators live many lives. */
@Timeout(600)
class WireSimulationTest {
  static final int ROUNDS = 6;
  static final int SEEDS = Integer.getInteger("wire.seeds", 40);

  private static final LongAdder CRASHES = new LongAdder();
  private static final LongAdder SESSIONS = new LongAdder();
  private static final LongAdder COMMANDS = new LongAdder();
  private static final LongAdder FUNCTIONS = new LongAdder();

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, SEEDS);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void initiatorsFindWhatTheyShouldWhateverHappens(long seed) {
    WireSimulation.Report report = WireSimulation.run(seed, ROUNDS);
    CRASHES.add(report.crashes());
    SESSIONS.add(report.sessions());
    COMMANDS.add(report.commands());
    FUNCTIONS.add(report.functions());
  }

  @AfterAll
  static void tell() {
    System.out.printf(
        "WireSimulationTest: %d lives, %s crashes, %s sessions, %s commands, %s functions%n",
        SEEDS, CRASHES, SESSIONS, COMMANDS, FUNCTIONS);
  }

  @Test
  void aSeedIsARun() {
    for (long seed = 0; seed < 5; seed++) {
      WireSimulation.Report report = WireSimulation.run(seed, ROUNDS);
      assertThat(WireSimulation.run(seed, ROUNDS)).isEqualTo(report);
    }
  }
}
