package io.gantry.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reference counts of chunks and pages, and the chunks that are free.
 *
 * <p>Guarded by the pool's metadata lock.
 */
final class Space {
  /*
   * Giving up a reference takes effect late
   * ---------------------------------------
   * A reference that is dropped (release) is only noted. The count goes down when the journal record
   * of the change that dropped it is durable and every read and write that began before has ended
   * (settle). Until then the chunk counts as used, and as shared if somebody else has it too.
   * Three things follow:
   *
   *  - A chunk is never handed out again while a crash could bring its old owner back, nor while a
   *    slow reader still looks at it.
   *  - A chunk that became unshared in memory only is not written in place: after a crash the other
   *    owner would be back and see bytes that were never written to it.
   *  - A token or volume can be deleted under the feet of a running copy without a lock.
   *
   * Chunks that were never written take room on the medium when they are
   * ---------------------------------------------------------------------
   * What the medium says is free is still promised to writes that have begun in new chunks, and a
   * write that failed leaves chunks that have no room behind them. So both kinds are kept apart
   * (unwritten), or they would eat the reserve, and then the journal could not record a deletion.
   */
  private static final int SEGMENT_BITS = 16;
  private static final int SEGMENT = 1 << SEGMENT_BITS;

  /** What the file system must keep free for the journal, the root record and checkpoints. */
  private static final long RESERVE_BYTES = 16 << 20;

  /** The part of it that is for checkpoints; what larger ones need is kept free, too. */
  private static final long PAGE_RESERVE_BYTES = 4 << 20;

  private static final int GROWTH_STEP = 1024;

  /** Chunks that are looked at for giving back their room under one hold of the lock. */
  private static final int FREED_STEP = 1 << 14;

  /** 256 TiB of the smallest chunks. */
  static final long MOST_CHUNKS = 1L << 34;

  /** Pages and chunks that are let go under one hold of the lock. */
  private static final int SETTLE_STEP = 256;

  final Pages pages;
  final Checksums checksums = new Checksums(this);
  private final Medium medium;
  private final int chunkBytes;
  private int[][] counts = new int[0][];

  /** Chunks ever used are those below this one. */
  private long highWater;

  /** Chunks without references that have their room on the medium. */
  private final ChunkSet free = new ChunkSet();

  /** Chunks that may have no room on the medium yet, and those of them without references. */
  private final ChunkSet unwritten = new ChunkSet();

  private final ChunkSet freeUnwritten = new ChunkSet();

  /** Chunks that became free since {@link #takeFreed} was called last; some are in use again. */
  private final ChunkSet freed = new ChunkSet();

  /** Is told what becomes named while pinned space is measured. */
  PinnedSpace.@Nullable Marking marking;

  /** Most chunks that may be used. */
  private long limit = Long.MAX_VALUE;

  private long cursor;
  private long usedChunks;

  /** Unwritten chunks that may still be taken before the medium is asked again. */
  private long growth;

  private ArrayDeque<Object> released = new ArrayDeque<>();

  Space(Medium medium, int chunkBytes, Pages pages) {
    this.pages = pages;
    this.medium = medium;
    this.chunkBytes = chunkBytes;
  }

  /** Chunks with at least one reference, those that wait for settling included. */
  long usedChunks() {
    return usedChunks;
  }

  int references(long chunk) {
    return chunk >= highWater
        ? 0
        : counts[(int) (chunk >>> SEGMENT_BITS)][(int) chunk & (SEGMENT - 1)];
  }

  private void add(long chunk, int difference) {
    int count = references(chunk) + difference;
    if (count < 0) {
      throw new IllegalStateException("chunk " + chunk + " has " + count + " references");
    }
    counts[(int) (chunk >>> SEGMENT_BITS)][(int) chunk & (SEGMENT - 1)] = count;
    if (count == 0) {
      usedChunks--;
      (unwritten.contains(chunk) ? freeUnwritten : free).add(chunk);
      freed.add(chunk);
    }
  }

  /**
   * Takes a free chunk, with one reference: the one behind the last taken if it is free, so that
   * what is written together lies together.
   *
   * @throws NoSpaceException if there is none
   */
  long allocate() throws IOException {
    if (usedChunks >= limit) {
      throw new NoSpaceException(
          "the pool in %s uses as much space as its limit allows".formatted(medium.location()));
    }
    long found = free.next(cursor);
    if (found < 0) {
      found = free.next(0);
    }
    long chunk = found >= 0 ? found : grow();
    take(chunk);
    cursor = chunk + 1;
    return chunk;
  }

  private long grow() throws IOException {
    if (growth == 0) {
      long promised = unwritten.size() - freeUnwritten.size();
      // Behind the last chunk ever used is room that the medium has taken in advance.
      long ahead = Math.max(0, medium.length(Medium.Area.CHUNKS) - highWater * chunkBytes);
      long room = (medium.freeBytes() + ahead - reserveBytes()) / chunkBytes - promised;
      growth = Math.clamp(room, 0, GROWTH_STEP);
    }
    long again = freeUnwritten.next(0);
    if (growth == 0 || (again < 0 && highWater == MOST_CHUNKS)) {
      throw new NoSpaceException("no space left for the pool in " + medium.location());
    }
    growth--;
    long chunk = again >= 0 ? again : highWater;
    unwritten.add(chunk);
    return chunk;
  }

  /** Sets how many chunks may be used at most. */
  void limit(long chunks) {
    limit = chunks;
  }

