package io.gantry.server;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolEvent;
import io.gantry.store.PoolLimits;
import io.gantry.store.PoolOptions;
import io.gantry.store.SpaceLimit;
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
 * @param limits what the pool may use
 */
public record PoolSettings(
    int chunkBytes,
    long checkpointBytes,
    long preallocateBytes,
    boolean verifyReads,
    PoolLimits limits) {
  private static final System.Logger LOG = System.getLogger(Pool.class.getName());

  public PoolSettings {
    if (checkpointBytes <= 0 || preallocateBytes < 0) {
      throw new IllegalArgumentException("a checkpoint after 0 bytes, or a negative size");
    }
  }

  /** 64 KiB, a checkpoint every 64 MiB, nothing in advance, reads not verified, usual limits. */
  public static final PoolSettings DEFAULTS =
      new PoolSettings(
          Pool.DEFAULT_CHUNK,
          PoolOptions.defaults().checkpointBytes(),
          0,
          false,
          PoolLimits.defaults());

  /**
   * What a configuration file or the command line says; null where it says nothing.
   *
   * @param chunkBytes as {@link PoolSettings#chunkBytes}
   * @param checkpointBytes as {@link PoolSettings#checkpointBytes}
   * @param preallocateBytes as {@link PoolSettings#preallocateBytes}
   * @param verifyReads as {@link PoolSettings#verifyReads}
   * @param limits as {@link PoolSettings#limits}
   */
  public record Partial(
      @Nullable Integer chunkBytes,
      @Nullable Long checkpointBytes,
      @Nullable Long preallocateBytes,
      @Nullable Boolean verifyReads,
      @Nullable Limits limits) {

    /** Says nothing. */
    public static final Partial NOTHING = new Partial(null, null, null, null, null);

    /** Settings in which this counts first, then the other, then the defaults. */
    PoolSettings orElse(Partial other) {
      return new PoolSettings(
          DaemonSettings.first(chunkBytes, other.chunkBytes, DEFAULTS.chunkBytes),
          DaemonSettings.first(checkpointBytes, other.checkpointBytes, DEFAULTS.checkpointBytes),
          DaemonSettings.first(preallocateBytes, other.preallocateBytes, DEFAULTS.preallocateBytes),
          DaemonSettings.first(verifyReads, other.verifyReads, DEFAULTS.verifyReads),
          DaemonSettings.first(limits, other.limits, Limits.NOTHING).orDefaults());
    }
  }

  /**
   * What a configuration file says of limits; null where it says nothing. Space is written as
   * {@code 80%}, {@code 500G} or {@code none}.
   *
   * @param tokens as {@link PoolLimits#tokens}
   * @param tokensPerInitiator as {@link PoolLimits#tokensOfOwner}
   * @param pinned as {@link PoolLimits#pinned}
   * @param pinnedPerInitiator as {@link PoolLimits#pinnedOfOwner}
   * @param low as {@link PoolLimits#low}
   * @param used as {@link PoolLimits#used}
   */
  public record Limits(
      @Nullable Integer tokens,
      @Nullable Integer tokensPerInitiator,
      @Nullable SpaceLimit pinned,
      @Nullable SpaceLimit pinnedPerInitiator,
      @Nullable SpaceLimit low,
      @Nullable SpaceLimit used) {
    private static final Limits NOTHING = new Limits(null, null, null, null, null, null);

    /** As Jackson calls it. */
    @JsonCreator
    static Limits of(
        @JsonProperty("tokens") @Nullable Integer tokens,
        @JsonProperty("tokensPerInitiator") @Nullable Integer tokensPerInitiator,
        @JsonProperty("pinned") @Nullable String pinned,
        @JsonProperty("pinnedPerInitiator") @Nullable String pinnedPerInitiator,
        @JsonProperty("low") @Nullable String low,
        @JsonProperty("used") @Nullable String used) {
      requireNumber(tokens);
      requireNumber(tokensPerInitiator);
      return new Limits(
          tokens,
          tokensPerInitiator,
          limit(pinned),
          limit(pinnedPerInitiator),
          limit(low),
          limit(used));
    }

    private static void requireNumber(@Nullable Integer tokens) {
      if (tokens != null && tokens < 0) {
        throw new IllegalArgumentException("%d is no number of tokens".formatted(tokens));
      }
    }

    private static @Nullable SpaceLimit limit(@Nullable String text) {
      return text == null ? null : SpaceLimit.parse(text);
    }

    private PoolLimits orDefaults() {
      PoolLimits defaults = PoolLimits.defaults();
      return new PoolLimits(
          DaemonSettings.first(tokens, null, defaults.tokens()),
          DaemonSettings.first(tokensPerInitiator, null, defaults.tokensOfOwner()),
          DaemonSettings.first(pinned, null, defaults.pinned()),
          DaemonSettings.first(pinnedPerInitiator, null, defaults.pinnedOfOwner()),
          DaemonSettings.first(low, null, defaults.low()),
          DaemonSettings.first(used, null, defaults.used()));
    }
  }

  private static void log(PoolEvent event) {
    LOG.log(
        switch (event) {
          case PoolEvent.SpaceNoLongerLow _, PoolEvent.NoLongerFull _ -> System.Logger.Level.INFO;
          case PoolEvent.OwnershipLost _, PoolEvent.Stopped _ -> System.Logger.Level.ERROR;
          case PoolEvent.SpaceLow _, PoolEvent.Full _, PoolEvent.TokenRevoked _ ->
              System.Logger.Level.WARNING;
        },
        event.message());
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
    PoolOptions options =
        PoolOptions.defaults()
            .withCheckpointBytes(checkpointBytes)
            .withLimits(limits)
            .withListener(PoolSettings::log);
    PoolOptions all = verifyReads ? options.withVerifiedReads() : options;
    try {
      return there ? Pool.open(medium, all) : Pool.create(medium, chunkBytes, all);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage() + "; choose another with --chunk", e);
    }
  }
}
