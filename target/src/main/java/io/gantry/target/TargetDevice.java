package io.gantry.target;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.util.concurrent.CompletableFuture;

/**
 * A SCSI target device: a name and its logical units, as an iSCSI portal needs them.
 *
 * <p>Safe for use by several threads.
 */
public interface TargetDevice {

  /** The iSCSI name of the target. */
  String name();

  /** Most bytes that one command moves in either direction; longer ones are refused. */
  int maximumTransferBytes();

  /**
   * Starts a command on a logical unit. Does not block: what waits for a disk runs on the target
   * device's own workers, and the answer may complete on one of them.
   *
   * @param nexus who asks
   * @param lun the eight bytes of the LUN field; a logical unit that does not exist answers as
   *     SPC-4 says
   * @param request the command; its buffers belong to the target device until the answer is there
   * @return completes normally with the answer; exceptionally only for a defect of the target
   */
  CompletableFuture<ScsiResponse> submit(Nexus nexus, long lun, ScsiRequest request);

  /** Tells that a nexus is gone: its session ended or was replaced. */
  void nexusLost(Nexus nexus);
}
