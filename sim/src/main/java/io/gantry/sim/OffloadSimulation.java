package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;
import static io.gantry.sim.PoolModel.MOST_BLOCKS;

import io.gantry.sim.History.Operation;
import io.gantry.sim.PoolModel.VolumeModel;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import io.gantry.target.Access;
import io.gantry.target.AccessPolicy;
import io.gantry.target.AccessRule;
import io.gantry.target.Identity;
import io.gantry.target.NamePattern;
import io.gantry.target.Nexus;
import io.gantry.target.PathTasks;
import io.gantry.target.PoolTarget;
import io.gantry.target.TargetPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One life of a target whose initiators copy by tokens, all of which follows from a seed. What is
 * copied is what the source held at one instant while the token was made, whatever was written
 * since, and wherever it goes; tokens and results outlive restarts, and after a crash they are
 * exactly as they were or unknown.
 */
public final class OffloadSimulation {
  private static final int MOST_CLIENTS = 4;
  private static final int MOST_STEPS = 250;
  private static final int UNITS = 2;
  private static final int MANY_TOKENS = 12;
  private static final String READERS = "reader";

  private final PoolLife life;
  private final RandomGenerator random;
  private final PoolModel model;
  private final Map<Integer, WireUnit> units = new LinkedHashMap<>();
  private final Map<WireUnit, History<OffloadClient.Holder>> holders = new LinkedHashMap<>();
  private final List<OffloadClient> clients = new ArrayList<>();
  private final List<OffloadToken> tokens = new ArrayList<>();
  private final Complaints complaints = new Complaints(this::complained);
  private boolean over;
  private boolean powerLost;
  private long operations;

  /**
   * What a run was like.
   *
   * @param trace a hash of everything that happened
   * @param crashes how often the target was cut off
   * @param operations tokens that were made and redeemed, and results that were asked for
   */
  public record Report(long trace, int crashes, long operations) {}

  private OffloadSimulation(long seed) {
    life = new PoolLife(seed);
    random = life.random;
    model = life.model;
    model.leaveTokens();
  }

  /**
   * Lives a life.
   *
   * @throws AssertionError if something happens that must not
   */
  public static Report run(long seed, int rounds) {
    OffloadSimulation simulation = new OffloadSimulation(seed);
    try (Complaints _ = simulation.complaints.listen()) {
      simulation.life.live(seed, () -> simulation.live(rounds));
    }
    return new Report(
        simulation.life.scheduler.trace(), simulation.life.crashes(), simulation.operations);
  }

  private void complained(Throwable complaint) {
    if (!over) {
      life.scheduler.fail(complaint);
    }
  }

  private static AccessPolicy access() {
    AccessRule readers =
        new AccessRule(
            List.of(new NamePattern(READERS + "*")),
            Set.of(),
            List.of(),
            List.of(),
            Access.READ_ONLY);
    AccessRule others =
        new AccessRule(List.of(), Set.of(), List.of(), List.of(), Access.READ_WRITE);
    return new AccessPolicy(List.of(), List.of(readers, others));
  }

  private PoolTarget device(Pool pool) {
    return WiredTarget.device(life, pool, access());
  }

  private static TargetPath connect(PoolTarget device, String name) {
    return device.connect(
        new Nexus(name, WiredTarget.NAME), new Identity(name, null, null), PathTasks.NONE);
  }

  private void live(int rounds) throws IOException {
    Pool pool = Pool.create(life.disk.open(), Simulation.CHUNK, life.options);
    for (int i = 0; i < UNITS; i++) {
      WireUnit unit = newUnit(pool, 1 + random.nextInt(MOST_BLOCKS));
      units.put(unit.lun(), unit);
    }
    List<WireUnit> scratch = new ArrayList<>();
    int count = 1 + random.nextInt(MOST_CLIENTS);
    for (int i = 0; i < count; i++) {
      scratch.add(newUnit(pool, OffloadClient.MOST_TOKEN_BLOCKS));
    }
    scratch.forEach(unit -> units.put(unit.lun(), unit));
    PoolTarget device = device(pool);
    for (int i = 0; i < count; i++) {
      boolean readOnly = i == 3;
      String name = (readOnly ? READERS : "writer") + i;
      clients.add(new OffloadClient(this, name, readOnly, scratch.get(i), connect(device, name)));
    }
    for (int round = 0; round < rounds; round++) {
      work();
      device.close();
      life.scheduler.sleep(30_000_000); // until the last flush has ended or failed
      long opening = life.scheduler.millis();
      Set<OffloadToken> gone = Set.of();
      if (over) {
        gone = endTokens();
        clients.forEach(client -> client.restart(true));
        pool = life.recover(pool, powerLost);
        restarted(opening);
      } else {
        new Comparison(model).all(pool, life.scheduler.millis());
        if (random.nextBoolean()) {
          clients.forEach(client -> client.restart(false));
          life.close(pool);
          pool = Pool.open(life.disk.open(), life.options);
          restarted(opening);
        }
      }
      over = false;
      device = device(pool);
      for (OffloadClient client : clients) {
        client.reconnect(connect(device, client.name()));
      }
      compareTokens(gone);
    }
    device.close();
    life.close(pool);
  }

