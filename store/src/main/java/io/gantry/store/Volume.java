package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A thin volume: a range of bytes that reads as zeros where nothing was written.
 *
 * <p>Safe for use by several threads. Reads and writes that overlap in time and place mix block by
 * block, as on a disk. Ranges may have any alignment; callers that speak blocks check blocks.
 */
public final class Volume {
  /*
   * A write
   * -------
   * goes in three steps: under the metadata lock it looks up where each chunk is, and takes a new
   * chunk where there is none or where it is shared; without the lock it writes the bytes, into new
   * chunks always all of them; under the lock again it puts the new chunks into the page table and
   * the journal. If an entry has changed meanwhile, what was merged into the new chunk may be old:
   * the chunk is given back and that part of the write done again. The same if the old chunk has
   * become this volume's alone, since others may write it in place from then on.
   *
   * Chunks that only this volume has are written in place. They must not become shared while that
   * goes on, or a token would change after it was made: so a write holds freezeLock shared, and
   * freezing, the only way for a volume's chunks to become shared, holds it alone.
   */
  private static final int MAX_PIECE = 4 << 20;

  private final Metadata metadata;
  private final TableReader reader;
  private final int id;
  private final int blockBytes;

  // Written under the pool's metadata lock; the size with the freeze lock held alone, too.
  private volatile String name;
  private volatile long sizeBytes;
  private volatile boolean readOnly;

  final PageTable table;
  final ReadWriteLock freezeLock = new ReentrantReadWriteLock();

  /** Guarded by the pool's metadata lock. */
  boolean deleted;

  /** Its snapshots by number. Guarded by the pool's metadata lock. */
  final Map<Integer, Snapshot> snapshots = new TreeMap<>();

  /** Its attributes by name. Guarded by the pool's metadata lock. */
  final Map<String, byte[]> attributes = new TreeMap<>();

  Volume(Metadata metadata, int id, String name, long sizeBytes, int blockBytes, PageTable table) {
    this.metadata = metadata;
    this.reader = new TableReader(metadata);
    this.id = id;
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.blockBytes = blockBytes;
    this.table = table;
  }

  /** Its number, from 0, never given to another volume of the metadata. */
  public int id() {
    return id;
  }

  /** Its logical unit number: the same as {@link #id}. */
  public int lun() {
    return id;
  }

  /** Its name, unique in the pool at any time. */
  public String name() {
    return name;
  }

  /** Its size in bytes, a multiple of {@link #blockBytes}. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** Bytes of a logical block, 512 or 4096. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether writes are refused. */
  public boolean readOnly() {
    return readOnly;
  }

  /** Space that the volume takes, shared or not; looks at each of its pages. */
  public Usage usage() {
    return new UsageMeter(metadata).of(this);
  }

  /** Called under the pool's metadata lock. */
  void keep(String attribute, byte[] value) {
    if (value.length == 0) {
      attributes.remove(attribute);
    } else {
      attributes.put(attribute, value);
    }
  }

  void rename(String to) {
    name = to;
  }

  void resize(long toBytes) {
    sizeBytes = toBytes;
  }

  void protect(boolean on) {
    readOnly = on;
  }

  /**
   * Fills a buffer from its position to its limit.
   *
   * @throws OutOfRangeException if the range is not within the volume
   */
  public void read(long offset, ByteBuffer target) throws IOException {
    requireWithin(offset, target.remaining());
    reader.read(
        table,
        offset,
        target,
        () -> {
          requireUsable();
          return true;
        });
  }

  /**
   * Fills a direct buffer as {@link #read} does, but only if that takes no waiting at all, neither
   * for a disk nor for other threads. Once compiled, it allocates nothing.
   *
   * @return whether it was done; if not (also if the range is not within the volume), the buffer's
   *     position and content are undefined, and {@link #read} will tell
   */
  public boolean readNow(long offset, ByteBuffer target) {
    return offset >= 0
        && offset <= sizeBytes - target.remaining()
        && reader.readNow(this, offset, target);
  }

