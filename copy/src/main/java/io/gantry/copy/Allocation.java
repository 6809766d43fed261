package io.gantry.copy;

/**
 * Whether a run of bytes of an end is a hole.
 *
 * @param lengthBytes more than 0
 * @param isHole nothing is stored there, and it reads as zeros
 */
public record Allocation(long lengthBytes, boolean isHole) {
  /** Something is stored there, or may be. */
  public static Allocation data(long lengthBytes) {
    return new Allocation(lengthBytes, false);
  }
}
