package io.gantry.target;

import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What one I_T nexus can reach of a target's volumes: how a copy finds those that it needs besides
 * that of the logical unit which got the command. A copy may do there what its initiator could do
 * there by READ and WRITE commands at this moment, and nothing else.
 */
interface CopyReach {

  /** What an initiator that asked for a volume would have met with. */
  sealed interface Reached {
    /** May be used. */
    record Open(Volume volume) implements Reached {}

    /** There is no such logical unit, as far as the initiator can see. */
    record Absent() implements Reached {}

    /** Others have reserved it: RESERVATION CONFLICT. */
    record Conflict() implements Reached {}

    /** It is there, but cannot be used so now. */
    record Refused(Sense sense) implements Reached {}
  }

  /** Who asks: an iSCSI name, and the user if the initiator has authenticated. */
  String initiator();

  /** Whether the initiator could have come in there, and would see the same logical units. */
  boolean hasPortal(InetSocketAddress portal);

  /** A logical unit, and what it keeps for the nexus. */
  record Place(LogicalUnit unit, UnitNexus nexus) {
    Volume volume() {
      return unit.volume();
    }

    /** What the initiator would meet with there now; as {@link CopyReach#reach}. */
    Reached reach(boolean write) {
      return unit.reach(nexus, write);
    }
  }

  /**
   * The logical unit of a volume, whoever has reserved it.
   *
   * @param volume its number, which is its LUN
   * @return null if there is none, as far as the initiator can see
   */
  @Nullable Place find(int volume);

  /**
   * Looks for a volume.
   *
   * @param volume its number, which is its LUN
   * @param write whether it is to be written; else it is to be read
   */
  Reached reach(int volume, boolean write);
}
