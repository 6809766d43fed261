package io.gantry.store;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The content of a volume or a token: a tree of {@link Page}s that maps chunk indexes to chunks.
 *
 * <p>Guarded by the pool's metadata lock.
 */
final class PageTable {
  /*
   * Sharing works as in fork(): an entry that names a page stands for everything below it, so one
   * reference more shares it all. A change goes down from the root and copies each shared page on
   * its way (own); a copy names the same children, which get one reference more each, so after it
   * they are seen to be shared when the walk comes to them.
   */
  private final Space space;

  /** Whether the entries are references to chunks, or only numbers. */
  private final boolean counted;

  /** Chunks that the table can map. */
  private long capacity;

  private int height;
  private @Nullable Page root;

  /**
   * An empty table.
   *
   * @param capacity chunks that it can map
   */
  PageTable(Space space, long capacity) {
    this(space, capacity, null);
  }

  /** A table of numbers that are no references to chunks, and which is never shared. */
  static PageTable ofNumbers(Space space, @Nullable Page root) {
    long capacity = root == null ? 1 : Page.entrySpan(root.level + 1);
    return new PageTable(space, capacity, root, false);
  }

  /** A table with a root page that was read back, or with none; the reference passes to it. */
  PageTable(Space space, long capacity, @Nullable Page root) {
    this(space, capacity, root, true);
  }

  private PageTable(Space space, long capacity, @Nullable Page root, boolean counted) {
    this.space = space;
    this.counted = counted;
    this.root = root;
    this.height = root == null ? 1 : root.level + 1;
    reserve(capacity);
  }

  /** Makes room for so many chunks, adding levels above the root; never less than before. */
  void reserve(long chunks) {
    capacity = Math.max(capacity, chunks);
    while (Page.entrySpan(height) < capacity) {
      if (root != null) {
        Page above = space.pages.create(height);
        above.setChild(0, root);
        root = above;
      }
      height++;
    }
  }

  private int rootLevel() {
    return height - 1;
  }

  /** The chunk at an index, or -1 for a hole. */
  long get(long index) {
    Page leaf = page(0, index);
    return leaf == null ? -1 : leaf.chunk(Page.slot(index, 0));
  }

  /** The chunk at an index if nobody else can see it, so that it may be written in place; or -1. */
  long getOwned(long index) {
    Page page = root;
    for (int level = rootLevel(); page != null; level--) {
      if (page.references > 1) {
        return -1;
      }
      if (level == 0) {
        long chunk = page.chunk(Page.slot(index, 0));
        return chunk >= 0 && space.references(chunk) == 1 ? chunk : -1;
      }
      page = page.child(Page.slot(index, level));
    }
    return -1;
  }

  /**
   * How far the state of an index, hole or not, goes on.
   *
   * @param limit where to stop looking
   * @return the first index after {@code index} of the other state, or {@code limit}
   */
  long endOfRun(long index, long limit) {
    boolean mapped = get(index) >= 0;
    long at = index;
    while (at < limit) {
      int level = 0;
      Page page = page(0, at);
      if (page == null) {
        if (mapped) {
          return at;
        }
        while (level < rootLevel() && page(level + 1, at) == null) {
          level++;
        }
        long span = Page.entrySpan(level + 1);
        at = (at / span + 1) * span;
        continue;
      }
      if ((page.chunk(Page.slot(at, 0)) >= 0) != mapped) {
        return at;
      }
      boolean full = page.used == Page.ENTRIES;
      at = full ? (at / Page.ENTRIES + 1) * Page.ENTRIES : at + 1;
    }
    return limit;
  }

  /** The page of a level that covers an index, or null where there is nothing. */
  private @Nullable Page page(int wantedLevel, long index) {
    if (wantedLevel > rootLevel() || index >= capacity) {
      return null;
    }
    Page page = root;
    for (int level = rootLevel(); level > wantedLevel && page != null; level--) {
      page = page.child(Page.slot(index, level));
    }
    return page;
  }

