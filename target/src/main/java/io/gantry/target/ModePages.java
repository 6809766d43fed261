package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.nio.ByteBuffer;
import java.util.List;

/** Mode pages of a logical unit (SPC-4 7.5, SBC-3 6.4). None is changeable. */
final class ModePages {
  private static final int ALL_PAGES = 0x3F;
  private static final int ALL_SUBPAGES = 0xFF;
  private static final int DPO_AND_FUA = 0x10;
  private static final int WRITE_PROTECTED = 0x80;
  private static final int SAVED = 3;
  private static final int CHANGEABLE = 1;

  /** Caching: there is a volatile write cache (WCE); SYNCHRONIZE CACHE and FUA empty it. */
  private static final byte[] CACHING = page(0x08, 0x12, 2, 0x04);

  /** Control: aborted tasks answer TASK ABORTED (TAS), tasks may be reordered. */
  private static final byte[] CONTROL = page(0x0A, 0x0A, 3, 0x10, 5, 0x40);

  private static final List<byte[]> PAGES = List.of(CACHING, CONTROL);

  private ModePages() {}

  private static byte[] page(int code, int length, int... offsetsAndValues) {
    byte[] bytes = new byte[2 + length];
    bytes[0] = (byte) code;
    bytes[1] = (byte) length;
    for (int i = 0; i < offsetsAndValues.length; i += 2) {
      bytes[offsetsAndValues[i]] = (byte) offsetsAndValues[i + 1];
    }
    return bytes;
  }

  /**
   * Answers MODE SENSE(6) or (10).
   *
   * @param readOnly whether who asks may not write, whoever else may
   */
  static ScsiResponse sense(Cdb.ModeSense c, ScsiRequest request, Volume volume, boolean readOnly) {
    if (c.pageControl() == SAVED) {
      return ScsiResponse.check(Sense.SAVING_PARAMETERS_NOT_SUPPORTED);
    }
    boolean six = c.command() == Command.MODE_SENSE_6;
    int header = six ? 4 : 8;
    ByteBuffer data = ByteBuffer.allocate(256).position(header);
    if (!c.disableBlockDescriptors()) {
      long blocks = volume.sizeBytes() / volume.blockBytes();
      data.putInt((int) Math.min(blocks, 0xffff_ffffL)).putInt(volume.blockBytes());
    }
    int descriptors = data.position() - header;
    if (c.subpage() == 0 || c.subpage() == ALL_SUBPAGES) {
      for (byte[] page : PAGES) {
        if (c.page() == ALL_PAGES || c.page() == page[0]) {
          data.put(c.pageControl() == CHANGEABLE ? page(page[0], page.length - 2) : page);
        }
      }
    }
    if (data.position() == header + descriptors) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(c.subpage() == 0 ? 2 : 3));
    }
    int length = data.position();
    int device = DPO_AND_FUA | (volume.readOnly() || readOnly ? WRITE_PROTECTED : 0);
    if (six) {
      data.put(0, (byte) (length - 1)).put(2, (byte) device).put(3, (byte) descriptors);
    } else {
      data.putShort(0, (short) (length - 2)).put(3, (byte) device);
      data.putShort(6, (short) descriptors);
    }
    byte[] bytes = java.util.Arrays.copyOf(data.array(), length);
    return CommandData.answer(request, c.allocation(), bytes);
  }
}