  private void restarted(long openingMillis) {
    long opened = life.scheduler.millis();
    tokens.forEach(token -> token.restarted(openingMillis, opened));
  }

  private WireUnit newUnit(Pool pool, int blocks) throws IOException {
    String name = model.newName("v");
    Operation creation = model.begin();
    VolumeModel made = model.addVolume(name, creation);
    made.size.add(blocks, creation);
    Volume volume = pool.createVolume(name, model.base() + (long) blocks * BLOCK, BLOCK);
    model.succeededDurably(creation);
    model.ready(made);
    return new WireUnit(made, volume.lun(), model.base() / BLOCK, blocks);
  }

  /** Lets the clients work until they have done enough, or the target is cut off. */
  private void work() {
    int ending = random.nextInt(8);
    if (ending < 4) {
      long after = 1L << random.nextInt(6, 15);
      life.scheduler.afterSteps(after + random.nextLong(after), () -> cutOff(ending));
    }
    List<Thread> threads = new ArrayList<>();
    for (OffloadClient client : clients) {
      int steps = 1 + random.nextInt(MOST_STEPS);
      Thread thread = life.scheduler.threads().newThread(() -> repeat(client, steps));
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    life.scheduler.noAlarm();
  }

  private void repeat(OffloadClient client, int steps) {
    try {
      for (int i = 0; i < steps && !over; i++) {
        client.step();
      }
    } catch (OffloadClient.CutOff e) {
      // The target is gone.
    }
  }

  private void cutOff(int how) {
    over = true;
    powerLost = how < 2;
    switch (how) {
      case 0, 1 -> life.disk.losePower();
      case 2 -> life.disk.kill();
      default -> life.takeOver();
    }
  }

  /** A crash: what it may have taken away of tokens, and what it must have. */
  private Set<OffloadToken> endTokens() {
    Set<OffloadToken> gone = new HashSet<>();
    for (OffloadToken token : tokens) {
      if (!token.lives.couldAfterCrash(true, model.flushed())) {
        gone.add(token);
      }
      if (token.lives.couldAfterCrash(false, model.flushed())) {
        Operation crash = model.begin();
        token.lives.add(false, crash);
        model.failed(crash);
      }
    }
    return gone;
  }

  /** After a restart, sees which tokens are there, and what they and the results hold. */
  private void compareTokens(Set<OffloadToken> gone) {
    try {
      OffloadClient client = clients.getFirst();
      for (OffloadToken token : List.copyOf(tokens)) {
        if (client.has(token)) {
          if (gone.contains(token)) {
            throw new AssertionError("a token is back that was deleted");
          }
          Operation recovery = model.begin();
          model.succeeded(recovery);
          token.lives.becomes(true, recovery);
        }
      }
      for (OffloadClient each : clients) {
        each.askAll();
      }
    } catch (OffloadClient.CutOff e) {
      throw new IllegalStateException(e);
    }
  }

  // What follows is for the clients.

  RandomGenerator random() {
    return random;
  }

  Scheduler scheduler() {
    return life.scheduler;
  }

  PoolModel model() {
    return model;
  }

  boolean isOver() {
    return over;
  }

  /** An operation of those that are counted. */
  void counted() {
    operations++;
  }

  /** Any of the logical units that all use. */
  WireUnit unit() {
    return List.copyOf(units.values()).get(random.nextInt(UNITS));
  }

  WireUnit unit(int lun) {
    WireUnit unit = units.get(lun);
    if (unit == null) {
      throw new IllegalArgumentException("LUN " + lun);
    }
    return unit;
  }

  /** Who has reserved a logical unit. */
  History<OffloadClient.Holder> holder(WireUnit unit) {
    return holders.computeIfAbsent(
        unit, _ -> new History<>(OffloadClient.Holder.NOBODY, PoolModel.ALWAYS));
  }

  void add(OffloadToken token) {
    tokens.add(token);
  }

  void remove(OffloadToken token) {
    tokens.remove(token);
  }

  boolean knows(OffloadToken token) {
    return tokens.contains(token);
  }

  boolean hasManyTokens() {
    return tokens.size() > MANY_TOKENS;
  }

  @Nullable OffloadToken anyToken() {
    return tokens.isEmpty() ? null : tokens.get(random.nextInt(tokens.size()));
  }
}
