package io.gantry.copy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a copy did, or has done so far.
 *
 * @param bytesByToken bytes that the storage copied by itself, by token
 * @param bytesByExtendedCopy the same by EXTENDED COPY
 * @param bytesMoved bytes that went through this machine
 * @param bytesZeroed bytes of holes, which were not read
 * @param bytesResumed bytes that an earlier run of the same copy had done
 * @param bytesRepeated bytes that were copied once more, since a logical unit was lost before they
 *     were known to be on stable storage
 * @param losses how often a logical unit was lost and came back
 * @param tokens how many tokens the bytes came from; those of one token are of one instant
 * @param traffic what went to both ends and came from them; without the comparison
 * @param duration from the first command to the end of the flush; without the comparison
 * @param fallbacks why not everything went by the first method
 * @param comparison how source and destination were compared; empty if they were not
 */
public record CopyResult(
    long bytesByToken,
    long bytesByExtendedCopy,
    long bytesMoved,
    long bytesZeroed,
    long bytesResumed,
    long bytesRepeated,
    int losses,
    int tokens,
    Traffic traffic,
    Duration duration,
    List<Fallback> fallbacks,
    Optional<Comparison> comparison) {

  /**
   * Bytes that a method did not copy, and why not.
   *
   * @param method the method that failed or could not be tried
   * @param reason why
   * @param offset where in the copy it failed first
   * @param bytes how many bytes were left to the next method for this reason
   */
  public record Fallback(CopyMethod method, String reason, long offset, long bytes) {}

  /**
   * How two ends were compared; they are equal.
   *
   * @param bytesRead bytes that were read from both
   * @param bytesOfHoles bytes that both ends call holes, which read as zeros
   */
  public record Comparison(long bytesRead, long bytesOfHoles) {}

  /** All bytes that the storage copied by itself. */
  public long bytesOffloaded() {
    return bytesByToken + bytesByExtendedCopy;
  }

  /** All bytes that this run copied, each once. */
  public long bytes() {
    return bytesOffloaded() + bytesMoved + bytesZeroed - bytesRepeated;
  }

  CopyResult with(Comparison made) {
    return new CopyResult(
        bytesByToken,
        bytesByExtendedCopy,
        bytesMoved,
        bytesZeroed,
        bytesResumed,
        bytesRepeated,
        losses,
        tokens,
        traffic,
        duration,
        fallbacks,
        Optional.of(made));
  }
}
