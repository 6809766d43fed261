package io.gantry.target;

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
   * Establishes an I_T nexus.
   *
   * @param nexus its ports; no other path of that nexus is open
   * @param identity who is at the other end
   * @param tasks through which the device ends commands that other nexuses' requests abort
   */
  TargetPath connect(Nexus nexus, Identity identity, PathTasks tasks);

  /**
   * Looks whether there is anything to {@link PathTasks#report report}, as nobody else may for
   * long: initiators can be idle. To be called now and then; does not wait.
   */
  default void look() {}
}
