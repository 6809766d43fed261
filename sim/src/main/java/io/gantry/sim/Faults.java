package io.gantry.sim;

import io.gantry.store.Medium;
import org.jspecify.annotations.Nullable;

/** Decides what goes wrong with a medium. Asked once for each operation, when it begins. */
public interface Faults {
  /** What can be done to a medium. */
  enum Operation {
    READ,
    WRITE,
    SYNC,
    DISCARD,
    READ_ROOT,
    WRITE_ROOT,
    READ_JOURNAL,
    APPEND,
    TRUNCATE,
    TRIM;

    /** Whether the medium may be too full for it. */
    boolean takesRoom() {
      return this == WRITE || this == WRITE_ROOT || this == APPEND;
    }

    /** Whether it changes what is on the medium. */
    boolean changes() {
      return this != READ && this != READ_ROOT && this != READ_JOURNAL;
    }
  }

  /** What becomes of an operation. */
  enum Fate {
    DONE,
    /** It fails; of a change, nobody knows how much was done. */
    ERROR,
    /** It fails for want of room. */
    FULL,
    /** The power fails while it is under way. */
    POWER_LOSS,
    /** A read returns bits that are not what was written. */
    FLIPPED,
    /** A write is said to be done, and synced, and never was. */
    LOST
  }

  /** Nothing ever goes wrong. */
  Faults NONE = (_, _) -> Fate.DONE;

  /**
   * What becomes of the operation that begins now.
   *
   * @param area for those on an area
   */
  Fate fate(Operation operation, Medium.@Nullable Area area);
}