  /** Maps an index to a chunk, whose one reference passes to the table. */
  void set(long index, long chunk) {
    Page page = own(root, rootLevel());
    root = page;
    for (int level = rootLevel(); level > 0; level--) {
      int slot = Page.slot(index, level);
      Page child = own(page.child(slot), level - 1);
      page.setChild(slot, child);
      page = child;
    }
    int slot = Page.slot(index, 0);
    if (counted && page.chunk(slot) >= 0) {
      space.release(page.chunk(slot));
    }
    page.setChunk(slot, chunk);
  }

  /** Turns a run of indexes into holes. */
  void clear(long index, long count) {
    replace(index, count, count, null, 0);
  }

  /** Makes a run of indexes all name one chunk, whose one reference passes to the table. */
  void fill(long index, long count, long chunk) {
    Page page = space.pages.create(0);
    for (int slot = 0; slot < Page.ENTRIES; slot++) {
      page.setChunk(slot, chunk);
      if (slot > 0) {
        space.retain(chunk);
      }
    }
    for (int level = 1; level < height; level++) {
      Page above = space.pages.create(level);
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        above.setChild(slot, page);
      }
      page.references = Page.ENTRIES;
      page = above;
    }
    PageTable everywhere = new PageTable(space, Page.entrySpan(height), page);
    replace(index, count, count, everywhere, 0);
    everywhere.drop();
  }

  /**
   * Makes a run of indexes name the same chunks as a run of another table: whole pages where the
   * two lie alike in them, entries elsewhere.
   */
  void share(PageTable source, long sourceIndex, long index, long count) {
    // Behind the ends of both there is nothing, which lies alike: so the last pages are whole, too.
    boolean toEnds =
        index == sourceIndex
            && index + count == capacity
            && capacity == source.capacity
            && height == source.height;
    long extended = toEnds ? Page.entrySpan(height) - index : count;
    replace(index, count, extended, source, sourceIndex - index);
  }

  private void replace(
      long index, long count, long extended, @Nullable PageTable source, long shift) {
    if (index < 0 || count < 0 || index + count > capacity) {
      throw new IllegalArgumentException(
          "%d+%d is not within %d chunks".formatted(index, count, capacity));
    }
    if (count > 0) {
      root = replace(root, rootLevel(), 0, index, index + extended, source, shift);
    }
  }

  /**
   * Replaces what a page maps between two indexes.
   *
   * @param base the first index that the page covers
   * @return the page to put in its place
   */
  private @Nullable Page replace(
      @Nullable Page old,
      int level,
      long base,
      long from,
      long to,
      @Nullable PageTable source,
      long shift) {
    long span = Page.entrySpan(level + 1);
    if (from <= base && base + span <= to && shift % span == 0) {
      Page shared = source == null ? null : source.page(level, base + shift);
      if (shared != null) {
        shared.references++;
        if (space.marking != null) {
          space.marking.mark(shared);
        }
      }
      space.release(old);
      return shared;
    }
    if (old == null && source == null) {
      return null;
    }
    Page page = own(old, level);
    if (level == 0) {
      replaceEntries(page, base, from, to, source, shift);
    } else {
      long step = Page.entrySpan(level);
      int last = (int) Math.min(Page.ENTRIES - 1, (to - 1 - base) / step);
      for (int slot = (int) (Math.max(0, from - base) / step); slot <= last; slot++) {
        long childBase = base + slot * step;
        page.setChild(
            slot, replace(page.child(slot), level - 1, childBase, from, to, source, shift));
      }
    }
    if (page.used == 0) {
      space.release(page);
      return null;
    }
    return page;
  }

  private void replaceEntries(
      Page page, long base, long from, long to, @Nullable PageTable source, long shift) {
    Page leaf = null;
    long leafBase = -1;
    for (long index = Math.max(from, base); index < Math.min(to, base + Page.ENTRIES); index++) {
      long chunk = -1;
      if (source != null) {
        long at = index + shift;
        if (leafBase != (at & -Page.ENTRIES)) {
          leafBase = at & -Page.ENTRIES;
          leaf = source.page(0, at);
        }
        chunk = leaf == null ? -1 : leaf.chunk(Page.slot(at, 0));
      }
      int slot = Page.slot(index, 0);
      if (chunk >= 0) {
        space.retain(chunk);
      }
      if (counted && page.chunk(slot) >= 0) {
        space.release(page.chunk(slot));
      }
      page.setChunk(slot, chunk);
    }
  }

  /** The page, to be changed, if nobody else has it; else a copy, or a new one if there is none. */
  private Page own(@Nullable Page page, int level) {
    if (page == null) {
      return space.pages.create(level);
    }
    if (page.references == 1) {
      space.pages.change(page);
      return page;
    }
    Page copy = space.pages.create(level);
    for (int slot = 0; slot < Page.ENTRIES; slot++) {
      if (level == 0) {
        long chunk = page.chunk(slot);
        if (chunk >= 0) {
          space.retain(chunk);
          copy.setChunk(slot, chunk);
        }
      } else {
        Page child = page.child(slot);
        if (child != null) {
          child.references++;
          copy.setChild(slot, child);
        }
      }
    }
    space.release(page);
    return copy;
  }

  /**
   * Whether a run of indexes, which both tables can map, names the same chunks here and there.
   * Looks only at pages that are not shared between the two.
   */
  boolean isSame(PageTable other, long index, long count) {
    int level = Math.min(rootLevel(), other.rootLevel());
    return isSame(page(level, 0), other.page(level, 0), level, 0, index, index + count);
  }

  private static boolean isSame(
      @Nullable Page a, @Nullable Page b, int level, long base, long from, long to) {
    if (a == b) {
      return true;
    }
    long step = Page.entrySpan(level);
    int last = (int) Math.min(Page.ENTRIES - 1, (to - 1 - base) / step);
    for (int slot = (int) (Math.max(0, from - base) / step); slot <= last; slot++) {
      boolean same =
          level == 0
              ? (a == null ? -1 : a.chunk(slot)) == (b == null ? -1 : b.chunk(slot))
              : isSame(
                  a == null ? null : a.child(slot),
                  b == null ? null : b.child(slot),
                  level - 1,
                  base + slot * step,
                  from,
                  to);
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /** Gives everything up. */
  void drop() {
    space.release(root);
    root = null;
  }

  /**
   * A leaf with what it covers.
   *
   * @param page the leaf; not to be changed
   * @param first the first index that it covers
   * @param shared whether others see it too, by itself or by a page above
   */
  record Leaf(Page page, long first, boolean shared) {}

  /**
   * The first leaf that covers an index not below a given one, but none below a page that the
   * caller does not want.
   *
   * @param wanted is asked for each shared page on the way down
   * @return null if there is none
   */
  @Nullable Leaf nextLeaf(long from, Predicate<Page> wanted) {
    return root == null ? null : nextLeaf(root, 0, from, false, wanted);
  }

  private static @Nullable Leaf nextLeaf(
      Page page, long base, long from, boolean sharedAbove, Predicate<Page> wanted) {
    boolean shared = sharedAbove || page.references > 1;
    if (page.references > 1 && from <= base && !wanted.test(page)) {
      return null;
    }
    if (page.level == 0) {
      return from < base + Page.ENTRIES ? new Leaf(page, base, shared) : null;
    }
    long step = Page.entrySpan(page.level);
    for (int slot = (int) (Math.max(0, from - base) / step); slot < Page.ENTRIES; slot++) {
      Page child = page.child(slot);
      if (child != null) {
        Leaf leaf = nextLeaf(child, base + slot * step, from, shared, wanted);
        if (leaf != null) {
          return leaf;
        }
      }
    }
    return null;
  }

  @Nullable Page root() {
    return root;
  }
}
