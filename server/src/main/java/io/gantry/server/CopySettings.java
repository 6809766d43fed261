package io.gantry.server;

import io.gantry.store.SpaceLimit;
import io.gantry.target.CopyFaults;
import io.gantry.target.CopyOptions;
import io.gantry.target.Ticker;
import java.io.IOException;
import java.nio.file.Path;
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
      @Nullable String redeemers,
      @Nullable Long budgetMillis,
      @Nullable String rate,
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
      @Nullable String volume,
      @Nullable Boolean expireTokens,
      @Nullable Long truncateBlocks,
      @Nullable Integer loseAnswers,
      @Nullable Integer status,
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
  static CopySettings of(Path file, @Nullable Copy copy, @Nullable List<Fault> faults)
      throws IOException {
    try {
      CopyOptions options = copy == null ? DEFAULTS.options : options(copy);
      Map<String, CopyFaults> byVolume = new HashMap<>();
      for (Fault fault : faults == null ? List.<Fault>of() : faults) {
        if (fault.volume == null) {
          throw new IllegalArgumentException("a [[fault]] needs the name of a volume");
        }
        byVolume.put(fault.volume, fault.faults());
      }
      return new CopySettings(options, byVolume);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
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
