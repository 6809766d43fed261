package io.gantry.store.bench;

import io.gantry.store.Extent;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** A million tokens alive at once: what the first and the last cost, and what one weighs. */
final class ManyTokensRow implements PoolBenchmark.Row {
  private static final int TOKENS = 1_000_000;
  private static final int DECILE = TOKENS / 10;
  private static final long VOLUME_BYTES = 64 * Settings.GIB;
  private static final long SEED = 3;

  @Override
  public void run(Settings settings) throws Exception {
    PoolOptions options = PoolOptions.defaults().withMaximumTokens(TOKENS);
    try (Pool pool =
        Pool.create(
            MetadataOnlyMedium.create(settings.xfs().resolve("pool")),
            Pool.DEFAULT_CHUNK,
            options)) {
      Volume volume = TokenRow.mapped(pool, "source", VOLUME_BYTES);
      create(pool, volume);
    }
  }

  /** Tokens of 1 to 16 MiB somewhere in the volume, as a copied file would need them. */
  private static void create(Pool pool, Volume volume) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    long before = TokenRow.heapBytes();
    List<Double> deciles = new ArrayList<>();
    for (int decile = 0; decile < 10; decile++) {
      long start = System.nanoTime();
      for (int i = 0; i < DECILE; i++) {
        long length = random.nextLong(1, 17) << 20;
        long offset = random.nextLong((VOLUME_BYTES - length) >> 16) << 16;
        List<Extent> extents = List.of(new Extent(offset, length));
        var _ = pool.freeze(volume, extents, Integer.MAX_VALUE).orElseThrow();
      }
      deciles.add((System.nanoTime() - start) / 1e9 / DECILE);
      System.err.println("  " + Measure.seconds(deciles.getLast()));
    }
    pool.flush();
    if (pool.tokens().size() != TOKENS) {
      throw new IllegalStateException(pool.tokens().size() + " tokens are left");
    }
    long after = TokenRow.heapBytes();
    Measure.line(
        System.out,
        "a token of 1 to 16 MiB, 1,000,000 of them alive",
        "Gantry: mean of each 100,000",
        Measure.seconds(Measure.quantile(deciles, 0.5)),
        deciles.stream().map(Measure::seconds).collect(Collectors.joining(", ")),
        "");
    Measure.line(
        System.out,
        "memory for one of them",
        "Gantry: heap after collection",
        "%,d bytes".formatted((after - before) / TOKENS),
        "",
        "");
  }
}
