package io.gantry.store.bench;

import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Random reads and writes of 4 KiB where everything was written before, by one thread and by 32,
 * beside fio on the very file that has the volume's chunks. Both sides go through the page cache,
 * which holds all of it, and both sync after every so many writes of each thread.
 */
final class InPlaceRow implements PoolBenchmark.Row {
  private static final long SIZE = 2 * Settings.GIB;
  private static final int BLOCK = 4096;
  private static final int WRITES_PER_SYNC = 1024;
  private static final int OPERATIONS = 1 << 18;
  private static final int MANY = 32;

  @Override
  public void run(Settings settings) throws Exception {
    try (Pool pool = settings.newPool();
        ExecutorService threads = Executors.newFixedThreadPool(MANY)) {
      Volume volume = written(pool, "source", SIZE);
      // The volume's chunks are the file's first bytes. In a file of its own fio would have another
      // place on the disk, and places differ in speed by more than is to be measured here.
      Path file = settings.xfs().resolve("pool").resolve("chunks");
      List<Case> cases = new ArrayList<>();
      for (int depth : new int[] {1, MANY}) {
        for (boolean write : new boolean[] {false, true}) {
          Case one = new Case(pool, volume, threads, file, depth, write);
          one.gantry(); // compiles
          cases.add(one);
        }
      }
      for (int round = 0; round < settings.rounds(); round++) {
        for (Case one : cases) {
          one.measure.add("Gantry", one.gantry());
          one.measure.add("fio, psync, the file below", one.fio());
        }
      }
      cases.forEach(one -> one.measure.print(System.out));
    }
  }

  /** A volume that is written from end to end, durably. */
  static Volume written(Pool pool, String name, long size) throws IOException {
    Volume volume = pool.createVolume(name, size, BLOCK);
    ByteBuffer buffer = Contents.buffer();
    for (long unit = 0; unit < size / Contents.UNIT; unit++) {
      volume.write(unit * Contents.UNIT, Contents.fill(buffer, unit));
    }
    pool.flush();
    return volume;
  }

  private record Case(
      Pool pool,
      Volume volume,
      ExecutorService threads,
      Path file,
      int depth,
      boolean write,
      Measure measure) {

    Case(Pool pool, Volume volume, ExecutorService threads, Path file, int depth, boolean write) {
      this(
          pool,
          volume,
          threads,
          file,
          depth,
          write,
          new Measure(
              "random 4 KiB %s in place, depth %d".formatted(write ? "writes" : "reads", depth),
              Measure.Unit.PER_SECOND));
    }

    double fio() throws IOException {
      List<String> options =
          new ArrayList<>(
              List.of(
                  "--filename=" + file,
                  "--size=" + SIZE,
                  "--bs=" + BLOCK,
                  "--rw=" + (write ? "randwrite" : "randread"),
                  "--norandommap",
                  "--randrepeat=0",
                  "--numjobs=" + depth,
                  "--number_ios=" + OPERATIONS / depth));
      if (write) {
        options.add("--fdatasync=" + WRITES_PER_SYNC);
      }
      return Command.fio(options.toArray(String[]::new));
    }

    double gantry() throws Exception {
      List<Future<?>> running = new ArrayList<>();
      long start = System.nanoTime();
      for (int thread = 0; thread < depth; thread++) {
        running.add(
            threads.submit(() -> {
              operate();
              return null;
            }));
      }
      for (Future<?> future : running) {
        future.get();
      }
      return OPERATIONS / ((System.nanoTime() - start) / 1e9);
    }

    private void operate() throws IOException {
      SplittableRandom random = new SplittableRandom();
      ByteBuffer buffer = Contents.fill(Contents.buffer(), random.nextLong()).slice(0, BLOCK);
      for (int i = 1; i <= OPERATIONS / depth; i++) {
        long offset = random.nextLong(SIZE / BLOCK) * BLOCK;
        if (write) {
          volume.write(offset, buffer.clear());
          if (i % WRITES_PER_SYNC == 0) {
            pool.flush();
          }
        } else {
          volume.read(offset, buffer.clear());
        }
      }
    }
  }
}
