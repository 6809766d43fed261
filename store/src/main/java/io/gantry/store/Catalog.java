package io.gantry.store;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a pool has: its volumes, snapshots and tokens.
 *
 * <p>{@link #apply} is the one place where a journal record takes effect, whether it is made now or
 * read back after a restart; so the two cannot differ. Guarded by the pool's metadata lock.
 */
final class Catalog {
  private static final int REMEMBERED_ENDS = 10_000;

  private final Metadata metadata;
  private final Map<Integer, Volume> volumes = new TreeMap<>();
  private final Map<Integer, Snapshot> snapshots = new TreeMap<>();
  private final Map<Long, Token> tokens = new LinkedHashMap<>();
  private final Map<Long, Token.End> ended = new LinkedHashMap<>();
  private int nextVolume;
  private int nextSnapshot;

  Catalog(Metadata metadata) {
    this.metadata = metadata;
  }

  int nextVolume() {
    return nextVolume;
  }

  int nextSnapshot() {
    return nextSnapshot;
  }

  List<Volume> volumes() {
    return List.copyOf(volumes.values());
  }

  Optional<Volume> volume(int id) {
    return Optional.ofNullable(volumes.get(id));
  }

  Optional<Volume> volume(String name) {
    return volumes.values().stream().filter(volume -> volume.name().equals(name)).findAny();
  }

  List<Snapshot> snapshots(Volume volume) {
    return snapshots.values().stream()
        .filter(snapshot -> snapshot.volumeId() == volume.id())
        .toList();
  }

  Optional<Snapshot> snapshot(int id) {
    return Optional.ofNullable(snapshots.get(id));
  }

  List<Token> tokens() {
    return List.copyOf(tokens.values());
  }

  int tokenCount() {
    return tokens.size();
  }

  Optional<Token> token(long number) {
    return Optional.ofNullable(tokens.get(number));
  }

  Optional<Token.End> ended(long number) {
    return Optional.ofNullable(ended.get(number));
  }

  /** Takes a token away from those that can be found; whether it was there. */
  boolean remove(Token token, Token.End reason) {
    if (!tokens.remove(token.number(), token)) {
      return false;
    }
    token.ended = reason;
    ended.put(token.number(), reason);
    if (ended.size() > REMEMBERED_ENDS) {
      Iterator<Long> oldest = ended.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    return true;
  }

  /** Every page table there is. */
  Stream<PageTable> tables() {
    return Stream.of(
            volumes.values().stream().map(volume -> volume.table),
            snapshots.values().stream().map(snapshot -> snapshot.table),
            tokens.values().stream().map(token -> token.table))
        .flatMap(stream -> stream);
  }

  /**
   * Lets a change take effect.
   *
   * @throws IllegalStateException if it does not fit what is there, which means damage
   */
  void apply(JournalRecord change) {
    switch (change) {
      case JournalRecord.VolumeCreated r ->
          add(r.volume(), r.name(), r.sizeBytes(), r.blockBytes());
      case JournalRecord.VolumeDeleted r -> {
        Volume volume = requireVolume(r.volume());
        volume.deleted = true;
        volumes.remove(volume.id());
        volume.table.drop();
      }
      case JournalRecord.VolumeCloned r -> clone(r);
      case JournalRecord.VolumeRenamed r -> requireVolume(r.volume()).rename(r.name());
      case JournalRecord.VolumeResized r -> resize(requireVolume(r.volume()), r.sizeBytes());
      case JournalRecord.VolumeProtected r -> requireVolume(r.volume()).protect(r.readOnly());
      case JournalRecord.Mapped r -> {
        PageTable table = requireVolume(r.volume()).table;
        for (long i = 0; i < r.count(); i++) {
          metadata.space.take(r.chunk() + i);
          table.set(r.index() + i, r.chunk() + i);
        }
      }
      case JournalRecord.Unmapped r -> requireVolume(r.volume()).table.clear(r.index(), r.count());
      case JournalRecord.SnapshotCreated r -> {
        Volume volume = requireVolume(r.volume());
        PageTable table = copy(volume.table, chunks(volume.sizeBytes()));
        snapshots.put(
            r.snapshot(), new Snapshot(r.snapshot(), volume, r.name(), r.createdMillis(), table));
        nextSnapshot = r.snapshot() + 1;
      }
      case JournalRecord.SnapshotDeleted r -> {
        requireSnapshot(r.snapshot()).table.drop();
        snapshots.remove(r.snapshot());
      }
      case JournalRecord.VolumeRolledBack r -> {
        Volume volume = requireVolume(r.volume());
        Snapshot snapshot = requireSnapshot(r.snapshot());
        resize(volume, snapshot.sizeBytes());
        volume.table.share(snapshot.table, 0, 0, chunks(snapshot.sizeBytes()));
      }
      case JournalRecord.TokenCreated r -> create(r);
      case JournalRecord.TokenEnded r -> {
        Token token = requireToken(r.token());
        remove(token, r.reason());
        token.table.drop();
      }
      case JournalRecord.Shared r ->
          requireVolume(r.volume())
              .table
              .share(requireToken(r.token()).table, r.tokenIndex(), r.index(), r.count());
    }
  }

  private Volume add(int id, String name, long sizeBytes, int blockBytes) {
    PageTable table = new PageTable(metadata.space, chunks(sizeBytes));
    Volume volume = new Volume(metadata, id, name, sizeBytes, blockBytes, table);
    volumes.put(id, volume);
    nextVolume = id + 1;
    return volume;
  }

  private void clone(JournalRecord.VolumeCloned r) {
    Volume source = requireVolume(r.source());
    boolean ofVolume = r.snapshot() == JournalRecord.VolumeCloned.NO_SNAPSHOT;
    long size = ofVolume ? source.sizeBytes() : requireSnapshot(r.snapshot()).sizeBytes();
    PageTable table = ofVolume ? source.table : requireSnapshot(r.snapshot()).table;
    add(r.volume(), r.name(), size, source.blockBytes()).table.share(table, 0, 0, chunks(size));
  }

  private void resize(Volume volume, long sizeBytes) {
    long before = chunks(volume.sizeBytes());
    long after = chunks(sizeBytes);
    if (after < before) {
      volume.table.clear(after, before - after);
    }
    volume.table.reserve(after);
    volume.resize(sizeBytes);
  }

  private void create(JournalRecord.TokenCreated r) {
    Volume volume = requireVolume(r.volume());
    PageTable table = new PageTable(metadata.space, chunks(volume.sizeBytes()));
    for (Extent extent : r.extents()) {
      if (extent.length() > 0) {
        long first = extent.offset() / metadata.chunkBytes();
        table.share(volume.table, first, first, chunks(extent.end()) - first);
      }
    }
    Token token =
        new Token(
            r.token(),
            volume,
            r.extents(),
            r.inactivityTimeoutMillis(),
            table,
            metadata.nowMillis());
    tokens.put(token.number(), token);
  }

  private PageTable copy(PageTable source, long chunks) {
    PageTable table = new PageTable(metadata.space, chunks);
    table.share(source, 0, 0, chunks);
    return table;
  }

  private long chunks(long bytes) {
    return (bytes + metadata.chunkBytes() - 1) / metadata.chunkBytes();
  }

  private Volume requireVolume(int id) {
    return volume(id).orElseThrow(() -> new IllegalStateException("unknown volume " + id));
  }

  private Snapshot requireSnapshot(int id) {
    return snapshot(id).orElseThrow(() -> new IllegalStateException("unknown snapshot " + id));
  }

  private Token requireToken(long number) {
    return token(number).orElseThrow(() -> new IllegalStateException("unknown token " + number));
  }
}
