package io.gantry.copy;

import java.io.IOException;
import java.util.Optional;

/** A way to let the storage copy by itself. Safe for use by several threads. */
interface OffloadMethod {

  /**
   * How far it went.
   *
   * @param bytes copied, from the start of the range
   * @param obstacle why not all of it; empty if more may go at the next attempt
   */
  record Outcome(long bytes, Optional<Obstacle> obstacle) {
    static Outcome done(long bytes) {
      return new Outcome(bytes, Optional.empty());
    }

    static Outcome stuck(long bytes, String reason) {
      return new Outcome(bytes, Optional.of(new Obstacle(reason, false)));
    }

    static Outcome hopeless(String reason) {
      return new Outcome(0, Optional.of(new Obstacle(reason, true)));
    }
  }

  /**
   * Why something is not copied this way.
   *
   * @param reason without the place, so that the same reason elsewhere reads the same
   * @param isForGood nothing else between these two ends can be copied this way
   */
  record Obstacle(String reason, boolean isForGood) {}

  CopyMethod method();

  Means means();

  /** Most bytes that are asked for at once. */
  long pieceBytes();

  /**
   * Copies a range, or as much of its beginning as goes in one step.
   *
   * @throws IOException if an end was lost
   */
  Outcome copy(long sourceOffset, long destinationOffset, long length) throws IOException;
}
