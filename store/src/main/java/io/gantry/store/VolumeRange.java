package io.gantry.store;

/**
 * A range of a volume that is alike all through.
 *
 * @param offset its first byte
 * @param length in bytes
 * @param state how it is kept
 */
public record VolumeRange(long offset, long length, State state) {
  /** How a range is kept. */
  public enum State {
    /** Nothing is: it reads as zeros. */
    HOLE,
    /** In chunks that only the volume has. */
    OWN,
    /** In chunks that something else has too: a clone, a snapshot, a token, another range. */
    SHARED
  }
}
