package io.gantry.target;

import org.jspecify.annotations.Nullable;

/**
 * How a copy operation stands, or how it ended.
 *
 * @param id counts the operations of a target since its start
 * @param initiator iSCSI name of the initiator that asked for it
 * @param command what it asked for: a name of {@link io.gantry.scsi.Command}
 * @param listIdentifier what the initiator calls it; null if it gave it no name
 * @param background whether the command was answered before the operation ended (IMMED=1)
 * @param source where the data come from, for people; empty if it never came so far
 * @param destination where they go to, for people
 * @param state whether it runs, or how it ended
 * @param wantedBytes bytes to be copied in all; of POPULATE TOKEN, bytes that the token stands for
 * @param sharedBytes bytes that became shared
 * @param copiedBytes bytes that had to be read and written
 * @param zeroedBytes bytes that were or became holes
 * @param startedMillis when it began, ms since 1970
 * @param tookNanos how long it has taken
 * @param notOffloaded why bytes had to be moved; empty if none had to be
 * @param outcome what the initiator was told; empty while it runs, and when all was done
 */
public record CopyStatus(
    long id,
    String initiator,
    String command,
    @Nullable Long listIdentifier,
    boolean background,
    String source,
    String destination,
    State state,
    long wantedBytes,
    long sharedBytes,
    long copiedBytes,
    long zeroedBytes,
    long startedMillis,
    long tookNanos,
    String notOffloaded,
    String outcome) {

  /** Whether a copy operation runs, or how it ended. */
  public enum State {
    RUNNING,
    /** All that was asked for was done. */
    COMPLETED,
    /** A part was done, from the start without a gap, and the initiator was told how much. */
    PARTIAL,
    /** It was refused, or failed. */
    FAILED,
    /** Somebody stopped it. */
    ABORTED
  }
}
