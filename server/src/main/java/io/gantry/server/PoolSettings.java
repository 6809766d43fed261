package io.gantry.server;

import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a pool is kept.
 *
 * @param chunkBytes bytes of a chunk, if the pool is made now; a power of two, 16 KiB to 1 MiB
 * @param checkpointBytes bytes by which the journal grows before a checkpoint lets it go
 * @param preallocateBytes room for chunks that is taken from the file system in advance, or 0
 * @param verifyReads whether what has a checksum is compared with it at each read
 */
public record PoolSettings(
    int chunkBytes, long checkpointBytes, long preallocateBytes, boolean verifyReads) {

  public PoolSettings {
    if (checkpointBytes <= 0 || preallocateBytes < 0) {
      throw new IllegalArgumentException("a checkpoint after 0 bytes, or a negative size");
    }
  }

  /** 64 KiB, a checkpoint every 64 MiB, nothing in advance, reads not verified. */
  public static final PoolSettings DEFAULTS =
      new PoolSettings(Pool.DEFAULT_CHUNK, PoolOptions.defaults().checkpointBytes(), 0, false);

  /**
   * What a configuration file or the command line says; null where it says nothing.
   *
   * @param chunkBytes as {@link PoolSettings#chunkBytes}
   * @param checkpointBytes as {@link PoolSettings#checkpointBytes}
   * @param preallocateBytes as {@link PoolSettings#preallocateBytes}
   * @param verifyReads as {@link PoolSettings#verifyReads}
   */
  public record Partial(
      @Nullable Integer chunkBytes,
      @Nullable Long checkpointBytes,
      @Nullable Long preallocateBytes,
      @Nullable Boolean verifyReads) {

    /** Says nothing. */
    public static final Partial NOTHING = new Partial(null, null, null, null);

    /** Settings in which this counts first, then the other, then the defaults. */
    PoolSettings orElse(Partial other) {
      return new PoolSettings(
          DaemonSettings.first(chunkBytes, other.chunkBytes, DEFAULTS.chunkBytes),
          DaemonSettings.first(checkpointBytes, other.checkpointBytes, DEFAULTS.checkpointBytes),
          DaemonSettings.first(preallocateBytes, other.preallocateBytes, DEFAULTS.preallocateBytes),
          DaemonSettings.first(verifyReads, other.verifyReads, DEFAULTS.verifyReads));
    }
  }

  /** Opens the pool in a directory, or makes one where there is none. */
  Pool open(Path directory) throws IOException {
    boolean there = FileMedium.exists(directory);
    FileMedium medium = there ? FileMedium.open(directory) : FileMedium.create(directory);
    try {
      if (preallocateBytes > 0) {
        medium.preallocate(preallocateBytes);
      }
    } catch (IOException | RuntimeException e) {
      medium.close();
      throw e;
    }
    PoolOptions options = PoolOptions.defaults().withCheckpointBytes(checkpointBytes);
    PoolOptions all = verifyReads ? options.withVerifiedReads() : options;
    try {
      return there ? Pool.open(medium, all) : Pool.create(medium, chunkBytes, all);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage() + "; choose another with --chunk", e);
    }
  }
}
