package io.gantry.dsm;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Bits of {@code DEVICE_MANAGE_DATA_SET_ATTRIBUTES.Flags}, Windows' {@code DEVICE_DSM_FLAG_*}
 * (winioctl.h). The low half is the same for all actions; a bit of the high half means something
 * only together with its action, and several actions use the same one.
 */
public enum DsmFlag {
  ENTIRE_DATA_SET_RANGE(0x0000_0001, null),
  TRIM_NOT_FS_ALLOCATED(0x8000_0000, DsmAction.TRIM),
  TRIM_BYPASS_RZAT(0x4000_0000, DsmAction.TRIM),
  ALLOCATION_CONSOLIDATEABLE_ONLY(0x4000_0000, DsmAction.ALLOCATION),
  REPAIR_INPUT_TOPOLOGY_ID_PRESENT(0x4000_0000, DsmAction.REPAIR),
  REPAIR_OUTPUT_PARITY_EXTENT(0x2000_0000, DsmAction.REPAIR),
  SCRUB_SKIP_IN_SYNC(0x1000_0000, DsmAction.SCRUB),
  SCRUB_OUTPUT_PARITY_EXTENT(0x2000_0000, DsmAction.SCRUB),
  PHYSICAL_ADDRESSES_OMIT_TOTAL_RANGES(0x1000_0000, DsmAction.GET_PHYSICAL_ADDRESSES);

  private final int bit;
  private final @Nullable DsmAction action;

  DsmFlag(int bit, @Nullable DsmAction action) {
    this.bit = bit;
    this.action = action;
  }

  /** The bit. */
  public int bit() {
    return bit;
  }

  /** Whether the flag is set in {@code flags}, whatever the action. */
  public boolean isIn(int flags) {
    return (flags & bit) != 0;
  }

  /** Whether the flag means something for an action. */
  public boolean isFor(DsmAction of) {
    return action == null || action == of;
  }

  /** The flags of an action that are set; bits without a meaning are passed over. */
  public static Set<DsmFlag> of(DsmAction action, int flags) {
    Set<DsmFlag> set = EnumSet.noneOf(DsmFlag.class);
    for (DsmFlag flag : values()) {
      if (flag.isFor(action) && flag.isIn(flags)) {
        set.add(flag);
      }
    }
    return set;
  }
}
