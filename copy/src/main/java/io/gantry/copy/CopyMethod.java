package io.gantry.copy;

/** How bytes get from one end to the other. */
public enum CopyMethod {
  /** By token as far as the storage goes along, by reading and writing from there. */
  AUTO,
  /** By token (offload read and write) or not at all. */
  ODX,
  /** By reading and writing. */
  RW
}