  /** Bytes that chunks can hold in all, those in use included, if so many are free. */
  long capacityBytes(long freeBytes) {
    long promised = unwritten.size() - freeUnwritten.size();
    long room = Math.max(0, (freeBytes - reserveBytes()) / chunkBytes - promised);
    return (usedChunks + free.size() + room) * chunkBytes;
  }

  /** Whether what the medium has free is needed for the journal and checkpoints of deletions. */
  boolean isTight(long freeBytes) {
    return freeBytes - Math.max(0, pages.unwrittenBytes() - PAGE_RESERVE_BYTES) < RESERVE_BYTES / 2;
  }

  private long reserveBytes() {
    return RESERVE_BYTES + Math.max(0, pages.unwrittenBytes() - PAGE_RESERVE_BYTES);
  }

  /** Chunks that lie together. */
  record Run(long first, long count) {}

  /** Whether chunks have become free that {@link #takeFreed} has not looked at. */
  boolean hasFreed() {
    return freed.size() > 0;
  }

  /**
   * Takes chunks that have become free and have room on the medium out of use, so that their room
   * can be given back, where at least so many of them lie together. Looks at some, to be called
   * again when others have had the lock.
   */
  List<Run> takeFreed(int minimumCount) {
    List<Run> runs = new ArrayList<>();
    long looked = 0;
    for (long first = freed.next(0); first >= 0 && looked < FREED_STEP; first = freed.next(first)) {
      long end = first;
      while (freed.contains(end) && free.contains(end) && end - first < FREED_STEP) {
        freed.remove(end++);
      }
      if (end == first) {
        freed.remove(first);
      } else if (end - first >= minimumCount) {
        runs.add(new Run(first, end - first));
        for (long chunk = first; chunk < end; chunk++) {
          free.remove(chunk);
        }
      }
      looked += Math.max(1, end - first);
    }
    return runs;
  }

  /** Puts chunks from {@link #takeFreed} back into use, with or without room on the medium. */
  void discarded(Run run, boolean roomGivenBack) {
    for (long chunk = run.first; chunk < run.first + run.count; chunk++) {
      if (roomGivenBack) {
        unwritten.add(chunk);
        freeUnwritten.add(chunk);
      } else {
        free.add(chunk);
      }
    }
  }

  /** Notes that all of an allocated chunk was written. */
  void written(long chunk) {
    unwritten.remove(chunk);
  }

  /** Gives a chunk its first reference; on replay of the journal the chunk is given. */
  void take(long chunk) {
    checksums.forget(chunk);
    begin(chunk);
  }

  private void begin(long chunk) {
    if (chunk < 0 || chunk >= MOST_CHUNKS) {
      throw new IllegalStateException("there can be no chunk " + chunk);
    }
    while (highWater <= chunk) {
      if (highWater >>> SEGMENT_BITS >= counts.length) {
        counts = Arrays.copyOf(counts, counts.length + 1);
        counts[counts.length - 1] = new int[SEGMENT];
      }
      free.add(highWater);
      freed.add(highWater++);
    }
    if (references(chunk) != 0) {
      throw new IllegalStateException("chunk " + chunk + " is in use");
    }
    free.remove(chunk);
    freeUnwritten.remove(chunk);
    usedChunks++;
    if (marking != null) {
      marking.mark(chunk);
    }
    counts[(int) (chunk >>> SEGMENT_BITS)][(int) chunk & (SEGMENT - 1)] = 1;
  }

  /** Counts an entry of a page that was read back. */
  void restore(long chunk) {
    if (chunk >= 0 && chunk < highWater && references(chunk) > 0) {
      add(chunk, 1);
    } else if (chunk >= 0) {
      begin(chunk);
    }
  }

  /** Returns a chunk that was allocated and never named by a page. */
  void giveBack(long chunk) {
    add(chunk, -1);
  }

  void retain(long chunk) {
    if (references(chunk) == 0) {
      throw new IllegalStateException("chunk " + chunk + " is free");
    }
    if (marking != null) {
      marking.mark(chunk);
    }
    add(chunk, 1);
  }

  /** Notes that an entry no longer names the chunk. */
  void release(long chunk) {
    released.add(chunk);
  }

  /** Notes that an entry or root no longer names the page. */
  void release(@Nullable Page page) {
    if (page != null) {
      released.add(page);
    }
  }

  /** What was released since the last call, to be handed to {@link #settle}. */
  ArrayDeque<Object> takeReleased() {
    ArrayDeque<Object> taken = released;
    released = new ArrayDeque<>();
    return taken;
  }

  /**
   * Lets releases take effect and removes them from {@code releases}. Deleting a large volume is
   * millions of them, so this stops after some, with the children of pages still in {@code
   * releases}, to be called again when others have had the lock.
   */
  void settle(ArrayDeque<Object> releases) {
    for (int i = 0; i < SETTLE_STEP && !releases.isEmpty(); i++) {
      switch (releases.removeLast()) {
        case Page page -> drop(page, releases);
        case Long chunk -> add(chunk, -1);
        case Object other -> throw new IllegalStateException(other.toString());
      }
    }
  }

  private void drop(Page page, ArrayDeque<Object> releases) {
    if (--page.references > 0) {
      return;
    }
    pages.drop(page);
    for (int slot = 0; slot < Page.ENTRIES; slot++) {
      if (page.level > 0) {
        Page child = page.child(slot);
        if (child != null) {
          releases.addLast(child);
        }
      } else if (page.chunk(slot) >= 0) {
        add(page.chunk(slot), -1);
      }
    }
  }
}
