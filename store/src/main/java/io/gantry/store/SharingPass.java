package io.gantry.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a volume shares with whom ({@link Sharing}), some pages under each hold of the
 * metadata lock, while the pool goes on. Exact if nothing changes meanwhile.
 */
final class SharingPass {
  /*
   * First the volume's own table: where its shared pages are, and those of its chunks that several
   * leaves name. A chunk that only one leaf names needs no place of its own, however many share the
   * leaf: who has it has the leaf. So what diverged takes memory, and what was cloned does not.
   *
   * Then all other tables. A page that is the volume's, too, stands for all that is below it and is
   * not entered; nor is a page of which another table has shown that nothing below is the volume's.
   * A table counts each page and each chunk of the volume once, however often it names it: a volume
   * that was filled with a pattern names one chunk a million times, and so does its clone. Tables of
   * the same root share the same; thousands of clones cost what one does.
   */
  private static final int LEAVES_STEP = 64;
  private static final int SHARERS_MAX = 64;
  private static final int TOKENS_STEP = 256;

  /** Of the volume's chunks, those that are noted by themselves: 64 GiB of 64 KiB. */
  private static final int CHUNKS_MAX = 1 << 20;

  /** Room for the number of a cell behind that of a chunk. */
  private static final int CELL_BITS = 12;

  /** Adding a leaf up takes so many times less than looking at each of its entries. */
  private static final int ADDED_PER_LEAF = 64;

  /** Looking whether a table has anything takes so many times less than looking at a leaf. */
  private static final int TABLES_PER_LEAF = 16;

  private static final long CELL_MASK = (1 << CELL_BITS) - 1;
  static final int CELLS_MAX = 1 << CELL_BITS;

  /** Leaves that are looked at in all: 8 TiB of chunks of 64 KiB, some tenths of a second. */
  private static final int LEAVES_MAX = 1 << 18;

  private final Metadata metadata;
  private final Volume volume;
  private final int chunkBytes;
  private final long cellChunks;
  private final long[] own;
  private final long[] shared;

  /** Where the volume has shared pages: the first indexes that they cover. */
  private final Map<Page, List<Long>> pages = new HashMap<>();

  /** In which cells the volume has chunks that are named more than once: both in one number. */
  private long[] chunks = new long[0];

  private int chunkCount;

  /** How often the same came once more, one after the other. */
  private final Map<Long, Integer> repeats = new HashMap<>();

  /** How often the volume has each of the {@link #chunks}, when all are known. */
  private int[] counts = new int[0];

  /** The last table that has each of them; at the first one of those of a chunk. */
  private int[] lastTable = new int[0];

  /** What is shared by those whose root is one of the volume's pages. */
  private final Map<Page, Sharing.Sharer> byRoot = new HashMap<>();

  private final long[] foundByOther;
  private int tables;
  private int added;
  private final Set<Page> strangers = new HashSet<>();
  private final List<Sharing.Sharer> sharers = new ArrayList<>();
  private int leaves;
  private boolean isComplete = true;

  /**
   * Begins.
   *
   * @param cells how many at most
   * @throws IllegalArgumentException if that is less than 1 or more than {@link #CELLS_MAX}
   */
  SharingPass(Metadata metadata, Volume volume, int cells) {
    if (cells < 1 || cells > CELLS_MAX) {
      throw new IllegalArgumentException("%d cells: 1 to %d".formatted(cells, CELLS_MAX));
    }
    this.metadata = metadata;
    this.volume = volume;
    this.chunkBytes = metadata.chunkBytes();
    long size = (volume.sizeBytes() + chunkBytes - 1) / chunkBytes;
    this.cellChunks = (size + cells - 1) / cells;
    int count = (int) ((size + cellChunks - 1) / cellChunks);
    this.own = new long[count];
    this.shared = new long[count];
    this.foundByOther = new long[count];
  }

  /** A table that is gone through, and which cells of the volume it shares. */
  private abstract class Walk {
    final PageTable table;
    final long[] found;
    private long from;
    private int left;

    Walk(PageTable table, long[] found) {
      this.table = table;
      this.found = found;
    }

    /** Whether to go below a shared page. */
    abstract boolean enter(Page page, long base);

    abstract void leaf(Page leaf, long base, boolean isShared);

    void run() {
      boolean more = true;
      while (more && leaves < LEAVES_MAX) {
        more =
            metadata.locked(() -> {
              left = LEAVES_STEP;
              Page root = table.root();
              return root != null && !walk(root, 0, false);
            });
      }
      isComplete &= !more;
    }