  /**
   * Writes a buffer from its position to its limit. The bytes are durable once a {@link Pool#flush}
   * that began later is done.
   *
   * @throws NoSpaceException if the pool is full; a part may have been written
   * @throws ReadOnlyVolumeException if the volume is read-only
   * @throws OutOfRangeException if the range is not within the volume
   */
  public void write(long offset, ByteBuffer source) throws IOException {
    requireWithin(offset, source.remaining());
    ByteBuffer rest = source.slice();
    long at = offset;
    int attempts = 0;
    while (rest.hasRemaining()) {
      long pieceEnd = (at / MAX_PIECE + 1) * MAX_PIECE;
      int length = (int) Math.min(rest.remaining(), pieceEnd - at);
      try {
        writePiece(at, rest.slice(rest.position(), length));
      } catch (NoSpaceException e) {
        if (!metadata.keeper.makeRoom(e, attempts++, length)) {
          throw e;
        }
        continue;
      }
      attempts = 0;
      at += length;
      rest.position(rest.position() + length);
    }
    source.position(source.limit());
  }

  /**
   * Writes a buffer as {@link #write} does, but only in place, within a chunk, and if by all
   * appearances that takes no waiting, neither for a disk nor for other threads.
   *
   * @param source direct, or it will be copied
   * @return whether it was done; if not (for whatever reason), nothing has happened, and {@link
   *     #write} will tell
   * @throws IOException if writing failed; a part may have been written
   */
  public boolean writeNow(long offset, ByteBuffer source) throws IOException {
    int chunkBytes = metadata.chunkBytes();
    int within = (int) (offset % chunkBytes);
    if (offset < 0
        || source.remaining() > chunkBytes - within
        || !freezeLock.readLock().tryLock()) {
      return false;
    }
    int epoch = metadata.epochs.enter();
    try {
      if (!metadata.tryAcquire()) {
        return false;
      }
      long chunk;
      try {
        requireWritable(offset + source.remaining());
        chunk = changeable(offset / chunkBytes);
        metadata.space.checksums.changes(chunk);
      } catch (IOException e) {
        return false; // write() will hear it again, and tell
      } finally {
        metadata.release();
      }
      return chunk >= 0
          && metadata.medium.writeNow(Medium.Area.CHUNKS, chunk * chunkBytes + within, source);
    } finally {
      metadata.epochs.leave(epoch);
      freezeLock.readLock().unlock();
    }
  }

  /** What becomes of a range. */
  @FunctionalInterface
  public interface Change {
    /**
     * Tells what a range is to hold. May be asked again if something has come between.
     *
     * @param old what it holds now, read-only
     * @return as many bytes, or null to leave it as it is
     */
    @Nullable ByteBuffer of(ByteBuffer old);
  }

  /**
   * Writes a buffer from its position to its limit, wholly or not at all: no reader sees a part of
   * it, and neither does a power failure leave one.
   *
   * @throws NoSpaceException if the pool is full; nothing has been written
   * @throws ReadOnlyVolumeException if the volume is read-only
   * @throws OutOfRangeException if the range is not within the volume
   */
  public void writeAtomic(long offset, ByteBuffer source) throws IOException {
    requireWithin(offset, source.remaining());
    if (source.hasRemaining()) {
      int length = source.remaining();
      new AtomicUpdate(this, metadata, reader, offset, length, false, _ -> source.duplicate())
          .run();
    }
    source.position(source.limit());
  }

  /**
   * Reads a range and writes what becomes of it, wholly or not at all, with no other write in
   * between.
   *
   * @return whether there was a change
   * @throws IOException as {@link #writeAtomic}
   */
  public boolean update(long offset, int length, Change change) throws IOException {
    requireWithin(offset, length);
    return length == 0
        || new AtomicUpdate(this, metadata, reader, offset, length, true, change).run();
  }

