package io.gantry.target;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A path to the logical units of a target device: an I_T nexus while it lasts.
 *
 * <p>Safe for use by several threads. LUNs are the eight bytes of the LUN field.
 */
public interface TargetPath extends AutoCloseable {

  /**
   * Starts a command on a logical unit. Does not block: what waits for a disk runs on the target
   * device's own workers, and the answer may complete on one of them.
   *
   * @param lun a logical unit that does not exist answers as SPC-4 says
   * @param request the command; its buffers belong to the target device until the answer is there
   * @return completes normally with the answer; exceptionally only for a defect of the target
   */
  CompletableFuture<ScsiResponse> submit(long lun, ScsiRequest request);

  /**
   * How many bytes a command takes from the initiator; what is sent beyond them is dropped. Does
   * not wait.
   *
   * @param cdb as it came
   * @return more than it takes if that is not known before it is carried out
   */
  default long dataOutBytes(long lun, byte[] cdb) {
    return Long.MAX_VALUE;
  }

  /**
   * Carries out a READ of blocks, if that takes no waiting at all and nothing stands against it.
   * Once compiled, it allocates nothing.
   *
   * @param target direct, as long as the blocks are
   * @return whether it was done; if not, the command is to be submitted, and nothing has happened
   *     but that the target's position and content are undefined
   */
  default boolean readNow(long lun, long lba, int blocks, ByteBuffer target) {
    return false;
  }

  /**
   * Carries out a WRITE of blocks, if by all appearances that takes no waiting and nothing stands
   * against it.
   *
   * @param source as long as the blocks are
   * @return the answer, or null if nothing has happened and the command is to be submitted
   */
  default @Nullable ScsiResponse writeNow(long lun, long lba, int blocks, ByteBuffer source) {
    return null;
  }

  /**
   * Nobody waits any more for the answer to a command that is outstanding. One whose work goes on
   * without its initiator, as a SANITIZE does, ends soon; others end as they do anyway.
   *
   * @param request the very one that was submitted
   */
  default void abandon(ScsiRequest request) {}

  /** Whether there is a logical unit of this number on this path. */
  boolean hasUnit(long lun);

  /**
   * CLEAR TASK SET (SAM-5 7.5): ends the commands of all nexuses on a logical unit; those of others
   * are answered with TASK ABORTED.
   *
   * @return completes when they have ended
   */
  CompletableFuture<Void> clearTaskSet(long lun);

  /**
   * LOGICAL UNIT RESET (SAM-5 7.7, 6.3.3): ends all commands, and with them what a reset ends.
   *
   * @return completes when that is done
   */
  CompletableFuture<Void> resetUnit(long lun);

  /** Whether a unit attention condition is pending for this nexus (QUERY ASYNCHRONOUS EVENT). */
  boolean hasAttention(long lun);

  /** I_T NEXUS RESET (SAM-5 7.6): all that losing the nexus does, but the path goes on. */
  CompletableFuture<Void> resetNexus();

  /** Resets all logical units that this path has. */
  CompletableFuture<Void> resetTarget();

  /** Ends the nexus (I_T nexus loss, SAM-5 6.3.4). No command of it is outstanding any more. */
  @Override
  void close();
}
