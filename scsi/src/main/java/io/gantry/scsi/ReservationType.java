package io.gantry.scsi;

import java.util.Optional;

/** Types of persistent reservations (SPC-4 5.12.3). */
public enum ReservationType {
  WRITE_EXCLUSIVE(1),
  EXCLUSIVE_ACCESS(3),
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY(5),
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(6),
  WRITE_EXCLUSIVE_ALL_REGISTRANTS(7),
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS(8);

  private static final ReservationType[] VALUES = values();
  private final int code;

  ReservationType(int code) {
    this.code = code;
  }

  /** The TYPE field on the wire. */
  public int code() {
    return code;
  }

  /** Whether others may not even read. */
  public boolean isExclusiveAccess() {
    return this == EXCLUSIVE_ACCESS
        || this == EXCLUSIVE_ACCESS_REGISTRANTS_ONLY
        || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }

  /** Whether every registered I_T nexus is a holder. */
  public boolean isAllRegistrants() {
    return this == WRITE_EXCLUSIVE_ALL_REGISTRANTS || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }

  /** Whether registered I_T nexuses may do what the holder may. */
  public boolean isOfRegistrants() {
    return this != WRITE_EXCLUSIVE && this != EXCLUSIVE_ACCESS;
  }

  /** The type of a code, if there is one. */
  public static Optional<ReservationType> of(int code) {
    for (ReservationType type : VALUES) {
      if (type.code == code) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