  private void writePiece(long offset, ByteBuffer source) throws IOException {
    int chunkBytes = metadata.chunkBytes();
    long first = offset / chunkBytes;
    int count = (int) ((offset + source.remaining() - 1) / chunkBytes - first) + 1;
    Placement[] placements = new Placement[count];
    int conflict = -1;
    freezeLock.readLock().lock();
    int epoch = metadata.epochs.enter();
    try {
      metadata.lockedIo(() -> place(first, placements, offset + source.remaining()));
      boolean written = false;
      try {
        writePlaced(offset, source, first, placements);
        written = true;
      } finally {
        if (!written) {
          metadata.locked(() -> giveBack(placements));
        }
      }
      conflict = metadata.lockedIo(() -> map(first, placements));
    } finally {
      metadata.epochs.leave(epoch);
      freezeLock.readLock().unlock();
    }
    for (int i = conflict; i >= 0 && i < count; i++) {
      if (placements[i].conflict) {
        long from = Math.max(offset, (first + i) * chunkBytes);
        long to = Math.min(offset + source.remaining(), (first + i + 1) * chunkBytes);
        writePiece(from, source.slice((int) (from - offset), (int) (to - from)));
      }
    }
  }

  /** Where one chunk of a write goes. */
  private static final class Placement {
    final long old;
    final long chunk;
    final boolean inPlace;
    boolean conflict;

    Placement(long old, long chunk, boolean inPlace) {
      this.old = old;
      this.chunk = chunk;
      this.inPlace = inPlace;
    }
  }

  private int place(long first, Placement[] placements, long end) throws IOException {
    requireWritable(end);
    int placed = 0;
    try {
      for (; placed < placements.length; placed++) {
        long old = table.get(first + placed);
        long owned = old < 0 ? -1 : changeable(first + placed);
        metadata.space.checksums.changes(owned);
        placements[placed] =
            owned >= 0
                ? new Placement(old, owned, true)
                : new Placement(old, metadata.space.allocate(), false);
      }
      return placed;
    } catch (IOException | RuntimeException e) {
      giveBack(Arrays.copyOf(placements, placed));
      throw e;
    }
  }

  private int giveBack(Placement[] placements) {
    for (Placement placement : placements) {
      if (!placement.inPlace) {
        metadata.space.giveBack(placement.chunk);
      }
    }
    return 0;
  }

  private void writePlaced(long offset, ByteBuffer source, long first, Placement[] placements)
      throws IOException {
    InFlight writes = new InFlight();
    List<ByteBuffer> merged = new ArrayList<>(2);
    try {
      int chunkBytes = metadata.chunkBytes();
      long end = offset + source.remaining();
      int i = 0;
      while (i < placements.length) {
        long from = Math.max(offset, (first + i) * chunkBytes);
        int within = (int) (from - (first + i) * chunkBytes);
        Placement placement = placements[i];
        int next = i + 1;
        long to = Math.min(end, (first + next) * chunkBytes);
        if (!placement.inPlace && to - from < chunkBytes) {
          ByteBuffer whole = metadata.buffers.take();
          merged.add(whole);
          merge(placement.old, within, slice(source, from - offset, to - offset), whole);
          writes.add(writeChunks(placement.chunk * chunkBytes, whole));
        } else {
          while (next < placements.length
              && placements[next].chunk == placements[next - 1].chunk + 1
              && (placements[next].inPlace || end >= (first + next + 1) * chunkBytes)) {
            next++;
            to = Math.min(end, (first + next) * chunkBytes);
          }
          long position = placement.chunk * chunkBytes + within;
          writes.add(writeChunks(position, slice(source, from - offset, to - offset)));
        }
        i = next;
      }
    } finally {
      try {
        writes.await();
      } finally {
        merged.forEach(metadata.buffers::giveBack);
      }
    }
  }

  private CompletableFuture<@Nullable Void> writeChunks(long position, ByteBuffer bytes) {
    return metadata.medium.write(Medium.Area.CHUNKS, position, bytes);
  }

  private static ByteBuffer slice(ByteBuffer buffer, long from, long to) {
    return buffer.slice((int) from, (int) (to - from));
  }

  /** Makes a whole chunk: the old one's bytes, or zeros, with {@code bytes} put over them. */
  private void merge(long old, int within, ByteBuffer bytes, ByteBuffer whole) throws IOException {
    if (old >= 0) {
      reader.readChunk(old, whole);
    } else {
      TableReader.zeroFill(whole);
    }
    whole.clear().put(within, bytes, 0, bytes.remaining());
  }

