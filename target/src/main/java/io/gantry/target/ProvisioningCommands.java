package io.gantry.target;

import static io.gantry.target.UnitBlocks.refuseDataOut;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.scsi.UnmapList;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * The commands about which blocks are mapped (SBC-3 4.7): UNMAP, WRITE SAME, GET LBA STATUS. They
 * change or read page tables, whatever the length.
 */
final class ProvisioningCommands {
  /** UNMAP of any length takes as long: no limit. Initiators' tests allow this or up to 2^20. */
  private static final long MAX_UNMAP_BLOCKS = 0xFFFF_FFFFL;

  private static final int MAX_UNMAP_RANGES = 256;

  /** What WRITE SAME(10) can say; an initiator that learns of more might write as much at once. */
  private static final long MAX_WRITE_SAME_BLOCKS = 0xFFFF;

  private static final int MAX_STATUS_DESCRIPTORS = 256;

  // GET LBA STATUS, PROVISIONING STATUS. Old initiators know no 3h for mapped.
  private static final byte MAPPED = 0;
  private static final byte DEALLOCATED = 1;

  private final Volume volume;
  private final UnitBlocks blocks;

  ProvisioningCommands(Volume volume, UnitBlocks blocks) {
    this.volume = volume;
    this.blocks = blocks;
  }

  /** VPD page B0h of any logical unit with these sizes. */
  static BlockLimits limits(int blockBytes, int chunkBytes, int maximumTransferBytes) {
    return new BlockLimits(
        BlockCommands.COMPARE_AND_WRITE_BLOCKS,
        Math.min(chunkBytes / blockBytes, 0xffff),
        maximumTransferBytes / blockBytes,
        (1 << 20) / blockBytes,
        MAX_UNMAP_BLOCKS,
        MAX_UNMAP_RANGES,
        chunkBytes / blockBytes,
        OptionalLong.of(0),
        MAX_WRITE_SAME_BLOCKS,
        BlockCommands.ATOMIC_BYTES / blockBytes);
  }

  ScsiResponse unmap(Cdb.Unmap c, ScsiRequest request) throws IOException {
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
    return switch (UnmapList.decode(list)) {
      case Decoded.Invalid<List<BlockRange>>(Sense sense) -> ScsiResponse.check(sense);
      case Decoded.Valid<List<BlockRange>>(List<BlockRange> ranges) -> unmap(ranges, list);
    };
  }

  private ScsiResponse unmap(List<BlockRange> ranges, ByteBuffer list) throws IOException {
    if (ranges.size() > MAX_UNMAP_RANGES) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(2));
    }
    for (BlockRange range : ranges) {
      Sense refusal = blocks.refuse(range.lba(), range.blocks());
      if (refusal != null) {
        return ScsiResponse.check(refusal);
      }
    }
    for (BlockRange range : ranges) {
      volume.zero(blocks.position(range.lba()), range.blocks() * blocks.bytes());
    }
    return ScsiResponse.good(list.remaining());
  }

  /**
   * WRITE SAME. A block of zeros is unmapped, whether or not UNMAP is set: it reads as zeros
   * (LBPRZ). With UNMAP any block is: initiators send zeros with it, or do not care.
   */
  ScsiResponse writeSame(BlockCdb.WriteSame c, ScsiRequest request) throws IOException {
    Sense refusal = blocks.refuse(c.lba(), c.blocks());
    if (refusal != null) {
      return ScsiResponse.check(refusal);
    }
    long count = c.blocks() == 0 ? blocks.count() - c.lba() : c.blocks();
    if (count > MAX_WRITE_SAME_BLOCKS) {
      return ScsiResponse.check(
          Sense.INVALID_FIELD_IN_CDB.at(c.command() == Command.WRITE_SAME_10 ? 7 : 10));
    }
    int length = c.noDataOut() ? 0 : blocks.bytes();
    refusal = refuseDataOut(request, length);
    if (refusal != null) {
      return ScsiResponse.check(refusal);
    }
    ByteBuffer block = request.dataOut();
    if (block == null || c.unmap()) {
      volume.zero(blocks.position(c.lba()), count * blocks.bytes());
    } else {
      volume.fill(blocks.position(c.lba()), count * blocks.bytes(), block.slice());
    }
    return ScsiResponse.good(length);
  }

  ScsiResponse lbaStatus(Cdb.GetLbaStatus c, ScsiRequest request) throws IOException {
    if (c.reportType() != 0) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(14));
    }
    if (Long.compareUnsigned(c.lba(), blocks.count()) >= 0) {
      return ScsiResponse.check(Sense.LBA_OUT_OF_RANGE);
    }
    long room = Math.max(1, (Integer.toUnsignedLong(c.allocation()) - 8) / 16);
    int limit = (int) Math.min(room, MAX_STATUS_DESCRIPTORS);
    ByteBuffer data = ByteBuffer.allocate(8 + 16 * limit).position(8);
    long end = volume.sizeBytes();
    long at = blocks.position(c.lba());
    while (data.hasRemaining() && at < end) {
      // A descriptor counts at most 2^32 - 1 blocks.
      long furthest = Math.min(end, at + 0xffff_ffffL * blocks.bytes());
      Volume.Allocation run = volume.allocation(at, furthest);
      data.putLong(at / blocks.bytes());
      data.putInt((int) ((run.end() - at) / blocks.bytes()));
      data.put(run.mapped() ? MAPPED : DEALLOCATED).put(new byte[3]);
      at = run.end();
    }
    data.putInt(0, data.position() - 4);
    return CommandData.answer(
        request, c.allocation(), Arrays.copyOf(data.array(), data.position()));
  }
}
