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

  /** Whether the image is on the medium, or on its way there. */
  boolean clean;

  private static final long[] NO_CHUNKS = {};
  private static final Page[] NO_CHILDREN = {};

  /** Level 0: chunk number + 1, or 0 for a hole. */
  private final long[] chunks;

  /** Level above 0. */
  private final @Nullable Page[] children;

  Page(int level) {
    this.level = level;
    this.chunks = level == 0 ? new long[ENTRIES] : NO_CHUNKS;
    this.children = level == 0 ? NO_CHILDREN : new Page[ENTRIES];
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
    return chunks[slot] - 1;
  }

  void setChunk(int slot, long chunk) {
    used += (chunk < 0 ? 0 : 1) - (chunks[slot] == 0 ? 0 : 1);
    chunks[slot] = chunk + 1;
  }

  @Nullable Page child(int slot) {
    return children[slot];
  }

  void setChild(int slot, @Nullable Page child) {
    used += (child == null ? 0 : 1) - (children[slot] == null ? 0 : 1);
    children[slot] = child;
  }
}
