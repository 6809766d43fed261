package io.gantry.sim;

import io.gantry.sim.Faults.Operation;
import io.gantry.store.CorruptPoolException;
import io.gantry.store.Medium;
import io.gantry.store.Pool;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One life of a pool, all of which follows from a seed: clients work on it; it is closed and
 * opened, crashes, is killed, is taken away by another owner; and after each of these it must hold
 * what the model says, and a check must find nothing.
 */
public final class Simulation {
  static final int CHUNK = 16 << 10;

  private static final int MOST_CLIENTS = 4;
  private static final int MOST_STEPS = 200;
  private static final int MOST_SCRUBS = 30;

  /** What the pool keeps for itself of a medium. */
  private static final long RESERVE = 16 << 20;

  private static final long PLENTY = 1L << 30;

  private final PoolLife life;
  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final SimulatedDisk disk;
  private final PoolModel model;
  private final PoolOptions options;
  private final long capacity;

  /**
   * What a run was like.
   *
   * @param trace a hash of everything that happened
   * @param crashes how often the pool was cut off and opened again
   * @param operations operations of the medium
   */
  public record Report(long trace, int crashes, long operations) {}

  private Simulation(long seed) {
    life = new PoolLife(seed);
    scheduler = life.scheduler;
    random = life.random;
    disk = life.disk;
    model = life.model;
    options = life.options;
    boolean small = random.nextInt(4) == 0;
    capacity = small ? RESERVE + (10 + random.nextInt(60)) * (long) CHUNK : PLENTY;
  }

  /**
   * Lives a life.
   *
   * @throws AssertionError if the pool does not hold what it should
   */
  public static Report run(long seed, int rounds) {
    Simulation simulation = new Simulation(seed);
    simulation.life.live(seed, () -> simulation.live(rounds));
    return new Report(
        simulation.scheduler.trace(), simulation.life.crashes(), simulation.disk.operations());
  }

  private void live(int rounds) throws IOException {
    Pool pool = Pool.create(disk.open(), CHUNK, options);
    for (int round = 0; round < rounds; round++) {
      pool = round(pool);
    }
    if (random.nextInt(4) > 0) {
      loseWrite(pool);
    } else {
      life.close(pool);
    }
  }

  /** Lets clients work until something ends it, and opens the pool again. */
  private Pool round(Pool pool) throws IOException {
    Session session = new Session(scheduler, random, model, pool);
    disk.setCapacity(capacity);
    if (capacity < PLENTY) {
      session.expectFull();
    }
    int ending = random.nextInt(10);
    if (ending >= 8) {
      Faults cut = nth(random.nextInt(8), Faults.Fate.POWER_LOSS, null, Operation.APPEND);
      disk.setFaults((operation, area) -> {
        Faults.Fate fate = cut.fate(operation, area);
        if (fate == Faults.Fate.POWER_LOSS) {
          session.cutOff();
        }
        return fate;
      });
    } else if (ending < 6) {
      long after = 1L << random.nextInt(12);
      scheduler.afterSteps(
          after + random.nextLong(after),
          () -> {
            session.cutOff();
            if (ending < 4) {
              disk.losePower();
            } else if (ending == 4) {
              disk.kill();
            } else {
              life.takeOver();
            }
          });
    }
    session.start(1 + random.nextInt(MOST_CLIENTS), MOST_STEPS);
    if (random.nextBoolean()) {
      session.startScrubber(MOST_SCRUBS);
    }
    session.join();
    scheduler.noAlarm();
    disk.setFaults(Faults.NONE);
    disk.setCapacity(PLENTY);
    if (!session.isOver()) {
      return reopen(pool);
    }
    return life.recover(pool, ending != 4 && ending != 5);
  }

  private Pool reopen(Pool pool) throws IOException {
    pool.flush(); // and see that there is room now
    new Comparison(model).all(pool, scheduler.millis());
    life.close(pool);
    checkFlipped();
    openFlipped();
    Pool next = Pool.open(disk.open(), options);
    new Comparison(model).all(next, scheduler.millis());
    return next;
  }

  // Damage: it is noticed, or does no harm

  /** Some fate for the n-th operation of some kinds. */
  private Faults nth(int n, Faults.Fate fate, Medium.@Nullable Area area, Operation... kinds) {
    int[] left = {n};
    return (operation, of) ->
        List.of(kinds).contains(operation) && of == area && left[0]-- == 0
            ? fate
            : Faults.Fate.DONE;
  }

  /** A check of a journal that is read with flipped bits. */
  private void checkFlipped() throws IOException {
    try (SimulatedMedium medium = disk.open()) {
      PoolCheck good = PoolCheck.of(medium, options);
      disk.setFaults(nth(random.nextInt(8), Faults.Fate.FLIPPED, null, Operation.READ_JOURNAL));
      PoolCheck check = PoolCheck.of(medium, options);
      // If it is the last frame, it cannot be told from a torn one, which is a note.
      if (check.isConsistent() && check.notes().isEmpty() && !check.equals(good)) {
        throw new AssertionError("a flipped bit in the journal passes: " + check);
      }
    } finally {
      disk.setFaults(Faults.NONE);
    }
  }

  /** Opens a pool whose pages are read with flipped bits. */
  private void openFlipped() throws IOException {
    boolean root = random.nextInt(8) == 0;
    disk.setFaults(
        root
            ? nth(0, Faults.Fate.FLIPPED, null, Operation.READ_ROOT)
            : nth(random.nextInt(2), Faults.Fate.FLIPPED, Medium.Area.PAGES, Operation.READ));
    Pool pool;
    try {
      pool = Pool.open(disk.open(), options);
    } catch (CorruptPoolException e) {
      return;
    } finally {
      disk.setFaults(Faults.NONE);
    }
    new Comparison(model).all(pool, scheduler.millis());
    life.close(pool);
  }

  /** The end of a life: one write of a checkpoint never reaches the medium, whatever that says. */
  private void loseWrite(Pool pool) throws IOException {
    // A checkpoint that a crash has cut off had the number that the next one has; an image that it
    // left behind would not be told from the one that is lost.
    pool.checkpoint();
    Session session = new Session(scheduler, random, model, pool);
    session.start(MOST_CLIENTS, MOST_STEPS / 4);
    disk.setFaults(nth(random.nextInt(12), Faults.Fate.LOST, Medium.Area.PAGES, Operation.WRITE));
    session.join();
    pool.checkpoint();
    pool.close();
    try (SimulatedMedium medium = disk.open()) {
      if (!PoolCheck.of(medium, options).isConsistent()) {
        return;
      }
    }
    Pool opened = Pool.open(disk.open(), options);
    new Comparison(model).all(opened, scheduler.millis());
    opened.close();
  }
}
