package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.LbaStatus;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;

/**
 * DeviceDsmAction_Allocation on a disk: GET LBA STATUS, turned into a bitmap of slabs. A slab is
 * the disk's unmap granularity.
 *
 * <p>As the class driver does: the range begins at the next slab boundary; the slabs are counted by
 * the length that was asked for; the disk may tell about fewer, and one is enough. Unlike it: slabs
 * that a run of blocks shares with the next run are mapped if any of them is.
 *
 * @param version of the output
 * @param firstLba first block of the first slab
 * @param deltaBytes from the start of the range to there
 * @param slabs how many are asked about
 * @param slabBlocks blocks of a slab
 * @param blockLengthBytes logical block length
 * @param diskBlocks blocks of the disk
 */
record Allocation(
    int version,
    long firstLba,
    long deltaBytes,
    long slabs,
    long slabBlocks,
    int blockLengthBytes,
    long diskBlocks) {

  /** SlabAllocationBitMapBitCount has 32 bits. */
  private static final long MAXIMUM_SLABS = 0xFFFF_FFFFL;

  /** Runs that one command tells about. */
  private static final int DESCRIPTORS = 1024;

  private static final int ALLOCATION_BYTES =
      LbaStatus.HEADER_LENGTH + DESCRIPTORS * LbaStatus.DESCRIPTOR_LENGTH;

  /** What a request asks; its range and the disk's granularity must have been checked. */
  static Allocation of(DsmRequest request) {
    BlockLimits limits = request.disk().blockLimits();
    int blockLength = request.disk().capacity().blockLengthBytes();
    long alignment = request.disk().unmapAlignmentBytes();
    DataSetRange range = request.rangesOr(alignment).getFirst();
    long slabBlocks = limits.optimalUnmapGranularityBlocks();
    long slabBytes = slabBlocks * blockLength;
    long first = Math.ceilDiv(range.startingOffset() - alignment, slabBytes) * slabBytes;
    return new Allocation(
        (int) request.allocationOutputVersion(),
        (first + alignment) / blockLength,
        first + alignment - range.startingOffset(),
        Math.min(MAXIMUM_SLABS, Math.ceilDiv(range.lengthInBytes(), slabBytes)),
        slabBlocks,
        blockLength,
        request.disk().capacity().blocks());
  }

  /** Room that the caller must have: the class driver puts the block right behind the header. */
  long outputLengthBytes() {
    return ManageDataSetAttributesOutput.LAYOUT.sizeBytes()
        + ProvisioningState.sizeBytes(version, slabs);
  }

  /** Carries out a request that has passed {@link DsmChecks}. */
  IoctlResult run(DeviceCommands commands) throws IOException {
    BitSet mapped = new BitSet();
    long end = endLba();
    long at = firstLba;
    NtStatus status = at < end ? NtStatus.SUCCESS : NtStatus.UNSUCCESSFUL;
    while (status.isSuccess() && at < end) {
      DeviceCommands.Received received =
          commands.receive(new Cdb.GetLbaStatus(at, ALLOCATION_BYTES, 0), ALLOCATION_BYTES);
      status = SenseStatus.of(received.response()).status();
      if (status.isSuccess()) {
        List<LbaStatus> runs = LbaStatus.decodeList(received.data());
        long next = runs == null ? at : mark(runs, at, end, mapped);
        if (next == at) {
          status = runs == null ? NtStatus.DEVICE_DATA_ERROR : NtStatus.UNSUCCESSFUL;
        }
        at = next;
      }
    }
    // The rest of a slab that the disk did not get to is not known; the disk's end ends one.
    long told =
        at == diskBlocks ? Math.ceilDiv(at - firstLba, slabBlocks) : (at - firstLba) / slabBlocks;
    if (told == 0) {
      return IoctlResult.of(status.isSuccess() ? NtStatus.UNSUCCESSFUL : status);
    }
    mapped.clear((int) told, Integer.MAX_VALUE);
    ProvisioningState state =
        new ProvisioningState(version, slabBlocks * blockLengthBytes, deltaBytes, told, mapped);
    return new IoctlResult(
        NtStatus.SUCCESS,
        ManageDataSetAttributesOutput.packed(DsmAction.ALLOCATION, state.encode()));
  }

  /** Where the disk or the last slab ends; of so many slabs that they have no index, sooner. */
  private long endLba() {
    long counted = Math.min(slabs, Integer.MAX_VALUE);
    return counted > (diskBlocks - firstLba) / slabBlocks
        ? diskBlocks
        : firstLba + counted * slabBlocks;
  }

  /**
   * Notes runs that follow one another from {@code at} on.
   *
   * @return where they end
   */
  private long mark(List<LbaStatus> runs, long at, long end, BitSet mapped) {
    long next = at;
    for (LbaStatus run : runs) {
      if (run.lba() != next || run.blocks() == 0 || next >= end) {
        break;
      }
      long runEnd = Math.min(end, next + run.blocks());
      if (run.status() == LbaStatus.MAPPED) {
        mapped.set(
            (int) ((next - firstLba) / slabBlocks),
            (int) Math.ceilDiv(runEnd - firstLba, slabBlocks));
      }
      next = runEnd;
    }
    return next;
  }
}
