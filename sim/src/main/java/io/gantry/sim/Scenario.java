package io.gantry.sim;

import io.gantry.sim.Faults.Fate;
import io.gantry.store.Pool;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * A short piece of work by one client during which exactly one operation of the medium goes wrong:
 * the n-th. Afterwards the pool goes on if it can, is opened again, and must hold what it should.
 */
public final class Scenario {
  private static final int STEPS = 40;

  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final SimulatedDisk disk;
  private final PoolModel model = new PoolModel(0);
  private final PoolOptions options;
  private final Fate fate;
  private int left;

  private Scenario(long seed, int n, Fate fate) {
    random = new Random(seed);
    scheduler = new Scheduler(random);
    disk = new SimulatedDisk(scheduler, random);
    // Checkpoints all the time: their operations are to fail, too.
    options = PoolLife.options(scheduler, random).withCheckpointBytes(8192);
    this.fate = fate;
    this.left = n;
  }

  /**
   * Runs.
   *
   * @param n which operation goes wrong, from 0
   * @return whether there are so many
   */
  public static boolean run(long seed, int n, Fate fate) {
    Scenario scenario = new Scenario(seed, n, fate);
    try {
      scenario.scheduler.run(() -> {
        try {
          scenario.play();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("-Dseed=%d, %s of operation %d: %s".formatted(seed, fate, n, e), e);
    }
    return scenario.left < 0;
  }

  private Fate next(Faults.Operation operation) {
    boolean counts =
        switch (fate) {
          case FULL -> operation.takesRoom();
          case POWER_LOSS -> operation.changes();
          default -> true;
        };
    return counts && left-- == 0 ? fate : Fate.DONE;
  }

  private void play() throws IOException {
    Pool pool = Pool.create(disk.open(), Simulation.CHUNK, options);
    Session session = new Session(scheduler, random, model, pool);
    session.expectFailures();
    session.expectFull();
    disk.setFaults((operation, _) -> {
      Fate now = next(operation);
      if (now == Fate.POWER_LOSS) {
        session.cutOff();
      }
      return now;
    });
    session.start(1, STEPS);
    session.join();
    boolean over = session.isOver();
    try {
      pool.close();
      if (over) {
        throw new AssertionError("a pool without power was closed as if nothing had been");
      }
    } catch (IOException e) {
      if (left >= 0) {
        throw e;
      }
    }
    reopen();
  }

  /** Opens the pool, at the second attempt if the fault is yet to come. */
  private void reopen() throws IOException {
    model.cutOff();
    long before = scheduler.millis();
    Pool pool;
    try {
      pool = Pool.open(disk.open(), options);
    } catch (IOException e) {
      if (left >= 0) {
        throw e;
      }
      pool = Pool.open(disk.open(), options);
    }
    disk.setFaults(Faults.NONE);
    new Comparison(model).recovered(pool, true, before, scheduler.millis());
    pool.close();
    try (SimulatedMedium medium = disk.open()) {
      PoolCheck check = PoolCheck.withChunks(medium, options, (_, _) -> true);
      if (!check.isConsistent()) {
        throw new AssertionError("the check finds " + check.findings().getFirst());
      }
    }
  }
}
