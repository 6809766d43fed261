package io.gantry.iscsi;

import java.nio.ByteBuffer;

/**
 * Is offered SCSI commands that carry no data before they become PDUs, for those who can answer
 * some of them without allocating anything.
 */
@FunctionalInterface
public interface ReadTap {

  /**
   * Takes a command or leaves it.
   *
   * @param header the 48 bytes of the header, from index 0; only valid during the call
   * @return whether the command was taken; if not, it becomes a PDU
   */
  boolean take(ByteBuffer header);
}
