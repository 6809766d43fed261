package io.gantry.target;

/** What an initiator may do with a volume. */
public enum Access {
  /** For it, the volume is not there. */
  NONE,
  READ_ONLY,
  READ_WRITE
}
