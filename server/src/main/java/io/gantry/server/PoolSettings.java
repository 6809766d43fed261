package io.gantry.server;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolEvent;
import io.gantry.store.PoolLimits;
import io.gantry.store.PoolListener;
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
    if (!PoolOptions.isChunkSize(chunkBytes)) {
      throw new IllegalArgumentException(
          "chunkBytes: %,d is no size of chunks: a power of two from 16384 to 1048576"
              .formatted(chunkBytes));
    }
    if (checkpointBytes <= 0) {
      throw new IllegalArgumentException("checkpointBytes: 1 or more, not " + checkpointBytes);
    }
    if (preallocateBytes < 0) {
      throw new IllegalArgumentException("preallocateBytes: 0 or more, not " + preallocateBytes);
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
      @Key(
              meaning = "if the pool is made now: what it shares and allocates as one piece",
              form = "bytes, a power of two, 16384 to 1048576",
              initial = "65536",
              example = "1048576")
          @Nullable Integer chunkBytes,
      @Key(
              meaning =
                  "how long the journal grows before a checkpoint lets it go: more means longer"
                      + " starts after a crash, less means more writing",
              form = "bytes",
              initial = "67108864",
              example = "268435456")
          @Nullable Long checkpointBytes,
      @Key(
              meaning = "room for data that is taken from the file system at once, and kept",
              form = "bytes",
              initial = "0",
              example = "2199023255552")
          @Nullable Long preallocateBytes,
      @Key(
              meaning = "whether what has a checksum is compared with it at each read",
              form = "`true` or `false`",
              initial = "false",
              example = "true")
          @Nullable Boolean verifyReads,
      @Nullable Limits limits) {

    /** Says nothing. */
    public static final Partial NOTHING = new Partial(null, null, null, null, null);

    /** These, completed by what is usual. */
    PoolSettings settings() {
      return new PoolSettings(
          DaemonSettings.first(chunkBytes, DEFAULTS.chunkBytes),
          DaemonSettings.first(checkpointBytes, DEFAULTS.checkpointBytes),
          DaemonSettings.first(preallocateBytes, DEFAULTS.preallocateBytes),
          DaemonSettings.first(verifyReads, DEFAULTS.verifyReads),
          DaemonSettings.first(limits, Limits.NOTHING).orDefaults());
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
      @Key(
              meaning = "tokens of copies that live at a time",
              form = "number",
              initial = "65536",
              example = "1000000",
              reload = true)
          @Nullable Integer tokens,
      @Key(
              meaning = "those of one initiator",
              form = "number",
              initial = "16384",
              example = "100000",
              reload = true)
          @Nullable Integer tokensPerInitiator,
      @Key(
              meaning = "space that only tokens hold, beyond which the oldest are revoked",
              form = "80%, 500G or none",
              initial = "\"50%\"",
              example = "\"20%\"",
              reload = true)
          @Nullable SpaceLimit pinned,
      @Key(
              meaning = "that of one initiator",
              form = "80%, 500G or none",
              initial = "\"25%\"",
              example = "\"500G\"",
              reload = true)
          @Nullable SpaceLimit pinnedPerInitiator,
      @Key(
              meaning = "used space from which on the pool warns",
              form = "80%, 500G or none",
              initial = "\"85%\"",
              example = "\"90%\"",
              reload = true)
          @Nullable SpaceLimit low,
      @Key(
              meaning = "space that the pool may use at most",
              form = "80%, 500G or none",
              initial = "\"none\"",
              example = "\"500G\"",
              reload = true)
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
      requireNumber("tokens", tokens);
      requireNumber("tokensPerInitiator", tokensPerInitiator);
      return new Limits(
          tokens,
          tokensPerInitiator,
          limit("pinned", pinned),
          limit("pinnedPerInitiator", pinnedPerInitiator),
          limit("low", low),
          limit("used", used));
    }

    private static void requireNumber(String key, @Nullable Integer tokens) {
      if (tokens != null && tokens < 0) {
        throw new IllegalArgumentException("%s: %d is no number of tokens".formatted(key, tokens));
      }
    }

    private static @Nullable SpaceLimit limit(String key, @Nullable String text) {
      try {
        return text == null ? null : SpaceLimit.parse(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("%s: %s".formatted(key, e.getMessage()), e);
      }
    }

    private PoolLimits orDefaults() {
      PoolLimits defaults = PoolLimits.defaults();
      return new PoolLimits(
          DaemonSettings.first(tokens, defaults.tokens()),
          DaemonSettings.first(tokensPerInitiator, defaults.tokensOfOwner()),
          DaemonSettings.first(pinned, defaults.pinned()),
          DaemonSettings.first(pinnedPerInitiator, defaults.pinnedOfOwner()),
          DaemonSettings.first(low, defaults.low()),
          DaemonSettings.first(used, defaults.used()));
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

  /**
   * Opens the pool in a directory, or makes one where there is none.
   *
   * @param listener is told what happens to it
   */
  Pool open(Path directory, PoolListener listener) throws IOException {
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
            .withListener(event -> {
              log(event);
              listener.happened(event);
            });
    PoolOptions all = verifyReads ? options.withVerifiedReads() : options;
    return there ? Pool.open(medium, all) : Pool.create(medium, chunkBytes, all);
  }
}
