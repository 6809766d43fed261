package io.gantry.copy;

import java.time.Duration;
import java.util.Optional;

/**
 * What a copy did.
 *
 * @param bytesOffloaded bytes that the storage copied by itself
 * @param bytesReadWritten bytes that went through this machine
 * @param traffic what went to both ends and came from them; without the comparison
 * @param duration from the first command to the end of the flush; without the comparison
 * @param notOffloaded why not all bytes were offloaded; empty if all were
 */
public record CopyResult(
    long bytesOffloaded,
    long bytesReadWritten,
    Traffic traffic,
    Duration duration,
    Optional<String> notOffloaded) {

  /** All bytes copied. */
  public long bytes() {
    return bytesOffloaded + bytesReadWritten;
  }
}
