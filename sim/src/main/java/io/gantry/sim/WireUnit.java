package io.gantry.sim;

import io.gantry.scsi.Lun;

/**
 * A logical unit, as initiators of a simulation know it.
 *
 * @param lun its number
 * @param base the block at which the model's first one is
 * @param blocks how many there are that may be used
 */
record WireUnit(PoolModel.VolumeModel volume, int lun, long base, int blocks) {
  /** The LUN field. */
  long address() {
    return new Lun(lun).encode();
  }
}
