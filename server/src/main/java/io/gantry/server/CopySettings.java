package io.gantry.server;

import io.gantry.store.SpaceLimit;
import io.gantry.target.CopyFaults;
import io.gantry.target.CopyOptions;
import io.gantry.target.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the target copies, and what goes wrong with it on purpose.
 *
 * @param options who may copy from whose tokens, and how fast
 * @param faults by names of volumes
 */
public record CopySettings(CopyOptions options, Map<String, CopyFaults> faults) {

  /** The usual, and nothing goes wrong. */
  public static final CopySettings DEFAULTS =
      new CopySettings(CopyOptions.defaults().withTicker(Ticker.of(System::nanoTime)), Map.of());

  public CopySettings {
    faults = Map.copyOf(faults);
  }

  /**
   * The table {@code [copy]} of a configuration file; null where it says nothing.
   *
   * @param redeemers {@code anyone} or {@code creator}
   * @param budgetMillis how long a copy that its command waits for may take
   * @param rate bytes that copies may move in a second, as in {@code 256M}
   * @param depth how many copies may move bytes at a time
   */
  record Copy(
      @Key(
              meaning = "who may copy from a token: whoever holds it, or only who had it made",
              form = "`anyone` or `creator`",
              initial = "\"anyone\"",
              example = "\"creator\"",
              reload = true)
          @Nullable String redeemers,
      @Key(
              meaning =
                  "how long a copy that its command waits for may take if bytes must be moved;"
                      + " Windows waits 4 s",
              form = "ms",
              initial = "2000",
              example = "3000",
              reload = true)
          @Nullable Long budgetMillis,
      @Key(
              meaning = "how fast all copies together may move bytes",
              form = "bytes a second, or with K, M, G, T",
              initial = "\"256M\"",
              example = "\"1G\"",
              reload = true)
          @Nullable String rate,
      @Key(
              meaning = "how many copies may move bytes at a time",
              form = "number",
              initial = "2",
              example = "8",
              reload = true)
          @Nullable Integer depth) {}

  /**
   * A table {@code [[fault]]} of a configuration file.
   *
   * @param volume its name
   * @param expireTokens as {@link CopyFaults#expireTokens}
   * @param truncateBlocks as {@link CopyFaults#truncateBlocks}
   * @param loseAnswers as {@link CopyFaults#loseAnswers}
   * @param status as {@link CopyFaults#status}
   * @param delayMillis as {@link CopyFaults#delay}
   */
  record Fault(
      @Key(
              meaning = "which volume's copies go wrong on purpose, for tests",
              form = "name",
              example = "\"scratch\"",
              reload = true)
          @Nullable String volume,
      @Key(
              meaning = "tokens made of it expire at once",
              form = "`true` or `false`",
              example = "true",
              reload = true)
          @Nullable Boolean expireTokens,
      @Key(
              meaning = "copies to it, and tokens of it, end there",
              form = "blocks",
              example = "100",
              reload = true)
          @Nullable Long truncateBlocks,
      @Key(
              meaning = "so many answers to RECEIVE ROD TOKEN INFORMATION never come",
              form = "number",
              example = "1",
              reload = true)
          @Nullable Integer loseAnswers,
      @Key(
              meaning = "what it tells as COPY OPERATION STATUS instead",
              form = "0 to 127",
              example = "4",
              reload = true)
          @Nullable Integer status,
      @Key(
              meaning = "how much longer each copy command takes",
              form = "ms",
              example = "500",
              reload = true)
          @Nullable Long delayMillis) {

    CopyFaults faults() {
      return new FaultView(
              volume, expireTokens, truncateBlocks, loseAnswers, status, delayMillis, null)
          .faults();
    }
  }

  /**
   * Puts together what a configuration file says.
   *
   * @throws IOException if something in it cannot be; the message names it
   */
  static CopySettings of(
      Configuration.Origin origin, @Nullable Copy copy, @Nullable List<Fault> faults)
      throws IOException {
    String path = "copy";
    try {
      CopyOptions options = copy == null ? DEFAULTS.options : options(copy);
      Map<String, CopyFaults> byVolume = new HashMap<>();
      int index = 0;
      for (Fault fault : faults == null ? List.<Fault>of() : faults) {
        path = "fault[%d]".formatted(index++);
        if (fault.volume == null) {
          throw new IllegalArgumentException("a [[fault]] needs the name of a volume");
        }
        byVolume.put(fault.volume, fault.faults());
      }
      return new CopySettings(options, byVolume);
    } catch (IllegalArgumentException e) {
      throw origin.refuse(path, "%s: %s".formatted(path, e.getMessage()));
    }
  }

  private static CopyOptions options(Copy copy) {
    CopyOptions usual = DEFAULTS.options;
    return usual
        .withRedeemers(
            switch (copy.redeemers) {
              case null -> usual.redeemers();
              case "anyone" -> CopyOptions.Redeemers.ANYONE;
              case "creator" -> CopyOptions.Redeemers.CREATOR;
              default ->
                  throw new IllegalArgumentException(
                      "redeemers is '%s'; it can be anyone or creator".formatted(copy.redeemers));
            })
        .withPace(
            Duration.ofMillis(
                copy.budgetMillis == null ? usual.budget().toMillis() : copy.budgetMillis),
            copy.rate == null ? usual.bytesPerSecond() : rate(copy.rate),
            copy.depth == null ? usual.depth() : copy.depth);
  }

  private static long rate(String text) {
    SpaceLimit rate = SpaceLimit.parse(text);
    if (rate.bytes() == 0) { // a percentage, or nothing
      throw new IllegalArgumentException(
          "rate is '%s': write how many bytes a second, as in 256M, or none".formatted(text));
    }
    return rate.bytes();
  }
}
