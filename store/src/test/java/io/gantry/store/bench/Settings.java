package io.gantry.store.bench;

import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a row is told, as {@code name=value} on the command line.
 *
 * @param xfs an empty directory on XFS
 * @param btrfs an empty directory on Btrfs
 * @param gib size of what is copied
 * @param rounds how often everything is done, one after the other
 */
record Settings(Path xfs, Path btrfs, int gib, int rounds) {
  static final long GIB = 1L << 30;

  static Settings of(Map<String, String> options) {
    return new Settings(
        Path.of(options.getOrDefault("xfs", "/nonexistent")),
        Path.of(options.getOrDefault("btrfs", "/nonexistent")),
        Integer.parseInt(options.getOrDefault("gib", "16")),
        Integer.parseInt(options.getOrDefault("rounds", "7")));
  }

  /** A new pool in files on XFS. */
  Pool newPool() throws IOException {
    return Pool.create(
        FileMedium.create(xfs.resolve("pool")), Pool.DEFAULT_CHUNK, PoolOptions.defaults());
  }
}
