package io.gantry.dsm;

/**
 * How a device control request ended.
 *
 * @param status the I/O status
 * @param output what stands in the output buffer; its length is the I/O status block's Information.
 *     Empty if the request was refused before it set Information. An offload that failed after a
 *     command was sent has both an error status and output
 */
public record IoctlResult(NtStatus status, byte[] output) {
  private static final byte[] NOTHING = {};

  static IoctlResult of(NtStatus status) {
    return new IoctlResult(status, NOTHING);
  }

  /** For people: the status and the number of output bytes. */
  @Override
  public String toString() {
    return "%s %d bytes".formatted(status.describe(), output.length);
  }
}
