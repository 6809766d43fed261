package io.gantry.target;

import io.gantry.store.SpaceLevel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Soft thresholds of thin provisioning (SBC-3 4.7.3.7, mode page 1Ch/02h), as the initiators have
 * set them: which are crossed at which level of the pool's space. The space is the pool's, shared
 * by all its logical units.
 *
 * @param singleNexus SITUA: telling one initiator is enough
 * @param armed the ones that are enabled
 */
record SpaceThresholds(boolean singleNexus, List<Threshold> armed) {
  /** Thresholds count space in units of 1 MiB, so 32 bits are enough for the largest pool. */
  static final int UNIT_BYTES = 1 << 20;

  /** How many there are. */
  static final int COUNT = 2;

  // THRESHOLD ARMING
  static final int DECREASING = 0;
  static final int INCREASING = 1;

  // THRESHOLD RESOURCE: parameter codes of log page 0Ch
  static final int AVAILABLE = 0x01;
  static final int USED = 0x02;

  /** None is armed. */
  static final SpaceThresholds NONE = new SpaceThresholds(false, List.of());

  private static final int FIRST = 16;
  private static final int LENGTH = 8;

  /**
   * A threshold.
   *
   * @param offset of its descriptor in the mode page
   * @param resource {@link #AVAILABLE} or {@link #USED}
   * @param units where it lies, in units of {@link #UNIT_BYTES}
   */
  record Threshold(int offset, int resource, long units) {
    boolean isCrossed(SpaceLevel level) {
      return resource == AVAILABLE
          ? level.availableBytes() / UNIT_BYTES <= units
          : level.usedBytes() / UNIT_BYTES >= units;
    }
  }

  SpaceThresholds {
    armed = List.copyOf(armed);
  }

  /** Reads mode page 1Ch/02h. */
  static SpaceThresholds decode(byte[] page) {
    ByteBuffer b = ByteBuffer.wrap(page);
    List<Threshold> armed = new ArrayList<>();
    for (int at = FIRST; at < page.length; at += LENGTH) {
      if ((page[at] & 0x80) != 0) {
        armed.add(new Threshold(at, page[at + 1], b.getInt(at + 4) & 0xffff_ffffL));
      }
    }
    return armed.isEmpty() ? NONE : new SpaceThresholds((page[4] & 1) != 0, armed);
  }
}
