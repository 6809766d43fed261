package io.gantry.sim;

import io.gantry.store.Pool;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A pool's medium, model and clock, all of whose choices follow from a seed: how the pool is made,
 * closed, cut off and opened again, with everything that must be so then.
 */
final class PoolLife {
  /** The last chunks that the first page of the lowest level maps begin here. */
  private static final long ACROSS_PAGES = (512L - 5) * Simulation.CHUNK;

  final RandomGenerator random;
  final Scheduler scheduler;
  final SimulatedDisk disk;
  final PoolModel model;
  final PoolOptions options;
  private int crashes;

  /** The possession of who has taken the medium away. */
  private @Nullable SimulatedMedium successor;

  PoolLife(long seed) {
    random = new Random(seed);
    scheduler = new Scheduler(random);
    disk = new SimulatedDisk(scheduler, random);
    model = new PoolModel(random.nextBoolean() ? 0 : ACROSS_PAGES);
    options = options(scheduler, random);
  }

  /** Options of a pool all of whose choices follow from a seed. */
  static PoolOptions options(Scheduler scheduler, RandomGenerator random) {
    PoolOptions defaults = PoolOptions.defaults();
    return (random.nextBoolean() ? defaults : defaults.withVerifiedReads())
        .withClock(scheduler)
        .withRandom(new SeededRandom(random))
        .withThreads(scheduler.threads())
        .withTimedWait(scheduler::await)
        .withCheckpointBytes(4096L << (3 * random.nextInt(4)));
  }

  /** What happens in it. */
  interface Events {
    void happen() throws IOException;
  }

  /**
   * Lives it.
   *
   * @throws AssertionError if something is not as it should be
   */
  void live(long seed, Events events) {
    try {
      scheduler.run(() -> {
        try {
          events.happen();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (RuntimeException | Error e) {
      throw new AssertionError("-Dseed=%d: %s".formatted(seed, e.getMessage()), e);
    }
  }

  /** How often the pool was cut off and opened again. */
  int crashes() {
    return crashes;
  }

  /** Another owner takes the medium away. */
  void takeOver() {
    successor = disk.takeOver();
  }

  /** Closes the pool, and checks what it leaves on the medium. */
  void close(Pool pool) throws IOException {
    History.Operation closing = model.begin();
    long usedChunks;
    do {
      usedChunks = pool.statistics().usedChunks();
      pool.flush();
      pool.flush(); // begins when the releases of the first have taken effect
    } while (usedChunks != pool.statistics().usedChunks());
    int tokens = pool.tokens().size();
    pool.close();
    model.succeededDurably(closing);
    try (SimulatedMedium medium = disk.open()) {
      PoolCheck check = check(medium);
      // One whose time is over may have ended in the last commit; where there are many of them that
      // nobody counts, fewer chunks are no wonder.
      boolean fewer = model.isWithoutTokens() && check.usedChunks() < usedChunks;
      if (check.usedChunks() != usedChunks && check.tokens() == tokens && !fewer) {
        throw new AssertionError(
            "%d chunks were used, %d are".formatted(usedChunks, check.usedChunks()));
      }
    }
  }

  PoolCheck check(SimulatedMedium medium) throws IOException {
    PoolCheck check = PoolCheck.withChunks(medium, options, (_, _) -> true);
    if (!check.isConsistent()) {
      throw new AssertionError("the check finds " + check.findings().getFirst());
    }
    return check;
  }

  // Crashes

  /** Opens a pool that was cut off, perhaps at the second attempt. */
  Pool recover(Pool pool, boolean powerLost) throws IOException {
    crashes++;
    model.cutOff();
    try {
      pool.close();
      throw new AssertionError("a pool that was cut off was closed as if nothing had been");
    } catch (IOException e) {
      // Its last commit could not be.
    }
    long before = scheduler.millis();
    Pool opened = null;
    while (opened == null) {
      opened = open(random.nextInt(4) == 0);
    }
    new Comparison(model).recovered(opened, powerLost, before, scheduler.millis());
    return opened;
  }

  /** Opens the pool on what is left; null if the power failed again. */
  private @Nullable Pool open(boolean crashing) throws IOException {
    SimulatedMedium medium = successor == null ? disk.open() : successor;
    successor = null;
    check(medium);
    boolean[] crashed = new boolean[1];
    if (crashing) {
      scheduler.afterSteps(
          1 + random.nextInt(20),
          () -> {
            crashed[0] = true;
            disk.losePower();
          });
    }
    try {
      Pool pool = Pool.open(medium, options);
      scheduler.noAlarm();
      if (!crashed[0]) {
        return pool;
      }
      pool.close();
      throw new AssertionError("a pool without power was closed");
    } catch (IOException e) {
      medium.close();
      if (!crashed[0]) {
        throw e;
      }
      return null;
    }
  }
}
