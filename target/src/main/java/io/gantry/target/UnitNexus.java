package io.gantry.target;

import io.gantry.scsi.Sense;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What a logical unit keeps for one I_T nexus (SAM-5 calls the pair an I_T_L nexus): the unit
 * attention conditions that the initiator has not been told of. Safe for use by several threads.
 */
final class UnitNexus {
  private final Nexus nexus;
  private final Queue<Sense> attentions = new ArrayDeque<>();

  /** One that does not know yet that the logical unit was powered on. */
  UnitNexus(Nexus nexus) {
    this.nexus = nexus;
    attentions.add(Sense.POWER_ON_OR_RESET);
  }

  Nexus nexus() {
    return nexus;
  }

  /** Establishes a unit attention condition, unless it is pending already. */
  synchronized void raise(Sense attention) {
    if (!attentions.contains(attention)) {
      attentions.add(attention);
    }
  }

  /** A reset: it tells more than what was pending before it. */
  synchronized void reset(Sense attention) {
    attentions.clear();
    attentions.add(attention);
  }

  /** Takes the oldest pending unit attention; null if there is none. */
  synchronized @Nullable Sense takeAttention() {
    return attentions.poll();
  }
}
