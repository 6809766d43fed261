package io.gantry.dsm;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Command;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * DeviceDsmAction_WriteZeroes on a disk: WRITE SAME(16) of a block of zeros. The blocks may be
 * unmapped instead if what is unmapped reads as zeros. There is no output; if a command fails,
 * those before it have done their part.
 *
 * @param commands the way to the device
 * @param disk whose limits count
 */
record WriteZeroes(DeviceCommands commands, Discovery disk) {

  /** What one command zeros of a disk that gives no limit: it must end within its timeout. */
  private static final long DEFAULT_COMMAND_BYTES = 64L << 20;

  private static final long MAXIMUM_COMMAND_BLOCKS = 0xFFFF_FFFFL;

  /** Carries out a request that has passed {@link DsmChecks}. */
  IoctlResult run(List<DataSetRange> ranges) throws IOException {
    int blockLength = disk.capacity().blockLengthBytes();
    long limit = disk.blockLimits().maximumWriteSameBlocks();
    long most =
        limit > 0
            ? Math.min(limit, MAXIMUM_COMMAND_BLOCKS)
            : Math.max(1, DEFAULT_COMMAND_BYTES / blockLength);
    boolean unmap =
        disk.provisioning()
            .map(page -> page.writeSameUnmaps() && page.unmappedReadsZero())
            .orElse(false);
    ByteBuffer zeros = ByteBuffer.allocate(blockLength);
    for (DataSetRange range : ranges) {
      long lba = range.startingOffset() / blockLength;
      long left = range.lengthInBytes() / blockLength;
      while (left > 0) {
        long blocks = Math.min(left, most);
        NtStatus status = writeSame(lba, blocks, unmap, zeros);
        if (!status.isSuccess()) {
          return IoctlResult.of(status);
        }
        lba += blocks;
        left -= blocks;
      }
    }
    return IoctlResult.of(NtStatus.SUCCESS);
  }

  private NtStatus writeSame(long lba, long blocks, boolean unmap, ByteBuffer zeros)
      throws IOException {
    BlockCdb.WriteSame cdb =
        new BlockCdb.WriteSame(Command.WRITE_SAME_16, lba, blocks, unmap, false);
    return SenseStatus.of(commands.send(cdb, zeros)).status();
  }
}
