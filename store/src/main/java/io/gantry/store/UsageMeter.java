package io.gantry.store;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Measures the space that volumes, snapshots and tokens take, some pages under each hold of the
 * metadata lock. What several of them share is gone through once, so thousands of clones cost
 * little more than what they do not share. For one thread, and not for long: what it has met it
 * takes for unchanged. Exact if nothing changes meanwhile.
 */
public final class UsageMeter {
  /** Leaves that are looked at under one hold of the lock. */
  private static final int LEAVES_STEP = 64;

  private final Metadata metadata;

  /**
   * Chunks that are mapped below shared pages. Nothing below a shared page changes as long as it is
   * shared. Leaves know it themselves.
   */
  private final Map<Page, Long> mappedBelow = new HashMap<>();

  UsageMeter(Metadata metadata) {
    this.metadata = metadata;
  }

  /** What a volume takes. */
  public Usage of(Volume volume) {
    return of(volume.table);
  }

  /** What a snapshot takes. */
  public Usage of(Snapshot snapshot) {
    return of(snapshot.table);
  }

  /** What a token takes. */
  public Usage of(Token token) {
    return of(token.table);
  }

  private Usage of(PageTable table) {
    Walk walk = new Walk();
    boolean more = true;
    while (more) {
      more =
          metadata.locked(() -> {
            walk.left = LEAVES_STEP;
            Page root = table.root();
            return root != null && !walk.go(root, 0, false);
          });
    }
    return new Usage(walk.mapped * metadata.chunkBytes(), walk.unique * metadata.chunkBytes());
  }

  /** A shared page that is being gone through, and what was mapped before it. */
  private record Entered(Page page, long end, long mappedBefore) {}

  /** Going through one table. Guarded by the metadata lock. */
  private final class Walk {
    private final ArrayDeque<Entered> entered = new ArrayDeque<>();
    private long from;
    private int left;
    private long mapped;
    private long unique;

    /** Goes through what a page covers from {@link #from} on; false if it is not at the end. */
    private boolean go(Page page, long base, boolean sharedAbove) {
      long end = base + Page.entrySpan(page.level + 1);
      if (end <= from) {
        return true;
      }
      boolean shared = sharedAbove || page.references > 1;
      if (page.level == 0) {
        mapped += page.used;
        unique += shared ? 0 : unique(page);
        return passed(end);
      }
      if (page.references > 1 && base >= from) {
        Long known = mappedBelow.get(page);
        if (known != null) {
          mapped += known;
          return passed(end);
        }
        entered.push(new Entered(page, end, mapped));
      }
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        Page child = page.child(slot);
        if (child != null && !go(child, base + slot * Page.entrySpan(page.level), shared)) {
          return false;
        }
      }
      leave(page, end);
      return true;
    }

    private boolean passed(long end) {
      from = end;
      return --left > 0;
    }

    /** The table may have changed between two holds of the lock: then the page is another. */
    private void leave(Page page, long end) {
      while (!entered.isEmpty() && entered.getFirst().end <= end) {
        Entered one = entered.pop();
        if (one.page == page) {
          mappedBelow.put(page, mapped - one.mappedBefore);
        }
      }
    }

    private int unique(Page leaf) {
      int count = 0;
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        long chunk = leaf.chunk(slot);
        count += chunk >= 0 && metadata.space.references(chunk) == 1 ? 1 : 0;
      }
      return count;
    }
  }
}
