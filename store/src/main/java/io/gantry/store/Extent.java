package io.gantry.store;

/**
 * A run of bytes of a volume.
 *
 * @param offset first byte
 * @param length number of bytes
 */
public record Extent(long offset, long length) {
  public Extent {
    if (offset < 0 || length < 0 || offset + length < 0) {
      throw new IllegalArgumentException("bad extent %d+%d".formatted(offset, length));
    }
  }

  /** The byte behind the last one. */
  public long end() {
    return offset + length;
  }
}
