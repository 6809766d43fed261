package io.gantry.dsm;

/**
 * How an offload write ended.
 *
 * @param status SUCCESS if anything was written
 * @param lengthCopied bytes written, from the start of the first range
 * @param flags of {@link OffloadWriteOutput}
 */
public record OffloadWriteResult(NtStatus status, long lengthCopied, int flags) {

  static OffloadWriteResult of(IoctlResult result) {
    if (result.output().length == 0) {
      return new OffloadWriteResult(result.status(), 0, 0);
    }
    OffloadWriteOutput output = OffloadWriteOutput.decode(result.output());
    return new OffloadWriteResult(result.status(), output.lengthCopied(), output.flags());
  }

  /** Whether something, but less than was asked, was written. */
  public boolean isRangeTruncated() {
    return (flags & OffloadWriteOutput.RANGE_TRUNCATED) != 0;
  }

  /** Whether the target will not take the token again. */
  public boolean isTokenInvalid() {
    return (flags & OffloadWriteOutput.TOKEN_INVALID) != 0;
  }
}
