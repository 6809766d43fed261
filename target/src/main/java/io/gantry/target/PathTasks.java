package io.gantry.target;

import io.gantry.scsi.Sense;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What a target device asks of the transport behind a {@link TargetPath}. */
@FunctionalInterface
public interface PathTasks {

  /** All logical units of the path. */
  int ALL_UNITS = -1;

  /** For paths whose commands nobody can abort: they are over when {@code submit} returns. */
  PathTasks NONE = (_, _) -> CompletableFuture.completedFuture(0);

  /**
   * Ends the commands that are outstanding on a logical unit.
   *
   * @param unit number of the logical unit, or {@link #ALL_UNITS}
   * @param answered whether they are answered with TASK ABORTED; else they are not answered at all
   * @return completes, with how many there were, when the device has none of them any more
   */
  CompletableFuture<Integer> abort(int unit, boolean answered);

  /**
   * Tells the initiator, without being asked, of something that it otherwise learns from a unit
   * attention at its next command. Does not wait; a transport that has no way leaves it at that.
   *
   * @param unit number of a logical unit that it concerns
   */
  default void report(int unit, Sense event) {}

  /** Where the initiator can reach the target device; empty if it did not come over a network. */
  default List<InetSocketAddress> portals() {
    return List.of();
  }
}
