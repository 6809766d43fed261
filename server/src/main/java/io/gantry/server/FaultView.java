package io.gantry.server;

import io.gantry.target.CopyFaults;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong with the copies of a volume on purpose, as the REST interface shows it and takes
 * it. What is null does not go wrong.
 *
 * @param volume its name; not asked for when faults are turned on
 * @param expireTokens whether tokens made of it expire at once
 * @param truncateBlocks where copies to it, and tokens made of it, end
 * @param loseAnswers how many answers to RECEIVE ROD TOKEN INFORMATION never come
 * @param status what it tells as COPY OPERATION STATUS instead of what is so
 * @param delayMillis how much longer each copy command takes
 * @param description for people; not asked for when faults are turned on
 */
public record FaultView(
    @Nullable String volume,
    @Nullable Boolean expireTokens,
    @Nullable Long truncateBlocks,
    @Nullable Integer loseAnswers,
    @Nullable Integer status,
    @Nullable Long delayMillis,
    @Nullable String description) {

  static FaultView of(String volume, CopyFaults faults) {
    return new FaultView(
        volume,
        faults.expireTokens(),
        faults.truncateBlocks().isPresent() ? faults.truncateBlocks().getAsLong() : null,
        faults.loseAnswers(),
        faults.status().isPresent() ? faults.status().getAsInt() : null,
        faults.delay().toMillis(),
        faults.describe());
  }

  /**
   * What is to go wrong.
   *
   * @throws IllegalArgumentException if something is out of bounds
   */
  CopyFaults faults() {
    return new CopyFaults(
        Boolean.TRUE.equals(expireTokens),
        truncateBlocks == null ? OptionalLong.empty() : OptionalLong.of(truncateBlocks),
        loseAnswers == null ? 0 : loseAnswers,
        status == null ? OptionalInt.empty() : OptionalInt.of(status),
        Duration.ofMillis(delayMillis == null ? 0 : delayMillis));
  }
}
