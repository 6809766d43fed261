package io.gantry.target;

import io.gantry.scsi.Sense;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a logical unit keeps for one I_T nexus (SAM-5 calls the pair an I_T_L nexus): the unit
 * attention conditions that the initiator has not been told of, and what it may do. Safe for use by
 * several threads.
 */
final class UnitNexus {
  /** What the initiator may do with the volume while that has a name. */
  private record Grant(String volume, Access access) {}

  private final Nexus nexus;
  private final Queue<Sense> attentions = new ArrayDeque<>();
  private volatile Grant grant = new Grant("", Access.NONE);

  /** One that does not know yet that the logical unit was powered on. */
  UnitNexus(Nexus nexus) {
    this.nexus = nexus;
    attentions.add(Sense.POWER_ON_OR_RESET);
  }

  Nexus nexus() {
    return nexus;
  }

  /** What the initiator may do; {@code rules} are asked when the volume has got another name. */
  Access access(String volume, Function<String, Access> rules) {
    Grant known = grant;
    if (!known.volume.equals(volume)) {
      known = new Grant(volume, rules.apply(volume));
      grant = known;
    }
    return known.access;
  }

  /** Whether the initiator may read and no more, whoever else may write. */
  boolean isReadOnly() {
    return grant.access == Access.READ_ONLY;
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

  /** Whether a unit attention is pending. */
  synchronized boolean hasAttention() {
    return !attentions.isEmpty();
  }

  /** Takes the oldest pending unit attention; null if there is none. */
  synchronized @Nullable Sense takeAttention() {
    return attentions.poll();
  }
}
