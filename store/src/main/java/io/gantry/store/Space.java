package io.gantry.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
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

  /** Pages and chunks that are let go under one hold of the lock. */
  private static final int SETTLE_STEP = 256;

  final Pages pages;
  private final Medium medium;
  private final int chunkBytes;
  private int[][] counts = new int[0][];

  /** Chunks ever used are those below this one. */
  private long highWater;

  /** Chunks without references that have their room on the medium. */
  private final BitSet free = new BitSet();

  /** Chunks that may have no room on the medium yet, and those of them without references. */
  private final BitSet unwritten = new BitSet();

  private final BitSet freeUnwritten = new BitSet();

  /** Chunks that became free since {@link #takeFreed} was called last; some are in use again. */
  private final BitSet freed = new BitSet();

  private int cursor;
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
    return counts[(int) (chunk >>> SEGMENT_BITS)][(int) chunk & (SEGMENT - 1)];
  }

  private void add(long chunk, int difference) {
    int count = references(chunk) + difference;
    if (count < 0) {
      throw new IllegalStateException("chunk " + chunk + " has " + count + " references");
    }
    counts[(int) (chunk >>> SEGMENT_BITS)][(int) chunk & (SEGMENT - 1)] = count;
    if (count == 0) {
      usedChunks--;
      (unwritten.get((int) chunk) ? freeUnwritten : free).set((int) chunk);
      freed.set((int) chunk);
    }
  }

  /**
   * Takes a free chunk, with one reference: the one behind the last taken if it is free, so that
   * what is written together lies together.
   *
   * @throws NoSpaceException if there is none
   */
  long allocate() throws IOException {
    int found = free.nextSetBit(cursor);
    if (found < 0) {
      found = free.nextSetBit(0);
    }
    long chunk = found >= 0 ? found : grow();
    take(chunk);
    cursor = (int) chunk + 1;
    return chunk;
  }

  private long grow() throws IOException {
    if (growth == 0) {
      int promised = unwritten.cardinality() - freeUnwritten.cardinality();
      long room = (medium.freeBytes() - reserveBytes()) / chunkBytes - promised;
      growth = Math.clamp(room, 0, GROWTH_STEP);
    }
    int again = freeUnwritten.nextSetBit(0);
    if (growth == 0 || (again < 0 && highWater == Integer.MAX_VALUE)) {
      throw new NoSpaceException("no space left for the pool in " + medium.location());
    }
    growth--;
    int chunk = again >= 0 ? again : (int) highWater;
    unwritten.set(chunk);
    return chunk;
  }

  private long reserveBytes() {
    return RESERVE_BYTES + Math.max(0, pages.unwrittenBytes() - PAGE_RESERVE_BYTES);
  }

  /** Chunks that lie together. */
  record Run(int first, int count) {}

  /**
   * Takes chunks that have become free and have room on the medium out of use, so that their room
   * can be given back, where at least so many of them lie together.
   */
  List<Run> takeFreed(int minimumCount) {
    List<Run> runs = new ArrayList<>();
    freed.and(free);
    for (int first = freed.nextSetBit(0); first >= 0; ) {
      int end = freed.nextClearBit(first);
      if (end - first >= minimumCount) {
        runs.add(new Run(first, end - first));
        free.clear(first, end);
      }
      first = freed.nextSetBit(end);
    }
    freed.clear();
    return runs;
  }

  /** Puts chunks from {@link #takeFreed} back into use, with or without room on the medium. */
  void discarded(Run run, boolean roomGivenBack) {
    int end = run.first + run.count;
    if (roomGivenBack) {
      unwritten.set(run.first, end);
      freeUnwritten.set(run.first, end);
    } else {
      free.set(run.first, end);
    }
  }

  /** Notes that all of an allocated chunk was written. */
  void written(long chunk) {
    unwritten.clear((int) chunk);
  }

  /** Gives a chunk its first reference; on replay of the journal the chunk is given. */
  void take(long chunk) {
    while (highWater <= chunk) {
      if (highWater >>> SEGMENT_BITS >= counts.length) {
        counts = Arrays.copyOf(counts, counts.length + 1);
        counts[counts.length - 1] = new int[SEGMENT];
      }
      free.set((int) highWater);
      freed.set((int) highWater++);
    }
    if (references(chunk) != 0) {
      throw new IllegalStateException("chunk " + chunk + " is in use");
    }
    free.clear((int) chunk);
    freeUnwritten.clear((int) chunk);
    usedChunks++;
    counts[(int) (chunk >>> SEGMENT_BITS)][(int) chunk & (SEGMENT - 1)] = 1;
  }

  /** Counts an entry of a page that was read back. */
  void restore(long chunk) {
    if (chunk >= 0 && chunk < highWater && references(chunk) > 0) {
      add(chunk, 1);
    } else if (chunk >= 0) {
      take(chunk);
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
