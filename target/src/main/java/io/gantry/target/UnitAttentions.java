package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.SpaceLevel;
import io.gantry.store.Volume;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The nexuses that use one logical unit, and what they are to be told of it (SAM-5 5.14, SPC-4
 * 5.14). Safe for use by several threads.
 */
final class UnitAttentions {
  /*
   * Nobody calls when a volume is resized or the pool fills up. Each command compares what its
   * nexus knew, or what all of them were told, with what is so now: some volatile reads.
   */

  /** Nexuses that are remembered when they are lost; of older ones each counts as a new one. */
  private static final int MOST_REMEMBERED = 1024;

  private final Pool pool;
  private final Volume volume;
  private final ModePages modes;
  private final Set<UnitNexus> nexuses = ConcurrentHashMap.newKeySet();

  // Guarded by this.
  private final LinkedHashSet<Nexus> lost = new LinkedHashSet<>();
  private final Set<SpaceThresholds.Threshold> crossed = new HashSet<>();

  private volatile SpaceLevel seenLevel;
  private volatile SpaceThresholds seenThresholds = SpaceThresholds.NONE;

  UnitAttentions(Pool pool, Volume volume, ModePages modes) {
    this.pool = pool;
    this.volume = volume;
    this.modes = modes;
    this.seenLevel = pool.spaceLevel();
  }

  /** A nexus begins to use the logical unit: its first use since the start, or since a loss. */
  synchronized UnitNexus attach(Nexus nexus, PathTasks tasks, CopyReach reach) {
    Sense first = lost.remove(nexus) ? Sense.NEXUS_LOSS : Sense.POWER_ON_OR_RESET;
    UnitNexus state =
        new UnitNexus(nexus, tasks, reach, first, volume.sizeBytes(), volume.readOnly());
    nexuses.add(state);
    return state;
  }

  /** A nexus is lost. */
  synchronized void detach(UnitNexus state) {
    nexuses.remove(state);
    lost.add(state.nexus());
    if (lost.size() > MOST_REMEMBERED) {
      lost.removeFirst();
    }
  }

  /** The nexuses of an initiator port. */
  Collection<UnitNexus> of(String initiatorPort) {
    return nexuses.stream()
        .filter(nexus -> nexus.nexus().initiatorPort().equals(initiatorPort))
        .toList();
  }

  /** The logical unit was reset. */
  void reset() {
    nexuses.forEach(nexus -> nexus.reset(Sense.BUS_DEVICE_RESET));
  }

  /** Tells all nexuses but the one that did it. */
  void tellOthers(UnitNexus doer, Sense attention) {
    nexuses.forEach(nexus -> {
      if (nexus != doer) {
        nexus.raise(attention);
      }
    });
  }

  /** Takes the unit attention that a command has to report instead of being carried out. */
  @Nullable Sense take(UnitNexus nexus, Cdb cdb) {
    look(nexus);
    // INQUIRY neither reports nor clears one; REQUEST SENSE reports it as its data.
    return cdb instanceof Cdb.Inquiry || cdb instanceof Cdb.RequestSense
        ? null
        : nexus.takeAttention();
  }

  /** Whether there is nothing that a nexus has to be told. */
  boolean isClear(UnitNexus nexus) {
    look(nexus);
    return !nexus.hasAttention();
  }

  boolean contains(UnitNexus nexus) {
    return nexuses.contains(nexus);
  }

  private void look(UnitNexus nexus) {
    nexus.compare(volume.sizeBytes(), volume.readOnly());
    SpaceThresholds thresholds = modes.thresholds();
    if (!thresholds.equals(seenThresholds)
        || (!thresholds.armed().isEmpty() && !seenLevel.equals(pool.spaceLevel()))) {
      compareSpace(nexus, thresholds);
    }
  }

  /** Tells of thresholds that were crossed; one that is crossed back is armed again. */
  private synchronized void compareSpace(UnitNexus nexus, SpaceThresholds thresholds) {
    SpaceLevel level = pool.spaceLevel();
    seenLevel = level;
    if (!thresholds.equals(seenThresholds)) {
      seenThresholds = thresholds;
      crossed.clear();
    }
    for (SpaceThresholds.Threshold threshold : thresholds.armed()) {
      if (!threshold.isCrossed(level)) {
        crossed.remove(threshold);
      } else if (crossed.add(threshold)) {
        Sense attention = Sense.SOFT_THRESHOLD_REACHED.withInformation(threshold.offset());
        Collection<UnitNexus> told = thresholds.singleNexus() ? List.of(nexus) : nexuses;
        told.forEach(one -> one.raise(attention));
      }
    }
  }
}