    /** Goes through what a page covers from {@link #from} on; false if it is not at the end. */
    private boolean walk(Page page, long base, boolean sharedAbove) {
      long end = base + Page.entrySpan(page.level + 1);
      if (end <= from) {
        return true;
      }
      boolean isShared = sharedAbove || page.references > 1;
      if (page.references > 1 && base >= from && !enter(page, base)) {
        return true;
      }
      if (page.level == 0) {
        leaf(page, base, isShared);
        leaves++;
        from = end;
        return --left > 0;
      }
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        Page child = page.child(slot);
        if (child != null && !walk(child, base + slot * Page.entrySpan(page.level), isShared)) {
          return false;
        }
      }
      return true;
    }

    /** Adds what the volume has from an index on, below one of its pages. */
    void add(long[] cells, @Nullable Page page, long base) {
      if (page == null) {
        return;
      }
      if (page.level > 0) {
        for (int slot = 0; slot < Page.ENTRIES; slot++) {
          add(cells, page.child(slot), base + slot * Page.entrySpan(page.level));
        }
        return;
      }
      leaves += ++added % ADDED_PER_LEAF == 0 ? 1 : 0;
      if (cell(base) == cell(base + Page.ENTRIES - 1)) {
        cells[cell(base)] += page.used;
        return;
      }
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        cells[cell(base + slot)] += page.chunk(slot) >= 0 ? 1 : 0;
      }
    }
  }

  /** A shrunken volume's table may map what is beyond its end. */
  private int cell(long index) {
    return (int) Math.min(index / cellChunks, own.length - 1);
  }

  /** The volume itself: notes where everything is, and finds what it has in several places. */
  private final class OwnWalk extends Walk {
    OwnWalk() {
      super(volume.table, new long[own.length]);
    }

    @Override
    boolean enter(Page page, long base) {
      pages.computeIfAbsent(page, _ -> new ArrayList<>(1)).add(base);
      return true;
    }

    @Override
    void leaf(Page leaf, long base, boolean isShared) {
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        long chunk = leaf.chunk(slot);
        if (chunk >= 0) {
          int cell = cell(base + slot);
          boolean isNamedOften = metadata.space.references(chunk) > 1;
          (isShared || isNamedOften ? shared : own)[cell]++;
          if (isNamedOften) {
            note(chunk, cell);
          }
        }
      }
    }

    private void note(long chunk, int cell) {
      long place = chunk << CELL_BITS | cell;
      if (chunkCount > 0 && chunks[chunkCount - 1] == place) {
        repeats.merge(place, 1, Integer::sum);
        return;
      }
      if (chunkCount == CHUNKS_MAX) {
        isComplete = false;
        return;
      }
      if (chunkCount == chunks.length) {
        chunks = Arrays.copyOf(chunks, Math.max(1024, 2 * chunkCount));
      }
      chunks[chunkCount++] = place;
    }

    /** Sorts the {@link #chunks}, and leaves one of those that are the same. */
    private void count() {
      Arrays.sort(chunks, 0, chunkCount);
      counts = new int[chunkCount];
      lastTable = new int[chunkCount];
      int last = -1;
      for (int i = 0; i < chunkCount; i++) {
        if (last < 0 || chunks[last] != chunks[i]) {
          chunks[++last] = chunks[i];
          counts[last] = repeats.getOrDefault(chunks[i], 0);
        }
        counts[last]++;
      }
      chunkCount = last + 1;
    }

    void end() {
      run();
      count();
      pages.forEach((page, places) -> {
        if (places.size() > 1) {
          metadata.locked(() -> {
            places.forEach(base -> add(found, page, base));
            return null;
          });
        }
      });
      for (int i = 0; i < chunkCount; i++) {
        long chunk = chunks[i] >> CELL_BITS;
        if (counts[i] > 1
            || (i > 0 && chunks[i - 1] >> CELL_BITS == chunk)
            || (i + 1 < chunkCount && chunks[i + 1] >> CELL_BITS == chunk)) {
          found[(int) (chunks[i] & CELL_MASK)] += counts[i];
        }
      }
    }
  }

  /** Somebody else. */
  private final class OtherWalk extends Walk {
    /** Pages that were entered, and how much was found before. */
    private final ArrayDeque<Entered> entered = new ArrayDeque<>();

    /** Pages of the volume that the table was found to have. */
    private final Set<Page> met = new HashSet<>();

    private final int number = ++tables;
    private long hits;

    private record Entered(Page page, long end, long hitsBefore) {}

    OtherWalk(PageTable table) {
      super(table, foundByOther);
    }

    @Override
    boolean enter(Page page, long base) {
      List<Long> places = pages.get(page);
      if (places != null) {
        if (met.add(page)) {
          places.forEach(place -> add(found, page, place));
        }
        hits++;
        return false;
      }
      if (strangers.contains(page)) {
        return false;
      }
      leaveThoseBefore(base);
      entered.push(new Entered(page, base + Page.entrySpan(page.level + 1), hits));
      return true;
    }

    @Override
    void leaf(Page leaf, long base, boolean isShared) {
      for (int slot = 0; slot < Page.ENTRIES && chunkCount > 0; slot++) {
        long chunk = leaf.chunk(slot);
        if (chunk >= 0 && metadata.space.references(chunk) > 1) {
          look(chunk);
        }
      }
    }

    private void look(long chunk) {
      int at = Arrays.binarySearch(chunks, 0, chunkCount, chunk << CELL_BITS);
      at = at < 0 ? -at - 1 : at;
      if (at == chunkCount || chunks[at] >> CELL_BITS != chunk) {
        return;
      }
      hits++;
      if (lastTable[at] == number) {
        return;
      }
      lastTable[at] = number;
      for (; at < chunkCount && chunks[at] >> CELL_BITS == chunk; at++) {
        found[(int) (chunks[at] & CELL_MASK)] += counts[at];
      }
    }

    private void leaveThoseBefore(long index) {
      while (!entered.isEmpty() && entered.getFirst().end <= index) {
        Entered one = entered.pop();
        if (one.hitsBefore == hits) {
          strangers.add(one.page);
        }
      }
    }

    void end() {
      run();
      if (isComplete) {
        leaveThoseBefore(Long.MAX_VALUE);
      }
    }
  }

  Sharing run() {
    OwnWalk mine = new OwnWalk();
    mine.end();
    add(sharer(Sharing.Kind.VOLUME, volume.name(), mine.found));
    if (Arrays.stream(shared).anyMatch(count -> count > 0)) {
      for (Volume other : metadata.locked(metadata.catalog()::volumes)) {
        if (other != volume) {
          look(Sharing.Kind.VOLUME, other.name(), other.table);
        }
        for (Snapshot snapshot : metadata.locked(() -> metadata.catalog().snapshots(other))) {
          look(Sharing.Kind.SNAPSHOT, other.name() + "@" + snapshot.name(), snapshot.table);
        }
      }
      tokens();
    }
    cut();
    return new Sharing(
        cellChunks * chunkBytes, bytes(own), bytes(shared), List.copyOf(sharers), isComplete);
  }

  private void tokens() {
    long from = 0;
    while (from >= 0 && leaves < LEAVES_MAX) {
      long first = from;
      List<Token> some =
          metadata.locked(
              () -> metadata.catalog().tokens().from(first, Long.MIN_VALUE, TOKENS_STEP));
      for (Token token : some) {
        look(Sharing.Kind.TOKEN, "%016x".formatted(token.number()), token.table);
      }
      from = some.isEmpty() ? -1 : some.getLast().serial + 1;
    }
    isComplete &= from < 0;
  }

  private void look(Sharing.Kind kind, String name, PageTable table) {
    Page root = metadata.locked(table::root);
    Sharing.Sharer same = byRoot.get(root);
    if (same != null) {
      add(new Sharing.Sharer(kind, name, same.bytes(), same.cells()));
      return;
    }
    OtherWalk walk = new OtherWalk(table);
    leaves += walk.number % TABLES_PER_LEAF == 0 ? 1 : 0;
    walk.end();
    if (walk.hits > 0) {
      Sharing.Sharer found = sharer(kind, name, walk.found);
      Arrays.fill(walk.found, 0);
      add(found);
      if (root != null && pages.containsKey(root)) {
        byRoot.put(root, found);
      }
    }
  }

  /** Those who share little are forgotten now and then, or there would be one for each token. */
  private void add(Sharing.Sharer sharer) {
    if (sharer.bytes() > 0) {
      sharers.add(sharer);
    }
    if (sharers.size() == 16 * SHARERS_MAX) {
      cut();
    }
  }

  private void cut() {
    sharers.sort(Comparator.comparingLong(Sharing.Sharer::bytes).reversed());
    if (sharers.size() > SHARERS_MAX) {
      sharers.subList(SHARERS_MAX, sharers.size()).clear();
      isComplete = false;
    }
  }

  private Sharing.Sharer sharer(Sharing.Kind kind, String name, long[] found) {
    List<Sharing.Run> runs = new ArrayList<>();
    long sum = 0;
    for (int cell = 0; cell < found.length; cell++) {
      // What is in several places of both may have been met several times.
      sum += Math.min(found[cell], shared[cell]);
      if (found[cell] > 0) {
        boolean goesOn = cell > 0 && found[cell - 1] > 0;
        int first = goesOn ? runs.removeLast().first() : cell;
        runs.add(new Sharing.Run(first, cell + 1 - first));
      }
    }
    return new Sharing.Sharer(kind, name, sum * chunkBytes, runs);
  }

  private List<Long> bytes(long[] counts) {
    return Arrays.stream(counts).mapToObj(count -> count * chunkBytes).toList();
  }
}
