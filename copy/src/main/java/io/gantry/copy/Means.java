package io.gantry.copy;

/** How bytes got to the destination. */
public enum Means {
  /** By token: the storage copied them by itself. */
  TOKEN,
  /** By EXTENDED COPY: the storage copied them by itself. */
  EXTENDED_COPY,
  /** Through this machine. */
  MOVED,
  /** They are a hole of the source, and zeros or a hole in the destination. */
  ZEROED
}
