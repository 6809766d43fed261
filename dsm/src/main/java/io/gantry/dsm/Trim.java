package io.gantry.dsm;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.UnmapList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * DeviceDsmAction_Trim on a disk: UNMAP, as often as the disk's limits demand. There is no output;
 * if a command fails, those before it have done their part.
 *
 * @param commands the way to the device
 * @param disk whose limits count
 */
record Trim(DeviceCommands commands, Discovery disk) {

  /** In VPD page B0h: as many as may be. */
  private static final long NOT_LIMITED = 0xFFFF_FFFFL;

  /** NUMBER OF LOGICAL BLOCKS of a descriptor has 32 bits. */
  private static final long MAXIMUM_DESCRIPTOR_BLOCKS = 0xFFFF_FFFFL;

  /** PARAMETER LIST LENGTH has 16 bits; 8 of the bytes are the list's header. */
  private static final int MAXIMUM_DESCRIPTORS = (65_535 - 8) / BlockRange.DESCRIPTOR_LENGTH;

  /** Carries out a request that has passed {@link DsmChecks}. */
  IoctlResult run(List<DataSetRange> ranges) throws IOException {
    long mostBlocks = disk.blockLimits().maximumUnmapBlocks();
    long room = mostBlocks == NOT_LIMITED ? Long.MAX_VALUE : mostBlocks;
    int descriptors =
        (int) Math.min(disk.blockLimits().maximumUnmapDescriptors(), MAXIMUM_DESCRIPTORS);
    int blockLength = disk.capacity().blockLengthBytes();
    List<BlockRange> list = new ArrayList<>();
    long listed = 0;
    for (DataSetRange range : ranges) {
      long lba = range.startingOffset() / blockLength;
      long left = range.lengthInBytes() / blockLength;
      while (left > 0) {
        if (list.size() == descriptors || listed == room) {
          NtStatus status = unmap(list);
          if (!status.isSuccess()) {
            return IoctlResult.of(status);
          }
          list.clear();
          listed = 0;
        }
        long blocks = Math.min(Math.min(left, room - listed), MAXIMUM_DESCRIPTOR_BLOCKS);
        list.add(new BlockRange(lba, blocks));
        lba += blocks;
        left -= blocks;
        listed += blocks;
      }
    }
    return IoctlResult.of(unmap(list));
  }

  private NtStatus unmap(List<BlockRange> list) throws IOException {
    ByteBuffer parameters = UnmapList.encode(list);
    return SenseStatus.of(commands.send(new Cdb.Unmap(parameters.remaining()), parameters))
        .status();
  }
}