  /** Puts new chunks into the table; the index of the first one that came too late, or -1. */
  private int map(long first, Placement[] placements) throws IOException {
    requireUsable(placements);
    int firstConflict = -1;
    int i = 0;
    while (i < placements.length) {
      Placement placement = placements[i];
      if (placement.inPlace) {
        i++;
        continue;
      }
      int run = 0;
      while (i + run < placements.length
          && !placements[i + run].inPlace
          && placements[i + run].chunk == placement.chunk + run
          && isCurrent(first + i + run, placements[i + run])) {
        metadata.space.written(placements[i + run].chunk);
        table.set(first + i + run, placements[i + run].chunk);
        run++;
      }
      if (run == 0) {
        placement.conflict = true;
        metadata.space.giveBack(placement.chunk);
        firstConflict = firstConflict < 0 ? i : firstConflict;
        i++;
        continue;
      }
      metadata.append(new JournalRecord.Mapped(id, first + i, placement.chunk, run));
      i += run;
    }
    return firstConflict;
  }

  /**
   * Whether what was merged into a new chunk is still what is there. An old chunk that was shared
   * when the write began may since have become this volume's alone, by a commit that let go of the
   * other owner, and then another write may have changed it in place.
   */
  private boolean isCurrent(long index, Placement placement) {
    return table.get(index) == placement.old && changeable(index) < 0;
  }

  /** The chunk at an index if it may be written in place, or -1. */
  private long changeable(long index) {
    long owned = table.getOwned(index);
    return metadata.space.checksums.has(owned) ? -1 : owned;
  }

  private void requireUsable(Placement[] placements) throws IOException {
    if (deleted) {
      giveBack(placements);
      throw new VolumeGoneException(name);
    }
  }

  /**
   * Makes a range read as zeros, giving up whole chunks.
   *
   * @throws NoSpaceException if zeros had to be written into a shared chunk and the pool is full
   */
  public void zero(long offset, long length) throws IOException {
    requireWithin(offset, length);
    freezeLock.readLock().lock(); // keeps the size as it is
    try {
      int chunkBytes = metadata.chunkBytes();
      long end = offset + length;
      // A volume's last chunk may be a partial one; what lies behind the end is nobody's.
      long endChunk = end == sizeBytes ? (end + chunkBytes - 1) / chunkBytes : end / chunkBytes;
      long firstChunk = (offset + chunkBytes - 1) / chunkBytes;
      long headEnd = Math.min(end, firstChunk * chunkBytes);
      writeZeros(offset, headEnd);
      if (firstChunk < endChunk) {
        metadata.lockedIo(() -> {
          requireWritable(end);
          metadata.change(new JournalRecord.Unmapped(id, firstChunk, endChunk - firstChunk));
          return null;
        });
      }
      writeZeros(Math.max(headEnd, endChunk * chunkBytes), end);
    } finally {
      freezeLock.readLock().unlock();
    }
  }

  /**
   * Writes a block over and over. Whole chunks of the range all become the same one, so it takes
   * hardly any time or space, whatever the length.
   *
   * @param block divides the chunks of the pool, and the offset and length
   * @throws NoSpaceException if the pool is full; a part may have been written
   */
  public void fill(long offset, long length, ByteBuffer block) throws IOException {
    requireWithin(offset, length);
    int chunkBytes = metadata.chunkBytes();
    if (offset % block.remaining() != 0
        || length % block.remaining() != 0
        || chunkBytes % block.remaining() != 0) {
      throw new IllegalArgumentException(
          "%d+%d is no range of blocks of %d".formatted(offset, length, block.remaining()));
    }
    byte[] bytes = new byte[block.remaining()];
    block.get(block.position(), bytes);
    if (Arrays.equals(bytes, new byte[bytes.length])) {
      zero(offset, length);
      return;
    }
    ByteBuffer chunk = Erasure.repeated(bytes, chunkBytes);
    long end = offset + length;
    long firstChunk = (offset + chunkBytes - 1) / chunkBytes;
    long endChunk = end / chunkBytes;
    long headEnd = Math.min(end, firstChunk * chunkBytes);
    write(offset, chunk.slice(0, (int) (headEnd - offset)));
    int attempts = 0;
    boolean filled = firstChunk >= endChunk;
    while (!filled) {
      try {
        fillChunks(firstChunk, endChunk, chunk);
        filled = true;
      } catch (NoSpaceException e) {
        if (!metadata.keeper.makeRoom(e, attempts++, chunkBytes)) {
          throw e;
        }
      }
    }
    long tail = Math.max(headEnd, endChunk * chunkBytes);
    write(tail, chunk.slice(0, (int) (end - tail)));
  }

