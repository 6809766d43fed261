package io.gantry.sim;

import io.gantry.store.Medium.Area;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link SimulatedMedium} leaves behind: the bytes that outlive a process and a power loss.
 */
public final class SimulatedDisk {
  /** How much of the area of chunks there is when nothing else is said. */
  private static final long PLENTY = 1L << 30;

  final Scheduler scheduler;
  final RandomGenerator random;
  private final Map<Area, SimulatedArea> areas = new EnumMap<>(Area.class);

  /** Sectors of the chunks whose room was given back. */
  private final BitSet holes = new BitSet();

  private byte[] root = new byte[0];
  private byte @Nullable [] nextRoot;

  /** From {@link #trimmedStart} on, so with what a power loss may bring back. */
  private byte[] journal = new byte[0];

  private long trimmedStart;
  private long journalStart;
  private byte @Nullable [] appending;

  private long terms;
  private @Nullable SimulatedMedium owner;
  private Faults faults = Faults.NONE;
  private long capacityBytes = PLENTY;
  private long operations;

  public SimulatedDisk(Scheduler scheduler, RandomGenerator random) {
    this.scheduler = scheduler;
    this.random = random;
    for (Area area : Area.values()) {
      areas.put(area, new SimulatedArea());
    }
  }

  /** What goes wrong from now on. */
  public void setFaults(Faults to) {
    faults = to;
  }

  /** How much all of it may hold. */
  public void setCapacity(long bytes) {
    capacityBytes = bytes;
  }

  /** Operations that were begun. */
  public long operations() {
    return operations;
  }

  /**
   * Takes possession.
   *
   * @throws IOException if it has an owner
   */
  public SimulatedMedium open() throws IOException {
    if (owner != null) {
      throw new IOException("the medium in memory is in use");
    }
    return replaceOwner();
  }

  /** Takes possession whether or not there is an owner, who is out from then on. */
  public SimulatedMedium takeOver() {
    if (owner != null) {
      owner.replaced();
      abandon();
    }
    return replaceOwner();
  }

  private SimulatedMedium replaceOwner() {
    SimulatedMedium next = new SimulatedMedium(this, ++terms);
    owner = next;
    return next;
  }

  void closed(SimulatedMedium medium) {
    if (medium.equals(owner)) {
      owner = null;
    }
  }

  /** The process dies: what has completed stays, what is under way may have come to something. */
  public void kill() {
    if (owner != null) {
      owner.die("the process was killed");
    }
    abandon();
  }

  /** The power fails: what was not synced is kept, lost or torn, sector by sector. */
  public void losePower() {
    if (owner != null) {
      owner.die("the power is off");
    }
    abandon();
    areas.values().forEach(area -> area.losePower(random));
    // What was trimmed last may be back, or a part of it.
    journalStart = random.nextLong(trimmedStart, journalStart + 1);
    forget(journalStart);
  }

  private void abandon() {
    owner = null;
    areas.values().forEach(area -> area.abandon(random));
    if (nextRoot != null) {
      root = random.nextBoolean() ? nextRoot : root;
      nextRoot = null;
    }
    if (appending != null) {
      appendTorn(appending);
      appending = null;
    }
  }

  // What follows is for the medium.

  Faults.Fate begin(Faults.Operation operation, @Nullable Area area) {
    operations++;
    scheduler.note(operation.name().hashCode());
    return faults.fate(operation, area);
  }

  SimulatedArea area(Area area) {
    SimulatedArea found = areas.get(area);
    if (found == null) {
      throw new IllegalArgumentException(area.toString());
    }
    return found;
  }

  byte[] root() {
    return root;
  }

  void beginRoot(byte[] bytes) {
    nextRoot = bytes;
  }

  /** Ends a replacement of the root. */
  void endRoot(boolean replaced) {
    if (replaced && nextRoot != null) {
      root = nextRoot;
    }
    nextRoot = null;
  }

  long journalStart() {
    return journalStart;
  }

  long journalEnd() {
    return trimmedStart + journal.length;
  }

  byte[] readJournal(long position, int length) {
    if (position < journalStart || position + length > journalEnd()) {
      throw new IllegalArgumentException("journal at %d+%d".formatted(position, length));
    }
    int from = (int) (position - trimmedStart);
    return Arrays.copyOfRange(journal, from, from + length);
  }

  void beginAppend(byte[] bytes) {
    appending = bytes;
  }

  void endAppend(byte[] bytes) {
    append(bytes, bytes.length);
    appending = null;
  }

  /** The append was given up, and left nothing. */
  void cancelAppend() {
    appending = null;
  }

  void appendTorn(byte[] bytes) {
    byte[] torn = bytes.clone();
    for (int at = 0; at < torn.length; at += SimulatedArea.SECTOR) {
      // Most often the beginning is there, which says how long the whole is.
      if (random.nextInt(at == 0 ? 8 : 2) == 0) {
        Arrays.fill(torn, at, Math.min(torn.length, at + SimulatedArea.SECTOR), (byte) 0);
      }
    }
    // The length may be there before the bytes are.
    append(torn, random.nextInt(4) > 0 ? torn.length : random.nextInt(torn.length + 1));
    appending = null;
  }

  private void append(byte[] bytes, int length) {
    int end = journal.length;
    journal = Arrays.copyOf(journal, end + length);
    System.arraycopy(bytes, 0, journal, end, length);
  }

  void truncateJournal(long end) {
    journal = Arrays.copyOf(journal, (int) (end - trimmedStart));
    journalStart = Math.min(journalStart, end);
  }

  void trimJournal(long start) {
    forget(journalStart); // what was trimmed before is gone for good
    journalStart = Math.max(journalStart, start);
  }

  private void forget(long start) {
    journal = Arrays.copyOfRange(journal, (int) (start - trimmedStart), journal.length);
    trimmedStart = start;
  }

  long freeBytes() {
    long used = (long) journal.length - (long) holes.cardinality() * SimulatedArea.SECTOR;
    for (SimulatedArea area : areas.values()) {
      used += area.length();
    }
    return capacityBytes - used;
  }

  void fillHoles(int position, int length) {
    int end = Math.ceilDiv(position + length, SimulatedArea.SECTOR);
    holes.clear(position / SimulatedArea.SECTOR, end);
  }

  void makeHoles(int position, int length) {
    int end = Math.min(position + length, area(Area.CHUNKS).length());
    if (position < end) {
      area(Area.CHUNKS).discard(position, length);
      holes.set(
          Math.ceilDiv(position, SimulatedArea.SECTOR),
          Math.max(Math.ceilDiv(position, SimulatedArea.SECTOR), end / SimulatedArea.SECTOR));
    }
  }
}
