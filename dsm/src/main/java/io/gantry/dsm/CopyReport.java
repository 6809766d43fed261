package io.gantry.dsm;

import io.gantry.scsi.RodTokenInformation;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What RECEIVE ROD TOKEN INFORMATION says about a token operation, read as classpnp reads it.
 *
 * <p>The operation must have ended: Windows sends its commands without IMMED and never asks twice.
 * A target that claims more blocks than it was asked for is not believed at all.
 *
 * @param blocks blocks done, from the first one without a gap; 0 counts as failure
 * @param failure why, if {@code blocks} is 0
 * @param tokenInvalid whether the report blames the token, also when some blocks were done
 * @param token the token that was made, if any
 */
record CopyReport(
    long blocks, NtStatus failure, boolean tokenInvalid, @Nullable OffloadToken token) {

  /**
   * Asks for the report.
   *
   * @param listIdentifier the operation
   * @param requestedBlocks what the operation was asked to do
   * @param allocation bytes of room for the report
   * @param retries how often to ask again after an error that may pass
   */
  static CopyReport receive(
      DeviceCommands commands,
      int listIdentifier,
      long requestedBlocks,
      int allocation,
      int retries)
      throws IOException {
    DeviceCommands.Received received = commands.report(listIdentifier, allocation, retries);
    NtStatus status = SenseStatus.ofToken(received.response()).status();
    if (!status.isSuccess()) {
      return failed(status);
    }
    RodTokenInformation information = RodTokenInformation.decode(received.data());
    if (information == null || !information.isFinished()) {
      return failed(NtStatus.UNSUCCESSFUL);
    }
    return of(information, requestedBlocks);
  }

  private static CopyReport of(RodTokenInformation information, long requestedBlocks) {
    boolean counts =
        information.status() == RodTokenInformation.STATUS_COMPLETED
            || information.status() == RodTokenInformation.STATUS_COMPLETED_PARTIALLY;
    boolean plausible = Long.compareUnsigned(information.transferBlocks(), requestedBlocks) <= 0;
    NtStatus reason = reason(information);
    byte[] token = information.token();
    return new CopyReport(
        counts && plausible ? information.transferBlocks() : 0,
        reason.isSuccess() ? NtStatus.UNSUCCESSFUL : reason,
        reason == NtStatus.INVALID_TOKEN,
        token == null ? null : new OffloadToken(token));
  }

  /** Sense data of an operation that went well are a remark, not a reason. */
  private static NtStatus reason(RodTokenInformation information) {
    return information.status() == RodTokenInformation.STATUS_COMPLETED
            || information.sense() == null
        ? NtStatus.SUCCESS
        : SenseStatus.ofToken(information.sense()).status();
  }

  private static CopyReport failed(NtStatus status) {
    return new CopyReport(0, status, false, null);
  }
}
