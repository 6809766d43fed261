package io.gantry.dsm;

import org.jspecify.annotations.Nullable;

/**
 * How an offload read ended.
 *
 * @param status SUCCESS if there is a token
 * @param lengthProtected bytes that the token stands for, from the start of the first range
 * @param flags of {@link OffloadReadOutput}
 * @param token the token; null after a failure
 */
public record OffloadReadResult(
    NtStatus status, long lengthProtected, int flags, @Nullable OffloadToken token) {

  static OffloadReadResult of(IoctlResult result) {
    if (result.output().length == 0) {
      return new OffloadReadResult(result.status(), 0, 0, null);
    }
    OffloadReadOutput output = OffloadReadOutput.decode(result.output());
    return new OffloadReadResult(
        result.status(), output.lengthProtected(), output.flags(), output.token());
  }

  /**
   * The token, of an offload read that must have succeeded.
   *
   * @throws StatusException if it did not
   */
  public OffloadToken tokenOrThrow() throws StatusException {
    if (token == null) {
      throw new StatusException(DsmAction.OFFLOAD_READ.windowsName(), status);
    }
    return token;
  }

  /** Whether the token stands for less than was asked. */
  public boolean isRangeTruncated() {
    return (flags & OffloadReadOutput.RANGE_TRUNCATED) != 0;
  }
}
