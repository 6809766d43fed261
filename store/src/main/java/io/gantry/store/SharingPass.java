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
   */
  private static final int LEAVES_STEP = 64;
  private static final int SHARERS_MAX = 64;
  private static final int TOKENS_STEP = 256;

  /** Of the volume's chunks, those that are noted by themselves: 64 GiB of 64 KiB. */
  private static final int CHUNKS_MAX = 1 << 20;

  /** Room for the number of a cell behind that of a chunk. */
  private static final int CELL_BITS = 12;

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
  }

  /** A table that is gone through, and which cells of the volume it shares. */
  private abstract class Walk {
    final PageTable table;
    final long[] found = new long[own.length];
    private long from;
    private int left;

    Walk(PageTable table) {
      this.table = table;
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
      } else if (cell(base) == cell(base + Page.ENTRIES - 1)) {
        cells[cell(base)] += page.used;
      } else {
        for (int slot = 0; slot < Page.ENTRIES; slot++) {
          cells[cell(base + slot)] += page.chunk(slot) >= 0 ? 1 : 0;
        }
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
      super(volume.table);
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
      if (chunkCount == CHUNKS_MAX) {
        isComplete = false;
        return;
      }
      if (chunkCount == chunks.length) {
        chunks = Arrays.copyOf(chunks, Math.max(1024, 2 * chunkCount));
      }
      chunks[chunkCount++] = chunk << CELL_BITS | cell;
    }

    void end() {
      run();
      Arrays.sort(chunks, 0, chunkCount);
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
        if ((i > 0 && chunks[i - 1] >> CELL_BITS == chunk)
            || (i + 1 < chunkCount && chunks[i + 1] >> CELL_BITS == chunk)) {
          found[(int) (chunks[i] & CELL_MASK)]++;
        }
      }
    }
  }

  /** Somebody else. */
  private final class OtherWalk extends Walk {
    /** Pages that were entered, and how much was found before. */
    private final ArrayDeque<Entered> entered = new ArrayDeque<>();

    private long hits;

    private record Entered(Page page, long end, long hitsBefore) {}

    OtherWalk(PageTable table) {
      super(table);
    }

    @Override
    boolean enter(Page page, long base) {
      List<Long> places = pages.get(page);
      if (places != null) {
        places.forEach(place -> add(found, page, place));
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
      while (at > 0 && chunks[at - 1] == chunk << CELL_BITS) {
        at--; // it may be there several times
      }
      for (; at < chunkCount && chunks[at] >> CELL_BITS == chunk; at++) {
        found[(int) (chunks[at] & CELL_MASK)]++;
        hits++;
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
    add(Sharing.Kind.VOLUME, volume.name(), mine.found);
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
    sharers.sort(Comparator.comparingLong(Sharing.Sharer::bytes).reversed());
    return new Sharing(
        cellChunks * chunkBytes,
        bytes(own),
        bytes(shared),
        List.copyOf(sharers.subList(0, Math.min(SHARERS_MAX, sharers.size()))),
        isComplete && sharers.size() <= SHARERS_MAX);
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
  }

  private void look(Sharing.Kind kind, String name, PageTable table) {
    OtherWalk walk = new OtherWalk(table);
    walk.end();
    add(kind, name, walk.found);
  }

  private void add(Sharing.Kind kind, String name, long[] found) {
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
    if (sum > 0) {
      sharers.add(new Sharing.Sharer(kind, name, sum * chunkBytes, runs));
    }
  }

  private List<Long> bytes(long[] counts) {
    return Arrays.stream(counts).mapToObj(count -> count * chunkBytes).toList();
  }
}
