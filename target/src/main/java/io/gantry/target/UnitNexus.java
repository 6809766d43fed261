package io.gantry.target;

import io.gantry.scsi.Sense;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a logical unit keeps for one I_T nexus (SAM-5 calls the pair an I_T_L nexus): the unit
 * attention conditions that the initiator has not been told of, what it knew of the logical unit
 * when it was told last, what it may do, and its echo buffer. Safe for use by several threads.
 */
final class UnitNexus {
  /** More kinds of unit attentions than there are; each is pending at most once. */
  private static final int MOST_ATTENTIONS = 16;

  /** What the initiator may do with the volume while that has a name, and the rules hold. */
  private record Grant(String volume, @Nullable Function<String, Access> rules, Access access) {}

  private final Nexus nexus;
  private final PathTasks tasks;
  private final CopyReach reach;
  private final Queue<Sense> attentions = new ArrayDeque<>();

  /** Whether there are any: looking costs a command less than a lock. */
  private volatile boolean pending;

  private volatile long sizeBytes;
  private volatile boolean readOnly;
  private volatile byte @Nullable [] echo;
  private volatile Grant grant = new Grant("", null, Access.NONE);

  /**
   * One that does not know yet why it has to begin anew.
   *
   * @param reach which other logical units the nexus can use
   * @param first what it will be told first
   */
  UnitNexus(
      Nexus nexus,
      PathTasks tasks,
      CopyReach reach,
      Sense first,
      long sizeBytes,
      boolean readOnly) {
    this.nexus = nexus;
    this.tasks = tasks;
    this.reach = reach;
    this.sizeBytes = sizeBytes;
    this.readOnly = readOnly;
    raise(first);
  }

  Nexus nexus() {
    return nexus;
  }

  /** Ends the commands of the nexus. */
  PathTasks tasks() {
    return tasks;
  }

  /** Finds other volumes for copies that this nexus asks for. */
  CopyReach reach() {
    return reach;
  }

  /** What the initiator may do; {@code rules} are asked when they or the volume's name are new. */
  @SuppressWarnings("ReferenceEquality") // the very same rules
  Access access(String volume, Function<String, Access> rules) {
    Grant known = grant;
    if (known.rules != rules || !known.volume.equals(volume)) {
      known = new Grant(volume, rules, rules.apply(volume));
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
    if (!attentions.contains(attention) && attentions.size() < MOST_ATTENTIONS) {
      attentions.add(attention);
      pending = true;
    }
  }

  /** A reset: it tells more than what was pending before it (SAM-5 5.14.1). */
  synchronized void reset(Sense attention) {
    attentions.clear();
    attentions.add(attention);
    pending = true;
  }

  /** The initiator has learnt in another way what a unit attention says. */
  synchronized void withdraw(Sense attention) {
    attentions.remove(attention);
    pending = !attentions.isEmpty();
  }

  /** Whether a unit attention is pending. */
  boolean hasAttention() {
    return pending;
  }

  /** Takes the oldest pending unit attention; null if there is none. */
  @Nullable Sense takeAttention() {
    if (!pending) {
      return null;
    }
    synchronized (this) {
      Sense first = attentions.poll();
      pending = !attentions.isEmpty();
      return first;
    }
  }

  /**
   * Compares what the initiator knows with what is so now, and raises what it must be told. Costs a
   * command two comparisons: nobody needs to tell the nexuses when a volume changes.
   */
  void compare(long sizeBytesNow, boolean readOnlyNow) {
    if (sizeBytes != sizeBytesNow || readOnly != readOnlyNow) {
      changed(sizeBytesNow, readOnlyNow);
    }
  }

  private synchronized void changed(long sizeBytesNow, boolean readOnlyNow) {
    if (sizeBytes != sizeBytesNow) {
      sizeBytes = sizeBytesNow;
      raise(Sense.CAPACITY_DATA_CHANGED);
    }
    if (readOnly != readOnlyNow) {
      readOnly = readOnlyNow;
      raise(Sense.MODE_PARAMETERS_CHANGED); // the WP bit
    }
  }

  /** What WRITE BUFFER put into the echo buffer; null if nothing. */
  byte @Nullable [] echo() {
    return echo;
  }

  void echo(byte[] data) {
    echo = data;
  }
}
