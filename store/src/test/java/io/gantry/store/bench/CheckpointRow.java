package io.gantry.store.bench;

import io.gantry.store.CopyResult;
import io.gantry.store.Extent;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How long a write takes while a checkpoint of the page tables of a whole TiB is written, and while
 * none is. One thread writes 4 KiB at random places in chunks that are its volume's own, and
 * flushes after every so many writes; flushes are not in the times.
 */
final class CheckpointRow implements PoolBenchmark.Row {
  private static final long LARGE = 1024 * Settings.GIB;
  private static final long SIZE = Settings.GIB;
  private static final int BLOCK = 4096;
  private static final int WRITES_PER_SYNC = 1024;
  private static final long QUIET_MILLIS = 1000;

  @Override
  public void run(Settings settings) throws Exception {
    MetadataOnlyMedium medium = MetadataOnlyMedium.create(settings.xfs().resolve("pool"));
    try (Pool pool = Pool.create(medium, Pool.DEFAULT_CHUNK, PoolOptions.defaults());
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Volume large = TokenRow.mapped(pool, "large", LARGE);
      medium.keepsChunks = true;
      Volume written = InPlaceRow.written(pool, "written", SIZE);
      Volume target = pool.createVolume("target", LARGE, BLOCK);
      pool.checkpoint();
      Measure p99 = new Measure("p99 of random 4 KiB writes in place", Measure.Unit.SECONDS);
      Measure most = new Measure("longest of these writes", Measure.Unit.SECONDS);
      Measure checkpoint = new Measure("checkpoint of 32,768 pages", Measure.Unit.SECONDS);
      Callable<Double> quiet =
          () -> {
            Thread.sleep(QUIET_MILLIS);
            return 0.0;
          };
      during(thread, pool, written, quiet); // compiles
      for (int round = 0; round < settings.rounds(); round++) {
        long[] without = during(thread, pool, written, quiet);
        changeEveryPage(pool, large, target);
        long[] with =
            during(
                thread,
                pool,
                written,
                () -> {
                  long start = System.nanoTime();
                  pool.checkpoint();
                  double seconds = (System.nanoTime() - start) / 1e9;
                  checkpoint.add("Gantry", seconds);
                  return seconds;
                });
        String no = "Gantry: no checkpoint";
        String under = "Gantry: checkpoint under way";
        p99.add(no, without[(int) (without.length * 0.99)] / 1e9);
        p99.add(under, with[(int) (with.length * 0.99)] / 1e9);
        most.add(no, without[without.length - 1] / 1e9);
        most.add(under, with[with.length - 1] / 1e9);
      }
      p99.print(System.out);
      most.print(System.out);
      checkpoint.print(System.out);
    }
  }

  /** Maps another volume with entries that lie one chunk further, so that no page is shared. */
  private static void changeEveryPage(Pool pool, Volume large, Volume target) throws IOException {
    long length = LARGE - Pool.DEFAULT_CHUNK;
    Extent extent = new Extent(Pool.DEFAULT_CHUNK, length);
    Token token = pool.freeze(large, List.of(extent), 60_000).orElseThrow();
    CopyResult done = pool.copy(token, 0, target, 0, length);
    if (!done.equals(new CopyResult(length, 0, 0))) {
      throw new IllegalStateException("the copy moved bytes: " + done);
    }
    pool.end(token, Token.End.DELETED);
    pool.flush();
    pool.flush(); // what the copy replaced has been let go
  }

  /** How long each write took that was made while something was done, sorted. */
  private static long[] during(
      ExecutorService thread, Pool pool, Volume volume, Callable<Double> something)
      throws Exception {
    Future<Double> done = thread.submit(something);
    SplittableRandom random = new SplittableRandom();
    ByteBuffer buffer = Contents.fill(Contents.buffer(), random.nextLong()).slice(0, BLOCK);
    long[] nanos = new long[1 << 16];
    int count = 0;
    while (!done.isDone()) {
      long start = System.nanoTime();
      volume.write(random.nextLong(SIZE / BLOCK) * BLOCK, buffer.clear());
      nanos[count++] = System.nanoTime() - start;
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      if (count % WRITES_PER_SYNC == 0) {
        pool.flush();
      }
    }
    done.get();
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return sorted;
  }
}
