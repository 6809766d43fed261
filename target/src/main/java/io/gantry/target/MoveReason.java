package io.gantry.target;

import java.util.Locale;

/** Why a copy moved bytes that it could have shared otherwise. */
public enum MoveReason {
  /** Source and destination lie differently in chunks. */
  MISALIGNED("source and destination lie differently in chunks of %,d bytes"),
  /** They lie alike, but one end or both fill no chunk. */
  PARTIAL_CHUNKS("ends that fill no chunk of %,d bytes");

  private final String description;

  MoveReason(String description) {
    this.description = description;
  }

  /** Its name for programs: in lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** For people. */
  String describe(int chunkBytes) {
    return description.formatted(chunkBytes);
  }
}
