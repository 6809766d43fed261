package io.gantry.dsm;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads ranges where they are, by VERIFY(16), and tells which blocks cannot be read. For one
 * request; used once.
 *
 * <p>A disk that says which block is at fault is believed; of another one each half is tried by
 * itself, down to the block. The search ends after {@link #MAXIMUM_ERRORS} errors: a disk with more
 * has another problem than these blocks.
 */
final class MediumCheck {
  static final int MAXIMUM_ERRORS = 4096;

  private static final long COMMAND_BYTES = 16L << 20;

  /**
   * A run of blocks of a range.
   *
   * @param bytes its length
   * @param bad whether none of it can be read
   */
  record Run(long bytes, boolean bad) {}

  private final DeviceCommands commands;
  private final int blockLengthBytes;
  private final long mostBlocks;
  private final List<Run> runs = new ArrayList<>();
  private NtStatus status = NtStatus.SUCCESS;
  private int errors;

  MediumCheck(DeviceCommands commands, Discovery disk) {
    this.commands = commands;
    this.blockLengthBytes = disk.capacity().blockLengthBytes();
    this.mostBlocks =
        RangeCursor.least(
            disk.blockLimits().maximumTransferBlocks(),
            Math.max(1, COMMAND_BYTES / blockLengthBytes));
  }

  /** Reads the ranges, in the order given. */
  MediumCheck run(List<DataSetRange> ranges) throws IOException {
    for (DataSetRange range : ranges) {
      if (status.isSuccess()) {
        read(range.startingOffset() / blockLengthBytes, range.lengthInBytes() / blockLengthBytes);
      }
    }
    return this;
  }

  /** SUCCESS if all was looked at, whatever was found; otherwise why it ended. */
  NtStatus status() {
    return status;
  }

  /** What was found, range after range: no run is in two ranges. */
  List<Run> runs() {
    return runs;
  }

  /** Bytes of all runs that are bad, or that are good. */
  long bytes(boolean bad) {
    return runs.stream().filter(run -> run.bad == bad).mapToLong(Run::bytes).sum();
  }

  private void read(long lba, long count) throws IOException {
    int firstRun = runs.size();
    long at = lba;
    long end = lba + count;
    long step = mostBlocks;
    while (at < end) {
      long blocks = Math.min(step, end - at);
      ScsiResponse response =
          commands.execute(
              new BlockCdb.Verify(Command.VERIFY_16, at, blocks, BlockCdb.ByteCheck.READABLE));
      if (response.isGood()) {
        note(firstRun, blocks, false);
        at += blocks;
        step = Math.min(mostBlocks, step * 2);
        continue;
      }
      Sense sense = response.sense();
      if (sense == null || sense.key() != Sense.MEDIUM_ERROR_KEY) {
        status = SenseStatus.of(response).status();
        if (status.isSuccess()) {
          status = NtStatus.IO_DEVICE_ERROR; // a recovered error is no reason to fail
        }
        return;
      }
      if (++errors > MAXIMUM_ERRORS) {
        status = NtStatus.DEVICE_DATA_ERROR;
        return;
      }
      long fault = sense.information().orElse(-1);
      if (fault >= at && fault < at + blocks) {
        note(firstRun, fault - at, false);
        note(firstRun, 1, true);
        at = fault + 1;
      } else if (blocks == 1) {
        note(firstRun, 1, true);
        at++;
      } else {
        step = blocks / 2;
      }
    }
  }

  /** Adds blocks, to the last run of this range if they are like it. */
  private void note(int firstRun, long blocks, boolean bad) {
    if (blocks == 0) {
      return;
    }
    long bytes = blocks * blockLengthBytes;
    Run last = runs.size() > firstRun ? runs.getLast() : null;
    if (last != null && last.bad == bad) {
      runs.set(runs.size() - 1, new Run(last.bytes + bytes, bad));
    } else {
      runs.add(new Run(bytes, bad));
    }
  }
}
