package io.gantry.target;

import static io.gantry.target.UnitBlocks.done;
import static io.gantry.target.UnitBlocks.refused;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The commands about a medium as a whole: starting, stopping, removing, formatting, defects. */
final class MediumCommands {
  private static final int SHORT_FORMAT_HEADER = 4;
  private static final int LONG_FORMAT_HEADER = 8;

  /** FOV, DPRY, DCRT, STPF and IMMED: they change nothing where there are no defects. */
  private static final int FORMAT_OPTIONS = 0xF2;

  private final Volume volume;
  private final UnitBlocks blocks;

  MediumCommands(Volume volume, UnitBlocks blocks) {
    this.volume = volume;
    this.blocks = blocks;
  }

  /**
   * START STOP UNIT. The medium cannot be removed and needs no spinning up; stopping empties the
   * cache, and the logical unit stays ready, as initiators expect of one that others use too.
   */
  CompletableFuture<ScsiResponse> startStop(BlockCdb.StartStopUnit c) {
    if (c.powerCondition() == 0 && c.loadEject()) {
      return refused(Sense.INVALID_FIELD_IN_CDB.at(4));
    }
    ScsiResponse good = ScsiResponse.good(0);
    if (c.start() || c.noFlush()) {
      return done(good);
    }
    CompletableFuture<ScsiResponse> flushed = blocks.flushed(good);
    return c.immediate() ? done(good) : flushed;
  }

  /** PREVENT ALLOW MEDIUM REMOVAL: it is prevented anyway. */
  static ScsiResponse preventAllow(BlockCdb.PreventAllow c) {
    return c.prevent() > 1
        ? ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(4))
        : ScsiResponse.good(0);
  }

  /** FORMAT UNIT: all blocks are zeros afterwards. There are no defects to be listed. */
  CompletableFuture<ScsiResponse> format(BlockCdb.FormatUnit c, ScsiRequest request)
      throws IOException {
    int length = 0;
    if (c.formatData()) {
      length = c.longList() ? LONG_FORMAT_HEADER : SHORT_FORMAT_HEADER;
      ByteBuffer list = CommandData.parameterList(request, length);
      if (list.remaining() < length) {
        return refused(Sense.PARAMETER_LIST_LENGTH_ERROR);
      }
      for (int at = 0; at < length; at++) {
        if ((list.get(at) & ~(at == 1 ? FORMAT_OPTIONS : 0)) != 0) {
          return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at));
        }
      }
    }
    volume.zero(0, volume.sizeBytes());
    return blocks.flushed(ScsiResponse.good(length));
  }

  /** READ DEFECT DATA: empty lists of whatever format is asked for. */
  static ScsiResponse defects(BlockCdb.ReadDefectData c, ScsiRequest request) {
    byte[] data = new byte[c.command() == Command.READ_DEFECT_DATA_10 ? 4 : 8];
    data[1] = (byte) ((c.primary() ? 0x10 : 0) | (c.grown() ? 8 : 0) | c.format());
    return CommandData.answer(request, c.allocation(), data);
  }
}
