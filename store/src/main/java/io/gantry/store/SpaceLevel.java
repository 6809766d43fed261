package io.gantry.store;

/**
 * How much of a pool is used.
 *
 * @param usedBytes bytes in chunks that something refers to
 * @param capacityBytes bytes that chunks can have in all, the used ones included
 */
public record SpaceLevel(long usedBytes, long capacityBytes) {
  /** Bytes that new chunks can have. */
  public long availableBytes() {
    return Math.max(0, capacityBytes - usedBytes);
  }
}
