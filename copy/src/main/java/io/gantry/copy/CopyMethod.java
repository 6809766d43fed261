package io.gantry.copy;

/** How bytes may get from one end to the other. */
public enum CopyMethod {
  /** Whatever works, in this order: by token, by EXTENDED COPY, by reading and writing. */
  AUTO,
  /** By token (offload read and write) or not at all. */
  ODX,
  /** By EXTENDED COPY, or not at all. */
  XCOPY,
  /** By reading and writing. */
  RW
}
