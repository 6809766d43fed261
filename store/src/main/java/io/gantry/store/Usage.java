package io.gantry.store;

/**
 * Space that a volume, snapshot or token takes.
 *
 * @param mappedBytes bytes in chunks that it maps
 * @param uniqueBytes those of them that nothing else maps: what deleting it would free
 */
public record Usage(long mappedBytes, long uniqueBytes) {
  /** Bytes in chunks that something else maps too. */
  public long sharedBytes() {
    return mappedBytes - uniqueBytes;
  }
}
