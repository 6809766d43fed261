package io.gantry.store;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a pool has: its volumes, snapshots and tokens.
 *
 * <p>{@link #apply} is the one place where a journal record takes effect, whether it is made now or
 * read back after a restart; so the two cannot differ. Guarded by the pool's metadata lock.
 */
final class Catalog {
  private final Metadata metadata;
  private final Map<Integer, Volume> volumes = new TreeMap<>();
  private final Map<Integer, Snapshot> snapshots = new TreeMap<>();

  /** What is being erased, by the volume that held it. */
  private final Map<Integer, Erasure> erasures = new TreeMap<>();

  private final TokenSet tokens = new TokenSet();
  private int nextVolume;
  private int nextSnapshot;

  /** Counts what changes the list of volumes or a name in it. */
  private final AtomicInteger inventory = new AtomicInteger();

  Catalog(Metadata metadata) {
    this.metadata = metadata;
  }

  int nextVolume() {
    return nextVolume;
  }

  /** To be used without the lock, too. */
  int inventory() {
    return inventory.get();
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

  /** The snapshots of a volume, oldest first. */
  List<Snapshot> snapshots(Volume volume) {
    return List.copyOf(volume.snapshots.values());
  }

  Optional<Snapshot> snapshot(int id) {
    return Optional.ofNullable(snapshots.get(id));
  }

  List<Erasure> erasures() {
    return List.copyOf(erasures.values());
  }

  Optional<Erasure> erasure(int volume) {
    return Optional.ofNullable(erasures.get(volume));
  }

  TokenSet tokens() {
    return tokens;
  }

  /** Every page table there is. */
  Stream<PageTable> tables() {
    return Stream.of(
            volumes.values().stream().map(volume -> volume.table),
            snapshots.values().stream().map(snapshot -> snapshot.table),
            erasures.values().stream().map(erasure -> erasure.table),
            tokens.tables())
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
        inventory.incrementAndGet();
        volume.table.drop();
      }
      case JournalRecord.VolumeCloned r -> clone(r);
      case JournalRecord.VolumeRenamed r -> {
        requireVolume(r.volume()).rename(r.name());
        inventory.incrementAndGet();
      }
      case JournalRecord.VolumeResized r -> resize(requireVolume(r.volume()), r.sizeBytes());
      case JournalRecord.VolumeProtected r -> requireVolume(r.volume()).protect(r.readOnly());
      case JournalRecord.AttributeSet r -> requireVolume(r.volume()).keep(r.name(), r.value());
      case JournalRecord.Mapped r -> {
        PageTable table = requireVolume(r.volume()).table;
        for (long i = 0; i < r.count(); i++) {
          metadata.space.take(r.chunk() + i);
          table.set(r.index() + i, r.chunk() + i);
        }
      }
      case JournalRecord.Filled r -> {
        metadata.space.take(r.chunk());
        requireVolume(r.volume()).table.fill(r.index(), r.count(), r.chunk());
      }
      case JournalRecord.ErasureBegun r -> {
        Volume volume = requireVolume(r.volume());
        long count = chunks(volume.sizeBytes());
        requireNew(erasures.get(r.volume()), "erasure of volume", r.volume());
        PageTable table = copy(volume.table, count);
        erasures.put(r.volume(), new Erasure(metadata, r.volume(), r.plan(), table));
        volume.table.clear(0, count);
      }
      case JournalRecord.ErasureEnded r -> {
        Erasure erasure = erasures.remove(r.volume());
        if (erasure == null) {
          throw new IllegalStateException("unknown erasure of volume " + r.volume());
        }
        erasure.table.drop();
      }
      case JournalRecord.Unmapped r -> requireVolume(r.volume()).table.clear(r.index(), r.count());
      case JournalRecord.SnapshotCreated r -> {
        Volume volume = requireVolume(r.volume());
        PageTable table = copy(volume.table, chunks(volume.sizeBytes()));
        long size = volume.sizeBytes();
        put(
            volume,
            new Snapshot(r.snapshot(), r.volume(), r.name(), size, r.createdMillis(), table));
        nextSnapshot = r.snapshot() + 1;
      }
      case JournalRecord.SnapshotDeleted r -> {
        Snapshot snapshot = requireSnapshot(r.snapshot());
        snapshot.table.drop();
        snapshots.remove(r.snapshot());
        requireVolume(snapshot.volumeId()).snapshots.remove(r.snapshot());
      }
      case JournalRecord.VolumeRolledBack r -> {
        Volume volume = requireVolume(r.volume());
        Snapshot snapshot = requireSnapshot(r.snapshot());
        resize(volume, snapshot.sizeBytes());
        volume.table.share(snapshot.table, 0, 0, chunks(snapshot.sizeBytes()));
      }
      case JournalRecord.TokenCreated r -> create(r);
      case JournalRecord.TokenEnded r -> {
        Token token = tokens.require(r.token());
        tokens.remove(token, r.reason());
        tokens.drop(token);
      }
      case JournalRecord.ResultKept r -> metadata.results.apply(r);
      case JournalRecord.ResultDropped r -> metadata.results.apply(r);
      case JournalRecord.Summed r -> {
        for (int i = 0; i < r.checksums().size(); i++) {
          metadata.space.checksums.note(r.chunk() + i, r.checksums().get(i));
        }
      }
      case JournalRecord.Shared r ->
          requireVolume(r.volume())
              .table
              .share(tokens.require(r.token()).table, r.tokenIndex(), r.index(), r.count());
    }
  }

  private Volume add(int id, String name, long sizeBytes, int blockBytes) {
    PageTable table = new PageTable(metadata.space, chunks(sizeBytes));
    Volume volume = new Volume(metadata, id, name, sizeBytes, blockBytes, table);
    volumes.put(id, volume);
    nextVolume = id + 1;
    inventory.incrementAndGet();
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
      if (extent.length() > 0 && r.terms().kind() != Token.Kind.REFERENCE) {
        long first = extent.offset() / metadata.chunkBytes();
        table.share(volume.table, first, first, chunks(extent.end()) - first);
      }
    }
    add(r.token(), r.volume(), volume.blockBytes(), r.extents(), r.terms(), table);
  }

  private void add(
      long number,
      int volume,
      int blockBytes,
      List<Extent> extents,
      Token.Terms terms,
      PageTable table) {
    // A clock that was set back since then says that the token is not yet made: it is new.
    long ageMillis = Math.max(0, metadata.nowMillis() - terms.createdMillis());
    long now = metadata.steadyMillis();
    tokens.add(
        new Token(
            number,
            tokens.nextSerial(),
            volume,
            blockBytes,
            extents,
            terms,
            table,
            now - ageMillis),
        now);
  }

  // Checkpoints

  /** What there is but tokens, and as how many tokens there ever were. */
  long save(RecordOutput out) {
    new CheckpointRecord.Numbers(nextVolume, nextSnapshot).encode(out);
    PageTable checksums = metadata.space.checksums.table();
    new CheckpointRecord.ChecksumTable(CheckpointRecord.root(checksums)).encode(out);
    for (Volume v : volumes.values()) {
      new CheckpointRecord.VolumeState(
              v.id(),
              v.name(),
              v.sizeBytes(),
              v.blockBytes(),
              v.readOnly(),
              CheckpointRecord.root(v.table))
          .encode(out);
      v.attributes.forEach(
          (name, value) -> new CheckpointRecord.AttributeState(v.id(), name, value).encode(out));
    }
    for (Snapshot s : snapshots.values()) {
      new CheckpointRecord.SnapshotState(
              s.id(),
              s.volumeId(),
              s.name(),
              s.sizeBytes(),
              s.created().toEpochMilli(),
              CheckpointRecord.root(s.table))
          .encode(out);
    }
    for (Erasure e : erasures.values()) {
      new CheckpointRecord.ErasureState(e.volumeId(), e.plan(), CheckpointRecord.root(e.table))
          .encode(out);
    }
    tokens.saveEnded(out);
    return tokens.nextSerial();
  }

  /**
   * Puts back what a checkpoint has.
   *
   * @throws IllegalStateException if it does not fit, which means damage
   */
  void restore(CheckpointRecord record, CheckpointReader.Roots roots) {
    switch (record) {
      case CheckpointRecord.Numbers r -> {
        nextVolume = r.nextVolume();
        nextSnapshot = r.nextSnapshot();
      }
      case CheckpointRecord.VolumeState r -> {
        PageTable table = restored(chunks(r.sizeBytes()), roots.root(r.root()));
        Volume volume =
            new Volume(metadata, r.volume(), r.name(), r.sizeBytes(), r.blockBytes(), table);
        volume.protect(r.readOnly());
        requireNew(volumes.put(r.volume(), volume), "volume", r.volume());
      }
      case CheckpointRecord.SnapshotState r -> {
        PageTable table = restored(chunks(r.sizeBytes()), roots.root(r.root()));
        Snapshot snapshot =
            new Snapshot(
                r.snapshot(), r.volume(), r.name(), r.sizeBytes(), r.createdMillis(), table);
        requireNew(snapshots.get(r.snapshot()), "snapshot", r.snapshot());
        put(requireVolume(r.volume()), snapshot);
      }
      case CheckpointRecord.TokenState r -> {
        long end = r.extents().stream().mapToLong(Extent::end).max().orElse(0);
        PageTable table = restored(chunks(end), roots.root(r.root()));
        requireNew(tokens.find(r.token()).orElse(null), "token", r.token());
        add(r.token(), r.volume(), r.blockBytes(), r.extents(), r.terms(), table);
      }
      case CheckpointRecord.ErasureState r -> {
        PageTable table = restored(1, roots.root(r.root()));
        requireNew(erasures.get(r.volume()), "erasure of volume", r.volume());
        erasures.put(r.volume(), new Erasure(metadata, r.volume(), r.plan(), table));
      }
      case CheckpointRecord.AttributeState r ->
          requireNew(
              requireVolume(r.volume()).attributes.put(r.name(), r.value()),
              "attribute %s of volume".formatted(r.name()),
              r.volume());
      case CheckpointRecord.ChecksumTable r ->
          metadata.space.checksums.restore(roots.numbers(r.root()));
      case CheckpointRecord.ResultState r -> metadata.results.restore(r);
      case CheckpointRecord.TokenGone r -> tokens.remember(r.token(), r.reason());
    }
  }

  private void put(Volume volume, Snapshot snapshot) {
    snapshots.put(snapshot.id(), snapshot);
    volume.snapshots.put(snapshot.id(), snapshot);
  }

  private static void requireNew(@Nullable Object there, String what, long number) {
    if (there != null) {
      throw new IllegalStateException("there is a second %s %d".formatted(what, number));
    }
  }

  private PageTable restored(long chunks, @Nullable Page root) {
    return new PageTable(metadata.space, chunks, root);
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
}
