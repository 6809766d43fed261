package io.gantry.store;

import java.time.Instant;

/**
 * What a volume held at one instant, under a name, until somebody deletes it. Made by {@link
 * Pool#createSnapshot}.
 */
public final class Snapshot {
  private final int id;
  private final int volume;
  private final String name;
  private final long sizeBytes;
  private final long createdMillis;
  final PageTable table;

  Snapshot(int id, int volume, String name, long sizeBytes, long createdMillis, PageTable table) {
    this.id = id;
    this.volume = volume;
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.createdMillis = createdMillis;
    this.table = table;
  }

  /** Its number, never given to another snapshot of the pool. */
  public int id() {
    return id;
  }

  /** The number of the volume that it was made of. */
  public int volumeId() {
    return volume;
  }

  /** Its name, unique among the snapshots of its volume. */
  public String name() {
    return name;
  }

  /** The volume's size at that instant. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** When it was made. */
  public Instant created() {
    return Instant.ofEpochMilli(createdMillis);
  }
}
