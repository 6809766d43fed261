package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;
import static io.gantry.sim.PoolModel.MOST_BLOCKS;

import io.gantry.sim.PoolModel.VolumeModel;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One life of a target and its initiators, all of which follows from a seed: they exchange real
 * PDUs over wires that delay and break, and what initiators read, and what is there after a crash,
 * must be what the model says.
 *
 * <p>No write that was acknowledged is lost, and after a crash none that was flushed. No write
 * takes effect after its abort, a reset, a logout or the login that replaces its session was
 * answered. Each command ends once: with an answer, or with that of what ended it.
 */
public final class WireSimulation {
  private static final int MOST_INITIATORS = 4;
  private static final int MOST_ACTIONS = 150;
  private static final int UNITS = 2;

  /** More than any round takes; a command that is never answered takes that long. */
  private static final long MOST_STEPS = 3_000_000;

  /** More than a flush takes that nobody waits for any more. */
  private static final long FLUSH_MICROS = 30_000_000;

  private final PoolLife life;
  private final RandomGenerator random;
  private final PoolModel model;
  private final List<WireUnit> units = new ArrayList<>();
  private final List<WireInitiator> initiators = new ArrayList<>();
  private final List<WireReset> resets = new ArrayList<>();
  private @Nullable WiredTarget target;
  private boolean over;
  private boolean killed;
  private long commands;

  /**
   * What a run was like.
   *
   * @param trace a hash of everything that happened
   * @param crashes how often the target was cut off
   * @param sessions how many there were
   * @param commands that were carried out
   * @param functions task management functions that were sent
   */
  public record Report(long trace, int crashes, int sessions, long commands, int functions) {}

  private WireSimulation(long seed) {
    life = new PoolLife(seed);
    random = life.random;
    model = life.model;
  }

  /**
   * Lives a life.
   *
   * @throws AssertionError if something happens that must not
   */
  public static Report run(long seed, int rounds) {
    WireSimulation simulation = new WireSimulation(seed);
    try (Complaints _ = new Complaints(simulation::complained).listen()) {
      simulation.life.live(seed, () -> simulation.live(rounds));
    }
    return new Report(
        simulation.life.scheduler.trace(),
        simulation.life.crashes(),
        simulation.initiators.stream().mapToInt(WireInitiator::sessions).sum(),
        simulation.commands,
        simulation.resets.size());
  }

  /** What the target calls an error is one, unless its medium is gone. */
  private void complained(Throwable complaint) {
    if (!over) {
      fail(complaint);
    }
  }

  private void live(int rounds) throws IOException {
    Pool pool = Pool.create(life.disk.open(), Simulation.CHUNK, life.options);
    for (int i = 0; i < UNITS; i++) {
      units.add(newUnit(pool));
    }
    for (int i = 0; i < 1 + random.nextInt(MOST_INITIATORS); i++) {
      initiators.add(new WireInitiator(this, i));
    }
    for (int round = 0; round < rounds; round++) {
      pool = round(pool);
    }
    life.close(pool);
  }

  private WireUnit newUnit(Pool pool) throws IOException {
    String name = model.newName("v");
    int blocks = 1 + random.nextInt(MOST_BLOCKS);
    History.Operation creation = model.begin();
    VolumeModel made = model.addVolume(name, creation);
    made.size.add(blocks, creation);
    Volume volume = pool.createVolume(name, model.base() + (long) blocks * BLOCK, BLOCK);
    model.succeededDurably(creation);
    model.ready(made);
    return new WireUnit(made, volume.lun(), model.base() / BLOCK, blocks);
  }

  private Pool round(Pool pool) throws IOException {
    over = false;
    killed = false;
    WiredTarget now = new WiredTarget(life, pool);
    target = now;
    int ending = random.nextInt(8);
    if (ending < 4) {
      long after = 1L << random.nextInt(8, 17);
      life.scheduler.afterSteps(after + random.nextLong(after), () -> cutOff(ending));
    }
    initiators.forEach(initiator -> initiator.start(1 + random.nextInt(MOST_ACTIONS)));
    long last = life.scheduler.steps() + MOST_STEPS;
    while (!over && !initiators.stream().allMatch(WireInitiator::isDone)) {
      if (life.scheduler.steps() > last) {
        throw new AssertionError("commands are not answered: " + initiators);
      }
      life.scheduler.sleep(10_000);
    }
    life.scheduler.noAlarm();
    if (over) {
      initiators.forEach(WireInitiator::cutOff);
      end(now);
      return life.recover(pool, !killed);
    }
    new Comparison(model).all(pool, life.scheduler.millis());
    initiators.forEach(WireInitiator::leave);
    end(now);
    new Comparison(model).all(pool, life.scheduler.millis());
    if (random.nextBoolean()) {
      life.close(pool);
      return Pool.open(life.disk.open(), life.options);
    }
    return pool;
  }

  private void cutOff(int how) {
    over = true;
    switch (how) {
      case 0, 1 -> life.disk.losePower();
      case 2 -> {
        killed = true;
        life.disk.kill();
      }
      default -> {
        killed = true;
        life.takeOver();
      }
    }
  }

  /** Ends a target when all sessions have ended, and sees that nothing is left of them. */
  private void end(WiredTarget ended) {
    while (ended.isBusy()) {
      life.scheduler.sleep(1_000_000);
    }
    ended.close();
    life.scheduler.sleep(FLUSH_MICROS);
    if (ended.bufferBytes() > 0) {
      throw new AssertionError("%d bytes of buffers are left".formatted(ended.bufferBytes()));
    }
  }

  // What follows is for the initiators.

  RandomGenerator random() {
    return random;
  }

  Scheduler scheduler() {
    return life.scheduler;
  }

  PoolModel model() {
    return model;
  }

  WiredTarget target() {
    WiredTarget now = target;
    if (now == null) {
      throw new IllegalStateException("there is no target");
    }
    return now;
  }

  /** Any of the logical units. */
  WireUnit unit() {
    return units.get(random.nextInt(units.size()));
  }

  /** Whether the target was cut off: what comes from it now says nothing. */
  boolean isOver() {
    return over;
  }

  void fail(Throwable cause) {
    life.scheduler.fail(cause);
  }

  /** A command has succeeded. */
  void succeeded(WireCommand command) {
    commands++;
    if (command.kind == WireCommand.Kind.SYNCHRONIZE) {
      model.succeededDurably(command.operation);
    } else if (command.changes() && command.forceUnitAccess) {
      model.succeededItselfDurably(command.operation);
    } else {
      model.succeeded(command.operation);
    }
    if (command.kind == WireCommand.Kind.READ) {
      long[] stamps = Stamps.decode(ByteBuffer.wrap(command.in));
      new Comparison(model).blocks(command.unit.volume(), command.block, stamps, command.operation);
    }
  }

  /** A task management function was sent. */
  void begun(WireReset reset) {
    resets.add(reset);
  }

  /** Whether a command of an initiator may have been ended by a function of another. */
  boolean mayBeAborted(WireCommand command, WireInitiator of) {
    return resets.stream().anyMatch(reset -> reset.mayEnd(command, of));
  }
}
