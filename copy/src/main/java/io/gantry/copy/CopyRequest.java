package io.gantry.copy;

import java.util.OptionalLong;

/**
 * What to copy.
 *
 * @param sourceOffset first byte to read
 * @param length bytes to copy; empty: all that the source has from there
 * @param destinationOffset first byte to write
 * @param method how
 * @param verify read both ends afterwards and compare them
 */
public record CopyRequest(
    long sourceOffset,
    OptionalLong length,
    long destinationOffset,
    CopyMethod method,
    boolean verify) {

  /** Everything, from start to start. */
  public static CopyRequest everything(CopyMethod method) {
    return new CopyRequest(0, OptionalLong.empty(), 0, method, false);
  }
}
