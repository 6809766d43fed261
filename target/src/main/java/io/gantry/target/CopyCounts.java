package io.gantry.target;

import java.util.Map;

/**
 * What copy operations came to since their target was started. Those that run count at their end.
 *
 * @param commands by command: a name of {@link io.gantry.scsi.Command}
 * @param moved how many had to move bytes, by why
 * @param refused how many failed, by the sense data of the answer: key, code and qualifier as in
 *     {@code 5/23/07}
 * @param late how many stopped at a block since the time was over that their command may take
 * @param waitedNanos how long they waited for their turn to move bytes, ns in all
 */
public record CopyCounts(
    Map<String, OfCommand> commands,
    Map<MoveReason, Long> moved,
    Map<String, Long> refused,
    long late,
    long waitedNanos) {

  /**
   * What the operations of one command came to.
   *
   * @param ended how many ended in each way
   * @param nanos how long they took, ns in all
   */
  public record OfCommand(Map<CopyStatus.State, Long> ended, long nanos) {}
}
