package io.gantry.store.bench;

import io.gantry.store.CopyResult;
import io.gantry.store.Extent;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A token of a whole volume of 1 GiB, 64 GiB and 1 TiB, and a copy of it; the memory that a mapped
 * TiB takes. Every chunk is mapped once, by a write; only the medium throws the bytes away.
 */
final class TokenRow implements PoolBenchmark.Row {
  private static final int TOKENS = 1000;
  private static final long[] GIBS = {1, 64, 1024};

  @Override
  public void run(Settings settings) throws Exception {
    try (Pool pool =
        Pool.create(
            MetadataOnlyMedium.create(settings.xfs().resolve("pool")),
            Pool.DEFAULT_CHUNK,
            PoolOptions.defaults())) {
      List<Volume> volumes = new ArrayList<>();
      List<Volume> targets = new ArrayList<>();
      long memory = 0;
      for (long gib : GIBS) {
        long before = heapBytes();
        volumes.add(mapped(pool, "source" + gib, gib * Settings.GIB));
        memory = heapBytes() - before;
        targets.add(pool.createVolume("target" + gib, gib * Settings.GIB, 4096));
      }
      Measure.line(
          System.out,
          "memory for 1 TiB mapped in chunks of 64 KiB",
          "Gantry: heap after collection",
          "%d MiB".formatted(memory >> 20),
          "",
          "");
      Measure freeze = new Measure("token of a whole volume", Measure.Unit.SECONDS);
      Measure copy = new Measure("copy of a whole volume from its token", Measure.Unit.SECONDS);
      measure(pool, volumes, targets, null, null); // compiles
      for (int round = 0; round < settings.rounds(); round++) {
        measure(pool, volumes, targets, freeze, copy);
      }
      freeze.print(System.out);
      copy.print(System.out);
    }
  }

  /** A volume that maps every chunk; each was written, if the medium keeps chunks. */
  static Volume mapped(Pool pool, String name, long size) throws IOException {
    Volume volume = pool.createVolume(name, size, 4096);
    ByteBuffer buffer = ByteBuffer.allocateDirect(4 << 20);
    for (long at = 0; at < size; at += buffer.capacity()) {
      volume.write(at, buffer.clear());
    }
    pool.flush();
    return volume;
  }

  static long heapBytes() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** The mean of some tokens, and of as many copies; they are given up outside of the times. */
  private static void measure(
      Pool pool, List<Volume> volumes, List<Volume> targets, Measure freeze, Measure copy)
      throws IOException {
    for (int i = 0; i < volumes.size(); i++) {
      Volume source = volumes.get(i);
      long size = source.sizeBytes();
      List<Token> tokens = new ArrayList<>();
      long start = System.nanoTime();
      for (int n = 0; n < TOKENS; n++) {
        tokens.add(pool.freeze(source, List.of(new Extent(0, size)), 60_000).orElseThrow());
      }
      long frozen = System.nanoTime();
      for (Token token : tokens) {
        CopyResult done = pool.copy(token, 0, targets.get(i), 0, size);
        if (!done.equals(new CopyResult(size, 0, 0))) {
          throw new IllegalStateException("the copy moved bytes: " + done);
        }
      }
      long copied = System.nanoTime();
      tokens.forEach(token -> pool.end(token, Token.End.DELETED));
      pool.flush();
      if (freeze != null && copy != null) {
        String name = "Gantry: %,d GiB".formatted(GIBS[i]);
        freeze.add(name, (frozen - start) / 1e9 / TOKENS);
        copy.add(name, (copied - frozen) / 1e9 / TOKENS);
      }
    }
  }
}
