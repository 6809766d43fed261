package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Proof, from the medium alone, that a pool is consistent: its root, its checkpoint and its journal
 * are whole, every change in the journal fits what the ones before it left, every chunk and page
 * has as many references as there are entries that name it, every chunk that is named lies within
 * what was written, and every chunk that has a checksum still is what it was. Changes nothing.
 *
 * @param findings what is wrong, for people; a consistent pool has none
 * @param notes what is no fault but worth knowing
 * @param volumes volumes found
 * @param snapshots snapshots found
 * @param tokens tokens found
 * @param usedChunks chunks that something refers to
 * @param verifiedChunks chunks that were read and compared with their checksums
 */
public record PoolCheck(
    List<String> findings,
    List<String> notes,
    int volumes,
    int snapshots,
    int tokens,
    long usedChunks,
    long verifiedChunks) {

  private static final int MOST_FINDINGS = 100;

  public PoolCheck {
    findings = List.copyOf(findings);
    notes = List.copyOf(notes);
  }

  /** Whether nothing is wrong. */
  public boolean isConsistent() {
    return findings.isEmpty();
  }

  /**
   * Checks the pool on a medium, which stays the caller's, but reads no chunks.
   *
   * @throws IOException if the medium cannot be read
   */
  public static PoolCheck of(Medium medium, PoolOptions options) throws IOException {
    return check(medium, options, null);
  }

  /**
   * Checks the pool on a medium, which stays the caller's, and reads all chunks that have a
   * checksum.
   *
   * @throws IOException if the medium cannot be read
   */
  public static PoolCheck withChunks(Medium medium, PoolOptions options, Scrub.Progress progress)
      throws IOException {
    return check(medium, options, progress);
  }

  private static PoolCheck check(
      Medium medium, PoolOptions options, Scrub.@Nullable Progress progress) throws IOException {
    List<String> findings = new ArrayList<>();
    ReadOnly readOnly = new ReadOnly(medium);
    try {
      PoolRoot root = PoolRoot.decode(medium.readRoot(), medium.location());
      Metadata metadata = new Metadata(readOnly, root, options);
      metadata.recover();
      Catalog catalog = metadata.catalog();
      findings.addAll(ReferenceCount.differences(metadata.space, catalog.tables().toList()));
      findings.addAll(
          chunksBehindTheEnd(metadata, medium.length(Medium.Area.CHUNKS) / root.chunkBytes()));
      long verified = 0;
      if (progress != null) {
        Scrub.Report report = new Scrub(metadata, false, 0, progress).run();
        findings.addAll(report.findings());
        verified = report.verifiedChunks();
        if (!report.finished()) {
          readOnly.notes.add("the chunks were not all read");
        }
      }
      List<Volume> volumes = catalog.volumes();
      return new PoolCheck(
          findings.subList(0, Math.min(findings.size(), MOST_FINDINGS)),
          readOnly.notes,
          volumes.size(),
          volumes.stream().mapToInt(volume -> catalog.snapshots(volume).size()).sum(),
          catalog.tokens().count(),
          metadata.space.usedChunks(),
          verified);
    } catch (CorruptPoolException e) {
      findings.add(String.valueOf(e.getMessage()));
      return new PoolCheck(findings, readOnly.notes, 0, 0, 0, 0, 0);
    }
  }

  /**
   * Repairs what can be repaired without guessing in a pool without findings: cuts a torn end of
   * the journal off, gives the room of free chunks and of what a crash has left behind back, and
   * writes a fresh checkpoint. The medium stays the caller's.
   *
   * @return what was done, for people
   * @throws IOException if the medium fails
   */
  public static List<String> repair(Medium medium, PoolOptions options) throws IOException {
    PoolCheck before = of(medium, options);
    if (!before.isConsistent()) {
      throw new IllegalStateException("a pool with findings cannot be repaired without guessing");
    }
    List<String> done = new ArrayList<>();
    long journal = medium.journalEnd() - medium.journalStart();
    try (Pool pool = Pool.open(new Kept(medium), options)) {
      pool.checkpoint();
      pool.metadata.reclaim();
      if (!before.notes.isEmpty()) {
        done.add("the torn end of the journal was cut off");
      }
      done.add(
          "the room of %,d bytes of free chunks was given back"
              .formatted(pool.metadata.roomGivenBackBytes()));
    }
    done.add(
        "a checkpoint was written; the journal has %,d bytes, had %,d"
            .formatted(medium.journalEnd() - medium.journalStart(), journal));
    return done;
  }

  /** A medium that is not closed. */
  private static final class Kept extends ForwardingMedium {
    Kept(Medium medium) {
      super(medium);
    }

    @Override
    public void close() {
      // It is the caller's.
    }
  }

  private static List<String> chunksBehindTheEnd(Metadata metadata, long end) {
    List<String> findings = new ArrayList<>();
    Set<Page> visited = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Volume volume : metadata.catalog().volumes()) {
      look(volume.table, "volume " + volume.name(), end, visited, findings);
      for (Snapshot snapshot : metadata.catalog().snapshots(volume)) {
        String name = "snapshot %s@%s".formatted(volume.name(), snapshot.name());
        look(snapshot.table, name, end, visited, findings);
      }
    }
    for (Erasure erasure : metadata.catalog().erasures()) {
      String name = "what volume %d held".formatted(erasure.volumeId());
      look(erasure.table, name, end, visited, findings);
    }
    for (Token token : metadata.catalog().tokens().from(0, Long.MIN_VALUE, Integer.MAX_VALUE)) {
      look(token.table, "token %016x".formatted(token.number()), end, visited, findings);
    }
    return findings;
  }

  private static void look(
      PageTable table, String owner, long end, Set<Page> visited, List<String> findings) {
    long highest = -1;
    PageTable.Leaf leaf = table.nextLeaf(0, visited::add);
    while (leaf != null) {
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        highest = Math.max(highest, leaf.page().chunk(slot));
      }
      leaf = table.nextLeaf(leaf.first() + Page.ENTRIES, visited::add);
    }
    if (highest >= end) {
      findings.add(
          "%s names chunk %d, but the chunks end at %d: the chunks file was cut off"
              .formatted(owner, highest, end));
    }
  }

  /** A medium that notes what opening a pool would mend, and mends nothing. */
  private static final class ReadOnly extends ForwardingMedium {
    private final List<String> notes = new ArrayList<>();
    private @Nullable Long journalEnd;

    ReadOnly(Medium medium) {
      super(medium);
    }

    @Override
    public void writeRoot(byte[] root) {
      throw refusal();
    }

    @Override
    public CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source) {
      throw refusal();
    }

    @Override
    public CompletableFuture<@Nullable Void> sync(Area area) {
      throw refusal();
    }

    @Override
    public boolean discardChunks(long position, long lengthBytes) {
      return false;
    }

    @Override
    public long journalEnd() throws IOException {
      return journalEnd == null ? super.journalEnd() : journalEnd;
    }

    @Override
    public void appendJournal(ByteBuffer source) {
      throw refusal();
    }

    @Override
    public void truncateJournal(long end) {
      notes.add(
          "%s: the journal ends with a torn frame at %d, as after a crash; the next start cuts it off"
              .formatted(location(), end));
      journalEnd = end;
    }

    @Override
    public void trimJournal(long start) {
      throw refusal();
    }

    @Override
    public void close() {
      // The medium under it is the caller's.
    }

    private static IllegalStateException refusal() {
      return new IllegalStateException("a check changes nothing");
    }
  }
}
