package io.gantry.dsm;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Command;
import io.gantry.scsi.RodTokenLimits;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.scsi.WriteUsingTokenList;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * DeviceDsmAction_OffloadWrite on a disk: WRITE USING TOKEN again and again, until all is written,
 * the target fails, or the time is up. For one request; used once.
 *
 * <p>A request that wrote anything at all succeeds and says how much, because the caller can go on
 * from there; it fails only if nothing was written.
 *
 * <p>Windows trusts the count of a short copy's sense data blindly, even where VALID is 0 or the
 * count exceeds the command. Here such a count is passed over and the target is asked for its
 * report, as Windows does when the count is 0: bytes that were not copied are never reported as
 * copied.
 */
final class OffloadWrite {
  /** CopyOffloadMaxTargetDuration: a longer request might time out in the layers above. */
  static final Duration MAXIMUM_DURATION = Duration.ofSeconds(4);

  private static final long DEFAULT_COMMAND_BYTES = 64L << 20;
  private static final long MAXIMUM_COMMAND_BYTES = 256L << 20;
  private static final int RETRIES = 2;

  /** Report header and longest sense data. */
  private static final int LEAST_REPORT_ALLOCATION = 32 + 255;

  private static final int MOST_REPORT_ALLOCATION = 65_535;

  private final DeviceCommands commands;
  private final RodTokenLimits limits;
  private final int blockLengthBytes;
  private final LongSupplier nanoTime;
  private final OffloadWriteParameters parameters;
  private final RangeCursor cursor;

  private long doneBlocks;
  private boolean tokenInvalid;

  OffloadWrite(
      DeviceCommands commands,
      RodTokenLimits limits,
      int blockLengthBytes,
      LongSupplier nanoTime,
      OffloadWriteParameters parameters,
      List<DataSetRange> ranges) {
    this.commands = commands;
    this.limits = limits;
    this.blockLengthBytes = blockLengthBytes;
    this.nanoTime = nanoTime;
    this.parameters = parameters;
    this.cursor = new RangeCursor(ranges, blockLengthBytes, limits);
  }

  /** Carries out a request that has passed {@link DsmChecks}. */
  IoctlResult run() throws IOException {
    long startNanos = nanoTime.getAsLong();
    NtStatus status;
    do {
      status = writeOnce();
    } while (status.isSuccess()
        && cursor.remainingBlocks() > 0
        && nanoTime.getAsLong() - startNanos < MAXIMUM_DURATION.toNanos());

    boolean truncated = doneBlocks > 0 && cursor.remainingBlocks() > 0;
    int flags =
        (truncated ? OffloadWriteOutput.RANGE_TRUNCATED : 0)
            | (tokenInvalid ? OffloadWriteOutput.TOKEN_INVALID : 0);
    return new IoctlResult(
        doneBlocks > 0 ? NtStatus.SUCCESS : status,
        new OffloadWriteOutput(flags, doneBlocks * blockLengthBytes).encode());
  }

  /** Sends one WRITE USING TOKEN; succeeds if at least a block was written. */
  private NtStatus writeOnce() throws IOException {
    List<BlockRange> descriptors = cursor.next(maximumBlocks());
    long wantedBlocks = BlockRange.totalBlocks(descriptors);
    WriteUsingTokenList list =
        new WriteUsingTokenList(
            false,
            false,
            Long.divideUnsigned(parameters.tokenOffset(), blockLengthBytes) + doneBlocks,
            parameters.token().bytes(),
            descriptors);
    int listIdentifier = commands.listIdentifiers().getAsInt();
    ScsiResponse response =
        commands.operate(Command.WRITE_USING_TOKEN, listIdentifier, list.encode(), RETRIES);
    if (response.isGood()) {
      advance(wantedBlocks);
      return NtStatus.SUCCESS;
    }
    NtStatus status = SenseStatus.ofToken(response).status();
    if (status == NtStatus.INVALID_TOKEN) {
      // The target refused the command before it began: there is no report to ask for.
      tokenInvalid = true;
      return status;
    }
    OptionalLong count = shortCopyBlocks(response, wantedBlocks);
    if (count.isPresent()) {
      advance(count.getAsLong());
      return NtStatus.SUCCESS;
    }
    CopyReport report =
        CopyReport.receive(commands, listIdentifier, wantedBlocks, reportAllocation(), RETRIES);
    tokenInvalid |= report.tokenInvalid();
    advance(report.blocks());
    return report.blocks() > 0 ? NtStatus.SUCCESS : report.failure();
  }

  /** The blocks that a short copy's sense data say were written, if they say so believably. */
  private static OptionalLong shortCopyBlocks(ScsiResponse response, long wantedBlocks) {
    Sense sense = response.sense();
    if (sense == null
        || sense.asc() != Sense.COPY_UNDERRUN.asc()
        || sense.ascq() != Sense.COPY_UNDERRUN.ascq()
        || !SenseStatus.ofToken(sense).status().isSuccess()
        || sense.information().isEmpty()) {
      return OptionalLong.empty();
    }
    long blocks = sense.information().getAsLong();
    return blocks > 0 && blocks <= wantedBlocks ? OptionalLong.of(blocks) : OptionalLong.empty();
  }

  private void advance(long blocks) {
    cursor.advance(blocks);
    doneBlocks += blocks;
  }

  /** What a target writes in well under {@link #MAXIMUM_DURATION}, as far as it says. */
  private long maximumBlocks() {
    long optimal =
        RangeCursor.least(limits.optimalTransferBlocks(), MAXIMUM_COMMAND_BYTES / blockLengthBytes);
    long unless = DEFAULT_COMMAND_BYTES / blockLengthBytes;
    return RangeCursor.least(
        limits.maximumTransferBlocks(), limits.optimalTransferBlocks() == 0 ? unless : optimal);
  }

  /** Windows receives the report into the buffer that held the parameter list. */
  private int reportAllocation() {
    int list =
        limits.maximumRanges() == 0
            ? MOST_REPORT_ALLOCATION
            : WriteUsingTokenList.LAYOUT.sizeBytes()
                + limits.maximumRanges() * BlockRange.DESCRIPTOR_LENGTH;
    return Math.clamp(list, LEAST_REPORT_ALLOCATION, MOST_REPORT_ALLOCATION);
  }
}
