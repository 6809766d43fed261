package io.gantry.target;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What is to go wrong with the copies of a volume, for those who develop hosts: a switch that is
 * off unless somebody turns it on, and that shows when it is on.
 *
 * @param expireTokens tokens made of the volume are found to be expired when they are used
 * @param truncateBlocks a copy to the volume ends after so many blocks, and a token made of it
 *     stands for no more
 * @param loseAnswers so many answers to RECEIVE ROD TOKEN INFORMATION never come; the results stay
 * @param status what RECEIVE ROD TOKEN INFORMATION tells as COPY OPERATION STATUS instead of what
 *     is so
 * @param delay how much longer each copy command to the volume takes
 */
public record CopyFaults(
    boolean expireTokens,
    OptionalLong truncateBlocks,
    int loseAnswers,
    OptionalInt status,
    Duration delay) {
  private static final Duration LONGEST_DELAY = Duration.ofHours(1);

  /** Nothing goes wrong. */
  public static final CopyFaults NONE =
      new CopyFaults(false, OptionalLong.empty(), 0, OptionalInt.empty(), Duration.ZERO);

  public CopyFaults {
    if (truncateBlocks.orElse(0) < 0
        || loseAnswers < 0
        || status.orElse(0) < 0
        || status.orElse(0) > 0x7F
        || delay.isNegative()
        || delay.compareTo(LONGEST_DELAY) > 0) {
      throw new IllegalArgumentException(
          "a fault is out of bounds: blocks and answers from 0, a status from 0 to 127, a delay up"
              + " to an hour");
    }
  }

  /** For people: {@code tokens expire, copies end after 8 blocks}; empty if nothing goes wrong. */
  public String describe() {
    List<String> parts = new ArrayList<>();
    if (expireTokens) {
      parts.add("tokens expire");
    }
    truncateBlocks.ifPresent(blocks -> parts.add("copies end after %,d blocks".formatted(blocks)));
    if (loseAnswers > 0) {
      parts.add("%,d answers get lost".formatted(loseAnswers));
    }
    status.ifPresent(code -> parts.add("status is %02Xh".formatted(code)));
    if (!delay.isZero()) {
      parts.add("commands take %,d ms longer".formatted(delay.toMillis()));
    }
    return String.join(", ", parts);
  }

  /** The same with another number of answers to lose. */
  CopyFaults withAnswersToLose(int number) {
    return new CopyFaults(expireTokens, truncateBlocks, number, status, delay);
  }
}
