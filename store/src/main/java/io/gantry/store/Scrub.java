package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads everything that a pool maps, while the pool goes on: compares what has a checksum, and
 * gives one to what is frozen and has none.
 */
public final class Scrub {
  /** Who wants to know how far a scrub is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called now and then by the scrubbing thread.
     *
     * @param readBytes bytes read so far
     * @param usedBytes bytes in used chunks, about what there is to read
     * @return whether to go on
     */
    boolean report(long readBytes, long usedBytes);
  }

  /**
   * What a scrub has found.
   *
   * @param findings chunks that cannot be read or are not what they were, for people
   * @param readBytes bytes read
   * @param verifiedChunks chunks that have a checksum and were compared
   * @param summedChunks chunks that got one
   * @param finished whether it came to the end
   */
  public record Report(
      List<String> findings,
      long readBytes,
      long verifiedChunks,
      long summedChunks,
      boolean finished) {
    public Report {
      findings = List.copyOf(findings);
    }
  }

  /** Bytes that are read under one hold of their chunks. */
  private static final int GROUP_BYTES = 1 << 20;

  private static final int MOST_FINDINGS = 100;

  private final Metadata metadata;
  private final int chunkBytes;
  private final boolean sum;
  private final WorkRate rate;
  private final Progress progress;

  private final ChunkSet done = new ChunkSet();

  /** Shared pages of which everything below was looked at. */
  private final Set<Page> visited = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Shared pages of the table that is being looked at. */
  private final Set<Page> visiting = Collections.newSetFromMap(new IdentityHashMap<>());

  private final List<String> findings = new ArrayList<>();
  private final ByteBuffer buffer;
  private long readBytes;
  private long verifiedChunks;
  private long summedChunks;
  private boolean stopped;

  /**
   * A scrub to be run once.
   *
   * @param sum whether to read what has no checksum, too, and give one to what is frozen
   * @param bytesPerSecond how fast to read at most, or 0 for as fast as it goes
   */
  Scrub(Metadata metadata, boolean sum, long bytesPerSecond, Progress progress) {
    this.metadata = metadata;
    this.chunkBytes = metadata.chunkBytes();
    this.sum = sum;
    this.rate = metadata.rate(bytesPerSecond);
    this.progress = progress;
    this.buffer = ByteBuffer.allocateDirect(Math.max(GROUP_BYTES, chunkBytes));
  }

  /** A table and whose it is. */
  private record Owner(String name, PageTable table, boolean frozen) {}

  /** A chunk where it was found. */
  private record Place(Owner owner, long index, long chunk) {}

  /**
   * Runs.
   *
   * @throws IOException if the pool has stopped
   */
  Report run() throws IOException {
    List<Owner> owners = metadata.locked(this::owners);
    for (Token token : metadata.tokens.all()) {
      owners.add(new Owner("token %016x".formatted(token.number()), token.table, true));
    }
    for (Owner owner : owners) {
      long from = 0;
      visiting.clear();
      while (from >= 0 && !stopped) {
        from = scrubLeaf(owner, from);
      }
      // A volume may have changed meanwhile, and a snapshot or token have gone: then others may
      // still have what was not looked at.
      if (owner.frozen && metadata.locked(() -> owner.table.root() != null)) {
        visited.addAll(visiting);
      }
    }
    return new Report(findings, readBytes, verifiedChunks, summedChunks, !stopped);
  }

  private List<Owner> owners() {
    List<Owner> owners = new ArrayList<>();
    Catalog catalog = metadata.catalog();
    for (Volume volume : catalog.volumes()) {
      for (Snapshot snapshot : catalog.snapshots(volume)) {
        String name = "snapshot %s@%s".formatted(volume.name(), snapshot.name());
        owners.add(new Owner(name, snapshot.table, true));
      }
      owners.add(new Owner("volume " + volume.name(), volume.table, false));
    }
    return owners;
  }

  /** Scrubs the next leaf of a table; where to go on, or -1 at the end. */
  private long scrubLeaf(Owner owner, long from) throws IOException {
    List<Place> places = new ArrayList<>();
    long next =
        metadata.locked(() -> {
          PageTable.Leaf leaf = owner.table.nextLeaf(from, this::isWanted);
          if (leaf == null) {
            return -1L;
          }
          collect(owner, leaf, places);
          return leaf.first() + Page.ENTRIES;
        });
    try {
      int most = buffer.capacity() / chunkBytes;
      for (int i = 0; i < places.size() && !stopped; ) {
        int count = 1;
        while (count < most
            && i + count < places.size()
            && places.get(i + count).chunk == places.get(i).chunk + count) {
          count++;
        }
        scrub(places.subList(i, i + count));
        i += count;
      }
    } finally {
      metadata.locked(() -> {
        places.forEach(place -> metadata.space.checksums.unwatch(place.chunk));
        return null;
      });
    }
    return next;
  }

  private boolean isWanted(Page shared) {
    return !visited.contains(shared) && visiting.add(shared);
  }

  /** Called under the metadata lock. */
  private void collect(Owner owner, PageTable.Leaf leaf, List<Place> places) {
    Space space = metadata.space;
    for (int slot = 0; slot < Page.ENTRIES; slot++) {
      long chunk = leaf.page().chunk(slot);
      boolean wanted = sum || space.checksums.has(chunk);
      if (chunk >= 0 && wanted && !done.contains(chunk)) {
        done.add(chunk);
        places.add(new Place(owner, leaf.first() + slot, chunk));
        boolean frozen = owner.frozen || leaf.shared() || space.references(chunk) > 1;
        if (sum && frozen && !space.checksums.has(chunk)) {
          space.checksums.watch(chunk);
        }
      }
    }
  }

  /** Scrubs chunks that lie together. */
  private void scrub(List<Place> places) throws IOException {
    long[] expected = new long[places.size()];
    boolean apart = false;
    int epoch = metadata.epochs.enter();
    try {
      metadata.locked(() -> {
        for (int i = 0; i < expected.length; i++) {
          long chunk = places.get(i).chunk;
          // A free chunk may be taken and written again while it is read.
          boolean used = metadata.space.references(chunk) > 0;
          expected[i] = used ? metadata.space.checksums.get(chunk) : -1;
        }
        return null;
      });
      List<Integer> found = read(places);
      if (found != null) {
        compare(places, expected, found);
        note(places, expected, found);
      }
      apart = found == null && places.size() > 1;
    } finally {
      metadata.epochs.leave(epoch);
    }
    if (apart) {
      for (int i = 0; i < places.size() && !stopped; i++) {
        scrub(places.subList(i, i + 1));
      }
      return;
    }
    pace((long) places.size() * chunkBytes);
  }

  /** The checksums of chunks as they are, or null if they cannot be read in one go. */
  private @Nullable List<Integer> read(List<Place> places) {
    long position = places.getFirst().chunk * chunkBytes;
    buffer.clear().limit(places.size() * chunkBytes);
    try {
      Medium.await(metadata.medium.read(Medium.Area.CHUNKS, position, buffer));
    } catch (IOException e) {
      if (places.size() == 1) {
        find(places.getFirst(), "cannot be read: " + e.getMessage());
      }
      return null;
    }
    List<Integer> sums = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      sums.add(Checksums.of(buffer.slice(i * chunkBytes, chunkBytes)));
    }
    return sums;
  }

  private void compare(List<Place> places, long[] expected, List<Integer> found) {
    for (int i = 0; i < expected.length; i++) {
      long is = Integer.toUnsignedLong(found.get(i));
      if (expected[i] >= 0) {
        verifiedChunks++;
        if (is != expected[i] && stillExpected(places.get(i).chunk, expected[i])) {
          find(
              places.get(i),
              "is not what it was: its checksum is %08x and should be %08x"
                  .formatted(is, expected[i]));
        }
      }
    }
  }

  /** A chunk whose owner let go of it before the read began may have become another's meanwhile. */
  private boolean stillExpected(long chunk, long checksum) {
    Space space = metadata.space;
    return metadata.locked(
        () -> space.references(chunk) > 0 && space.checksums.get(chunk) == checksum);
  }

  private void find(Place place, String what) {
    if (findings.size() < MOST_FINDINGS) {
      findings.add(
          "%s: byte %d and on (chunk %d, chunks at %d) %s"
              .formatted(
                  place.owner.name,
                  place.index * chunkBytes,
                  place.chunk,
                  place.chunk * chunkBytes,
                  what));
    }
  }

  private void note(List<Place> places, long[] expected, List<Integer> found) throws IOException {
    if (!sum) {
      return;
    }
    metadata.lockedIo(() -> {
      metadata.requireWritable();
      Checksums checksums = metadata.space.checksums;
      for (int i = 0; i < expected.length; ) {
        int first = i;
        List<Integer> run = new ArrayList<>();
        while (i < expected.length && expected[i] < 0 && checksums.unwatch(places.get(i).chunk)) {
          run.add(found.get(i++));
        }
        if (run.isEmpty()) {
          i++;
        } else {
          metadata.change(new JournalRecord.Summed(places.get(first).chunk, run));
          summedChunks += run.size();
        }
      }
      return null;
    });
  }

  private void pace(long bytes) {
    readBytes += bytes;
    long used = metadata.locked(metadata.space::usedChunks) * chunkBytes;
    stopped |= !progress.report(readBytes, used);
    if (!stopped) {
      stopped = !rate.did(bytes, () -> progress.report(readBytes, used));
    }
  }
}
