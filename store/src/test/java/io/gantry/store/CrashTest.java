package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories during which the power fails again and again, at any write, sync or append:
 * invariants 1, 2, 4, 5 and 6.
 */
@NullUnmarked
@Timeout(120)
class CrashTest {
  private static final int CHUNK = 16 << 10;
  private static final int MAX_BLOCKS = 12 * CHUNK / ModelledPool.BLOCK;
  private static final int CRASHES = 20;

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, 40);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void everyCrashLeavesWhatWasFlushedAndNothingForeign(long seed) throws IOException {
    Random random = new Random(seed);
    SimulatedMedium medium = new SimulatedMedium();
    ModelledPool model = new ModelledPool(Pool.create(medium, CHUNK, PoolOptions.defaults()));
    for (int crash = 0; crash < CRASHES; crash++) {
      medium.crashAfter(random.nextInt(60));
      try {
        while (!medium.isOff()) {
          model.step(random, MAX_BLOCKS);
        }
      } catch (IOException e) {
        if (!medium.isOff()) {
          throw e;
        }
      }
      Pool crashed = model.pool();
      assertThatThrownBy(crashed::close).isInstanceOf(IOException.class);
      medium = medium.afterPowerLoss(random);
      model.recovered(Pool.open(medium, PoolOptions.defaults()));
    }
    model.pool().close();
  }
}
