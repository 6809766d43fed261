package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.store.FileMedium;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;

/**
 * The real server loses its life under load of real sessions, again and again; a subclass says how.
 * After each time the pool must be consistent, every block must hold a value that it may hold, and
 * every token made before a flush must be redeemed exactly.
 */
@NullUnmarked
abstract class CrashRun {
  private static final int VOLUMES = 3;
  private static final int CELLS = 1500;

  private ServerProcess server;

  /** Ends the server's life at once; then everything is as it is found after that. */
  abstract void crash(ServerProcess server) throws Exception;

  /**
   * Runs.
   *
   * @param data where the pool is
   * @param rounds how many crashes
   * @param mostSteps how many steps of the load, about, there are at most between two of them
   */
  void run(Path data, int rounds, int mostSteps) throws Exception {
    try {
      live(data, rounds, mostSteps);
    } finally {
      if (server != null) {
        server.kill(); // or a run that failed would leave it behind
      }
    }
  }

  private void live(Path data, int rounds, int mostSteps) throws Exception {
    String name = getClass().getSimpleName();
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println(name + ": -Dseed=" + seed);
    Random random = new Random(seed);
    List<CrashLoad.Promise> promises = new ArrayList<>();
    List<CrashLoad> loads = new ArrayList<>();
    List<String> urls = new ArrayList<>();
    // A token that the pool's limits revoke is not one that a crash has lost.
    Path limits = Files.createTempFile("limits", ".toml");
    limits.toFile().deleteOnExit();
    Files.writeString(limits, "[pool.limits]\npinned = \"90%\"\npinnedPerInitiator = \"90%\"\n");
    server = ServerProcess.start(data, "--checkpoint", "256K", "--config", limits.toString());
    for (int i = 0; i <= VOLUMES; i++) {
      urls.add(server.createVolume("v" + i, (long) CELLS * CrashLoad.CELL));
    }
    for (int i = 0; i < VOLUMES; i++) {
      loads.add(new CrashLoad(CELLS, promises));
    }
    int redeemed = 0;
    int checkpoints = 0;
    int unknown = 0;
    for (int round = 0; round < rounds; round++) {
      Semaphore progress = new Semaphore(0);
      List<Thread> threads = new ArrayList<>();
      List<Throwable> failures = new ArrayList<>();
      for (int i = 0; i < VOLUMES; i++) {
        CrashLoad load = loads.get(i);
        String url = urls.get(i);
        Random own = new Random(random.nextLong());
        threads.add(
            Thread.ofPlatform()
                .uncaughtExceptionHandler((_, failure) -> {
                  synchronized (failures) {
                    failures.add(failure);
                  }
                })
                .start(() -> load.run(url, own, progress)));
      }
      int steps = mostSteps / 10 + random.nextInt(mostSteps);
      assertThat(progress.tryAcquire(steps, 2, TimeUnit.MINUTES)).as("%d steps", steps).isTrue();
      crash(server);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failures).isEmpty();
      try (FileMedium medium = FileMedium.open(server.data())) {
        PoolCheck check = PoolCheck.withChunks(medium, PoolOptions.defaults(), (_, _) -> true);
        assertThat(check.findings()).isEmpty();
      }
      checkpoints += Files.size(data.resolve("pages")) > 0 ? 1 : 0;
      server = server.restart();
      for (int i = 0; i < VOLUMES; i++) {
        loads.get(i).verify(urls.get(i));
      }
      for (int i = 0; i < 10 && !promises.isEmpty(); i++) {
        CrashLoad.Promise promise = promises.get(random.nextInt(promises.size()));
        if (CrashLoad.redeem(urls.get(VOLUMES), promise)) {
          redeemed++;
        } else {
          assertThat(promise.flushed()).as("a token made before a flush is unknown").isFalse();
          promises.remove(promise);
          unknown++;
        }
      }
      // Tokens that nobody checked may be unknown: later rounds copy only from known ones.
      final String scratch = urls.get(VOLUMES);
      List<CrashLoad.Promise> known = new ArrayList<>();
      for (CrashLoad.Promise promise : promises) {
        if (promise.flushed() && known.size() < 20) {
          known.add(promise);
        } else if (known.size() < 20 && CrashLoad.redeem(scratch, promise)) {
          known.add(new CrashLoad.Promise(promise.token(), promise.stamps(), true));
        }
      }
      promises.clear();
      promises.addAll(known);
    }
    server.stop();
    ServerProcess.Finished check = ServerProcess.run("check", data.toString());
    System.out.print(name + ": " + check.output());
    assertThat(check.exit()).as(check.output()).isZero();
    long flushes = loads.stream().mapToLong(CrashLoad::flushes).sum();
    long copies = loads.stream().mapToLong(CrashLoad::copies).sum();
    System.out.printf(
        "%s: %d crashes, %d flushes, %d copies, %d tokens redeemed, %d unknown%n",
        name, rounds, flushes, copies, redeemed, unknown);
    assertThat(checkpoints).as("crashes with a checkpoint before them").isPositive();
    assertThat(flushes).as("flushes").isGreaterThan(rounds);
    assertThat(copies).as("copies").isGreaterThan(rounds);
    assertThat(redeemed).as("tokens redeemed").isGreaterThan(rounds);
  }
}
