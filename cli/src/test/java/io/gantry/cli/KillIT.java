package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.store.FileMedium;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 of the real server under load of real sessions, again and again. */
@NullUnmarked
@Timeout(600)
class KillIT {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 20);
  private static final int VOLUMES = 3;
  private static final int CELLS = 1500;

  @TempDir Path directory;

  @Test
  void whatWasFlushedIsThereAndNothingElseShows() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("KillIT: -Dseed=" + seed);
    Random random = new Random(seed);
    List<CrashLoad.Promise> promises = new ArrayList<>();
    List<CrashLoad> loads = new ArrayList<>();
    List<String> urls = new ArrayList<>();
    ServerProcess server = ServerProcess.start(directory.resolve("data"));
    for (int i = 0; i <= VOLUMES; i++) {
      urls.add(server.createVolume("v" + i, (long) CELLS * CrashLoad.CELL));
    }
    for (int i = 0; i < VOLUMES; i++) {
      loads.add(new CrashLoad(CELLS, promises));
    }
    int redeemed = 0;
    int unknown = 0;
    for (int round = 0; round < ROUNDS; round++) {
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
      int steps = 100 + random.nextInt(1500);
      assertThat(progress.tryAcquire(steps, 2, TimeUnit.MINUTES)).as("%d steps", steps).isTrue();
      server.kill();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failures).isEmpty();
      try (FileMedium medium = FileMedium.open(server.data())) {
        assertThat(PoolCheck.of(medium, PoolOptions.defaults()).findings()).isEmpty();
      }
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
    long flushes = loads.stream().mapToLong(CrashLoad::flushes).sum();
    long copies = loads.stream().mapToLong(CrashLoad::copies).sum();
    System.out.printf(
        "KillIT: %d kills, %d flushes, %d copies, %d tokens redeemed, %d unknown%n",
        ROUNDS, flushes, copies, redeemed, unknown);
    assertThat(flushes).as("flushes").isGreaterThan(ROUNDS);
    assertThat(copies).as("copies").isGreaterThan(ROUNDS);
    assertThat(redeemed).as("tokens redeemed").isGreaterThan(ROUNDS);
  }
}
