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

  private final PoolLife life;
  private final RandomGenerator random;
  private final PoolModel model;
  private final Map<Integer, WireUnit> units = new LinkedHashMap<>();
  private final Map<WireUnit, OffloadUnit> states = new LinkedHashMap<>();
  private final List<OffloadClient> clients = new ArrayList<>();
  private final List<OffloadToken> tokens = new ArrayList<>();
  private final Complaints complaints = new Complaints(this::complained);
  private final Map<OffloadPath, Access> access = new LinkedHashMap<>();

  /** How fast copies move bytes: in some lives so slowly that much can happen meanwhile. */
  private final long bytesPerSecond;

  private @Nullable PoolTarget device;
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
    bytesPerSecond = random.nextBoolean() ? 256 << 20 : 1 << random.nextInt(14, 20);
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

  private AccessPolicy policy() {
    List<AccessRule> rules = new ArrayList<>();
    access.forEach((path, rights) ->
        rules.add(
            new AccessRule(
                List.of(new NamePattern(path.name())), Set.of(), List.of(), List.of(), rights)));
    return new AccessPolicy(List.of(), rules);
  }

  /** A target for the pool, to which all clients connect. */
  private PoolTarget serve(Pool pool) {
    PoolTarget served = WiredTarget.device(life, pool, policy(), bytesPerSecond);
    device = served;
    clients.forEach(client -> client.path().reconnect(connect(served, client.path().name())));
    return served;
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
    for (int i = 0; i < count; i++) {
      Access rights = i == 3 ? Access.READ_ONLY : Access.READ_WRITE;
      OffloadPath path = new OffloadPath(this, "client" + i, rights);
      access.put(path, rights);
      clients.add(new OffloadClient(this, path, scratch.get(i)));
    }
    PoolTarget served = serve(pool);
    for (int round = 0; round < rounds; round++) {
      work();
      served.close();
      life.scheduler.sleep(30_000_000); // until the last flush has ended or failed
      clients.forEach(OffloadClient::targetEnded);
      long opening = life.scheduler.millis();
      Set<OffloadToken> gone = Set.of();
      if (over) {
        gone = endTokens();
        states.values().forEach(OffloadUnit::crashed);
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
      served = serve(pool);
      compareTokens(gone);
    }
    served.close();
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
    } catch (OffloadPath.CutOff e) {
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
    } catch (OffloadPath.CutOff e) {
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

  /** What is known of a logical unit besides its blocks. */
  OffloadUnit state(WireUnit unit) {
    return states.computeIfAbsent(unit, _ -> new OffloadUnit());
  }

  /** Where copies may go on in the background. */
  List<WireUnit> inBackground() {
    return clients.stream().flatMap(OffloadClient::inBackground).toList();
  }

  /** An initiator has reserved a logical unit: from now on others may not write there. */
  void reserved(WireUnit unit, OffloadPath by) {
    PoolTarget now = device;
    if (now != null) {
      clients.stream()
          .filter(client -> !client.path().equals(by))
          .forEach(client -> client.barred(unit, now.copies()));
    }
  }

  /** The administrator changes what an initiator may do: not the first one, which looks at all. */
  void changeAccess() {
    if (clients.size() < 2 || device == null) {
      return;
    }
    OffloadPath path = clients.get(1 + random.nextInt(clients.size() - 1)).path();
    Access rights =
        switch (random.nextInt(4)) {
          case 0 -> Access.NONE;
          case 1 -> Access.READ_ONLY;
          default -> Access.READ_WRITE;
        };
    Operation operation = model.begin();
    path.rights().add(rights, operation);
    access.put(path, rights);
    device.access(policy());
    model.succeeded(operation);
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
