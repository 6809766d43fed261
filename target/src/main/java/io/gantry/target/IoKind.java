package io.gantry.target;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.UnmapList;
import java.util.List;
import java.util.Locale;

/** What a command does to the blocks of a volume, as far as statistics tell commands apart. */
public enum IoKind {
  READ(0),
  /** Those with conditions, too: COMPARE AND WRITE, ORWRITE, WRITE AND VERIFY, WRITE ATOMIC. */
  WRITE(1),
  /** SYNCHRONIZE CACHE. */
  FLUSH(2),
  /** UNMAP, and WRITE SAME that unmaps. */
  UNMAP(3),
  /** All that moves no blocks of this volume over the wire, copy commands included. */
  OTHER(4);

  /** Number among the kinds, from 0. */
  final int number;

  private final String label = name().toLowerCase(Locale.ROOT);

  IoKind(int number) {
    this.number = number;
  }

  /** Its name for programs: in lower case. */
  public String label() {
    return label;
  }

  static IoKind of(Cdb cdb) {
    return switch (cdb) {
      case Cdb.Transfer c -> c.isWrite() ? WRITE : READ;
      case BlockCdb.WriteAndVerify _,
          BlockCdb.WriteAtomic _,
          BlockCdb.CompareAndWrite _,
          BlockCdb.OrWrite _ ->
          WRITE;
      case BlockCdb.WriteSame c -> c.unmap() || c.noDataOut() ? UNMAP : WRITE;
      case Cdb.SynchronizeCache _ -> FLUSH;
      case Cdb.Unmap _ -> UNMAP;
      default -> OTHER;
    };
  }

  /**
   * Bytes of blocks that a command read, wrote or unmapped.
   *
   * @param response its answer
   */
  static long bytes(Cdb cdb, ScsiRequest request, ScsiResponse response, int blockBytes) {
    if (!response.isGood()) {
      return 0;
    }
    return switch (cdb) {
      case Cdb.Transfer c -> c.blocks() * blockBytes;
      case BlockCdb.WriteAndVerify c -> c.blocks() * blockBytes;
      case BlockCdb.WriteAtomic c -> (long) c.blocks() * blockBytes;
      case BlockCdb.CompareAndWrite c -> (long) c.blocks() * blockBytes;
      case BlockCdb.OrWrite c -> c.blocks() * blockBytes;
      case BlockCdb.WriteSame c -> c.blocks() * blockBytes;
      case Cdb.Unmap c -> unmapped(c, request) * blockBytes;
      default -> 0;
    };
  }

  private static long unmapped(Cdb.Unmap c, ScsiRequest request) {
    return switch (UnmapList.decode(CommandData.parameterList(request, c.parameterListLength()))) {
      case Decoded.Invalid<List<BlockRange>> _ -> 0;
      case Decoded.Valid<List<BlockRange>>(List<BlockRange> ranges) ->
          BlockRange.totalBlocks(ranges);
    };
  }
}
