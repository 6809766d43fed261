package io.gantry.sim;

import io.gantry.sim.Faults.Operation;
import io.gantry.store.CorruptPoolException;
import io.gantry.store.Medium;
import io.gantry.store.Pool;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
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

  /** The last chunks that the first page of the lowest level maps begin here. */
  private static final long ACROSS_PAGES = (512L - 5) * CHUNK;

  /** What the pool keeps for itself of a medium. */
  private static final long RESERVE = 16 << 20;

  private static final long PLENTY = 1L << 30;

  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final SimulatedDisk disk;
  private final PoolModel model;
  private final PoolOptions options;
  private final long capacity;
  private int crashes;

  /** The possession of who has taken the medium away. */
  private @Nullable SimulatedMedium successor;

  /**
   * What a run was like.
   *
   * @param trace a hash of everything that happened
   * @param crashes how often the pool was cut off and opened again
   * @param operations operations of the medium
   */
  public record Report(long trace, int crashes, long operations) {}

  private Simulation(long seed) {
    random = new Random(seed);
    scheduler = new Scheduler(random);
    disk = new SimulatedDisk(scheduler, random);
    model = new PoolModel(random.nextBoolean() ? 0 : ACROSS_PAGES);
    options = options(scheduler, random);
    boolean small = random.nextInt(4) == 0;
    capacity = small ? RESERVE + (10 + random.nextInt(60)) * (long) CHUNK : PLENTY;
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

  /**
   * Lives a life.
   *
   * @throws AssertionError if the pool does not hold what it should
   */
  public static Report run(long seed, int rounds) {
    Simulation simulation = new Simulation(seed);
    try {
      simulation.scheduler.run(() -> {
        try {
          simulation.live(rounds);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (RuntimeException | Error e) {
      throw new AssertionError("-Dseed=%d: %s".formatted(seed, e.getMessage()), e);
    }
    return new Report(
        simulation.scheduler.trace(), simulation.crashes, simulation.disk.operations());
  }

  private void live(int rounds) throws IOException {
    Pool pool = Pool.create(disk.open(), CHUNK, options);
    for (int round = 0; round < rounds; round++) {
      pool = round(pool);
    }
    if (random.nextInt(4) > 0) {
      loseWrite(pool);
    } else {
      close(pool);
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
              successor = disk.takeOver();
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
    return recover(pool, ending != 4 && ending != 5);
  }

  private Pool reopen(Pool pool) throws IOException {
    pool.flush(); // and see that there is room now
    new Comparison(model).all(pool, scheduler.millis());
    close(pool);
    checkFlipped();
    openFlipped();
    Pool next = Pool.open(disk.open(), options);
    new Comparison(model).all(next, scheduler.millis());
    return next;
  }

  /** Closes the pool, and checks what it leaves on the medium. */
  private void close(Pool pool) throws IOException {
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
      // One whose time is over may have ended in the last commit.
      if (check.usedChunks() != usedChunks && check.tokens() == tokens) {
        throw new AssertionError(
            "%d chunks were used, %d are".formatted(usedChunks, check.usedChunks()));
      }
    }
  }

  private PoolCheck check(SimulatedMedium medium) throws IOException {
    PoolCheck check = PoolCheck.withChunks(medium, options, (_, _) -> true);
    if (!check.isConsistent()) {
      throw new AssertionError("the check finds " + check.findings().getFirst());
    }
    return check;
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
    close(pool);
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

  // Crashes

  /** Opens a pool that was cut off, perhaps at the second attempt. */
  private Pool recover(Pool pool, boolean powerLost) throws IOException {
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