  private void fillChunks(long first, long end, ByteBuffer content) throws IOException {
    freezeLock.readLock().lock(); // keeps the size as it is
    try {
      long endByte = end * metadata.chunkBytes();
      long chunk =
          metadata.lockedIo(() -> {
            requireWritable(endByte);
            return metadata.space.allocate();
          });
      boolean mapped = false;
      try {
        Medium.await(writeChunks(chunk * metadata.chunkBytes(), content.duplicate()));
        mapped =
            metadata.lockedIo(() -> {
              requireWritable(endByte);
              metadata.space.written(chunk);
              table.fill(first, end - first, chunk);
              metadata.append(new JournalRecord.Filled(id, first, chunk, end - first));
              return true;
            });
      } finally {
        if (!mapped) {
          metadata.locked(() -> {
            metadata.space.giveBack(chunk);
            return null;
          });
        }
      }
    } finally {
      freezeLock.readLock().unlock();
    }
  }

  /** Writes zeros within one chunk, unless it is a hole. */
  void writeZeros(long from, long to) throws IOException {
    if (from < to && metadata.locked(() -> table.get(from / metadata.chunkBytes()) >= 0)) {
      write(from, ByteBuffer.allocate((int) (to - from)));
    }
  }

  /**
   * A run of bytes that are all mapped or all not.
   *
   * @param mapped whether the run has chunks
   * @param end the byte behind the run
   */
  public record Allocation(boolean mapped, long end) {}

  /** Whether a byte has a chunk, and how far it goes on like that; looks no further than limit. */
  public Allocation allocation(long offset, long limit) throws IOException {
    requireWithin(offset, 1);
    return reader.allocation(table, offset, limit);
  }

  /**
   * How the volume is kept from a byte on, up to its end. Chunk by chunk, so a range that was
   * written in part is a whole chunk.
   *
   * @param most ranges at most; the end of the last one tells where to go on
   */
  public List<VolumeRange> ranges(long offset, int most) throws IOException {
    requireWithin(offset, 0);
    return reader.ranges(table, offset, sizeBytes, most);
  }

  /**
   * What the volume shares with whom. Goes through all page tables, some pages under each hold of
   * the metadata lock; bounded, and meant for people who look at a picture.
   *
   * @param cells how many to cut its address space into, at most: 1 to 4096
   */
  public Sharing sharing(int cells) {
    return new SharingPass(metadata, this, cells).run();
  }

  void requireWithin(long offset, long length) throws OutOfRangeException {
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException("bad range %d+%d".formatted(offset, length));
    }
    if (length > sizeBytes - offset) {
      throw new OutOfRangeException(name, offset + length, sizeBytes);
    }
  }

  /**
   * Called under the metadata lock before a change.
   *
   * @param end the byte behind the change
   */
  void requireWritable(long end) throws IOException {
    requireUsable();
    metadata.requireWritable();
    if (readOnly) {
      throw new ReadOnlyVolumeException(name);
    }
    if (end > sizeBytes) {
      throw new OutOfRangeException(name, end, sizeBytes);
    }
  }

  /** Whether the volume is gone. Called under the metadata lock. */
  boolean isDeleted() {
    return deleted;
  }

  /** Called under the metadata lock. */
  void requireUsable() throws VolumeGoneException {
    if (deleted) {
      throw new VolumeGoneException(name);
    }
  }
}
