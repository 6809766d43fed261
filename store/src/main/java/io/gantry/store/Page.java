package io.gantry.store;

import org.jspecify.annotations.Nullable;

/**
 * One node of a page table: 512 entries, each empty or naming a chunk (level 0) or a page of the
 * level below.
 *
 * <p>{@link #references} counts the entries and roots that name the page. A page with more than one
 * is shared and must not be changed; whoever wants to change it takes a copy. Guarded by the pool's
 * metadata lock.
 */
final class Page {
  static final int ENTRIES = 512;
  static final int ENTRY_BITS = 9;

  /** A page of this level spans more than any volume may have. */
  static final int MAX_LEVEL = 4;

  /** 0 for a leaf. A page of level n spans 512^(n+1) chunks. */
  final int level;

  int references = 1;

  /** Entries that are not empty. */
  int used;

  /** Where the page's image is, or will be, among the pages on the medium. */
  int slot;

  /** The checkpoint that wrote the image, or will. */
  long stamp;

  /** Its place among the pages that the next checkpoint writes, if it is one of them. */
  int place;

  /** Whether the image is on the medium, or on its way there. */
  boolean clean;

  /** What the last measurement of pinned space found out about the page. */
  int seen;

  private static final int LEAST_WINDOW = 8;
  private static final long[] NO_CHUNKS = {};
  private static final Page[] NO_CHILDREN = {};

  /*
   * Most pages are full, or have a few entries side by side: the root of a token, the end of a
   * volume. So the arrays hold a window of the entries, a power of two long and aligned to it,
   * which becomes longer as need be; what lies outside is empty.
   */
  private int windowStart;

  /** Level 0: chunk number + 1, or 0 for a hole. */
  private long[] chunks = NO_CHUNKS;

  /** Level above 0. */
  private @Nullable Page[] children = NO_CHILDREN;

  Page(int level) {
    this.level = level;
  }

  /** Chunks that one entry of a page of this level stands for. */
  static long entrySpan(int level) {
    return 1L << (level * ENTRY_BITS);
  }

  /** Which entry of a page of this level covers the chunk index. */
  static int slot(long index, int level) {
    return (int) (index >>> (level * ENTRY_BITS)) & (ENTRIES - 1);
  }

  long chunk(int slot) {
    int at = slot - windowStart;
    return at >= 0 && at < chunks.length ? chunks[at] - 1 : -1;
  }

  void setChunk(int slot, long chunk) {
    long old = chunk(slot);
    if (old == chunk) {
      return;
    }
    used += (chunk < 0 ? 0 : 1) - (old < 0 ? 0 : 1);
    int length = windowLength(slot, chunks.length);
    if (length > chunks.length) {
      long[] wider = new long[length];
      System.arraycopy(chunks, 0, wider, moveWindow(slot, length, chunks.length), chunks.length);
      chunks = wider;
    }
    chunks[slot - windowStart] = chunk + 1;
  }

  @Nullable Page child(int slot) {
    int at = slot - windowStart;
    return at >= 0 && at < children.length ? children[at] : null;
  }

  void setChild(int slot, @Nullable Page child) {
    Page old = child(slot);
    if (old == child) {
      return;
    }
    used += (child == null ? 0 : 1) - (old == null ? 0 : 1);
    int length = windowLength(slot, children.length);
    if (length > children.length) {
      @Nullable Page[] wider = new Page[length];
      int shift = moveWindow(slot, length, children.length);
      System.arraycopy(children, 0, wider, shift, children.length);
      children = wider;
    }
    children[slot - windowStart] = child;
  }

  /** How long the window must be to hold a slot, too. */
  private int windowLength(int slot, int now) {
    int length = Math.max(LEAST_WINDOW, now);
    while (now > 0 && slot / length != windowStart / length) {
      length *= 2;
    }
    return length;
  }

  /** Lets the window begin where one of a new length does; where the entries of the old one go. */
  private int moveWindow(int slot, int length, int before) {
    int old = windowStart;
    windowStart = slot / length * length;
    return before == 0 ? 0 : old - windowStart;
  }
}
