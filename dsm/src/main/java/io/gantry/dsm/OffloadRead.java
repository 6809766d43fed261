package io.gantry.dsm;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodTokenLimits;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/**
 * DeviceDsmAction_OffloadRead on a disk: one POPULATE TOKEN and one RECEIVE ROD TOKEN INFORMATION.
 *
 * <p>Whatever does not fit one command is left out and reported as truncated: a token stands for
 * what one command made, so the rest could not be added to it.
 *
 * @param commands the way to the device
 * @param limits what the device said it can do
 * @param blockLengthBytes logical block length
 */
record OffloadRead(DeviceCommands commands, RodTokenLimits limits, int blockLengthBytes) {

  /** Report header, longest sense data, length of the descriptor list, one token descriptor. */
  private static final int REPORT_ALLOCATION = 32 + 255 + 4 + 514;

  private static final int RETRIES = 1;

  /** Carries out a request that has passed {@link DsmChecks}. */
  IoctlResult run(long timeToLiveSeconds, List<DataSetRange> ranges) throws IOException {
    RangeCursor cursor = new RangeCursor(ranges, blockLengthBytes, limits);
    List<BlockRange> descriptors = cursor.next(maximumBlocks(timeToLiveSeconds));
    PopulateTokenList list =
        new PopulateTokenList(false, timeToLiveSeconds, OptionalInt.empty(), descriptors);
    int listIdentifier = commands.listIdentifiers().getAsInt();
    ScsiResponse response =
        commands.operate(Command.POPULATE_TOKEN, listIdentifier, list.encode(), RETRIES);
    NtStatus status = SenseStatus.ofToken(response).status();
    if (!status.isSuccess()) {
      return failed(status);
    }
    long requestedBlocks = BlockRange.totalBlocks(descriptors);
    CopyReport report =
        CopyReport.receive(commands, listIdentifier, requestedBlocks, REPORT_ALLOCATION, RETRIES);
    if (report.blocks() == 0 || report.token() == null) {
      return failed(report.failure());
    }
    boolean truncated = report.blocks() < cursor.remainingBlocks();
    OffloadReadOutput output =
        new OffloadReadOutput(
            truncated ? OffloadReadOutput.RANGE_TRUNCATED : 0,
            report.blocks() * blockLengthBytes,
            report.token());
    return new IoctlResult(NtStatus.SUCCESS, output.encode());
  }

  /** The optimal count binds only when the target also chooses how long the token lives. */
  private long maximumBlocks(long timeToLiveSeconds) {
    return RangeCursor.least(
        limits.maximumTransferBlocks(),
        timeToLiveSeconds == 0 ? limits.optimalTransferBlocks() : 0);
  }

  private static IoctlResult failed(NtStatus status) {
    return new IoctlResult(status, new OffloadReadOutput(0, 0, null).encode());
  }
}
