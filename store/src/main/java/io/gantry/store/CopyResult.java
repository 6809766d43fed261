package io.gantry.store;

/**
 * What a copy from a token did. The three counts add up to what was copied, counted from the start
 * of the range without a gap.
 *
 * @param sharedBytes bytes that are now shared with the token
 * @param copiedBytes bytes that were read and written, because they did not lie alike in their
 *     chunks
 * @param zeroedBytes bytes that were or became holes
 */
public record CopyResult(long sharedBytes, long copiedBytes, long zeroedBytes) {
  /** Nothing. */
  public static final CopyResult NONE = new CopyResult(0, 0, 0);

  /** Bytes copied in all. */
  public long totalBytes() {
    return sharedBytes + copiedBytes + zeroedBytes;
  }

  /** Both together. */
  public CopyResult plus(CopyResult other) {
    return new CopyResult(
        sharedBytes + other.sharedBytes,
        copiedBytes + other.copiedBytes,
        zeroedBytes + other.zeroedBytes);
  }
}
