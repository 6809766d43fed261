package io.gantry.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Measures the space that only tokens pin: chunks that no volume and no snapshot names. Goes
 * through all page tables, some pages under each hold of the metadata lock, while the pool goes on.
 */
final class PinnedSpace {
  /*
   * First, what volumes and snapshots name is marked, as by a garbage collector that runs beside
   * the program: the pages that were roots when it began and all below them, chunks that were taken
   * since, and chunks and pages that were shared since (Marking, which Space and PageTable call). So
   * in the end everything is marked that a volume or snapshot names then.
   *
   * Then the tokens' tables, which never change, are gone through for chunks that are not marked,
   * those first that are of most worth; each chunk counts for the first token that has it. What is
   * copied out of tokens in this second part may still count, and what volumes overwrite in it does
   * not yet; the next measurement sees it.
   */
  private static final int PAGES_STEP = 32;
  private static final int TOKENS_STEP = 256;

  private final Metadata metadata;
  private int pass;

  PinnedSpace(Metadata metadata) {
    this.metadata = metadata;
  }

  /**
   * What one token pins.
   *
   * @param lastUse its last use when this was found
   * @param chunks those that no token of more worth pins
   * @param busy whether it was copied from
   */
  record Pin(Token token, long lastUse, boolean busy, long chunks) {
    private boolean persistent() {
      return token.terms().persistent();
    }
  }

  /**
   * A measurement.
   *
   * @param pinnedChunks chunks that only tokens name
   * @param sharedChunks of the others, those that are named more than once
   * @param pins tokens that pin something, those of most worth first
   */
  record Measure(long pinnedChunks, long sharedChunks, List<Pin> pins) {
    static final Measure NOTHING = new Measure(0, 0, List.of());

    /** How much is pinned by the tokens of each owner. */
    Map<String, Long> chunksByOwner() {
      return pins.stream()
          .collect(
              Collectors.groupingBy(
                  pin -> pin.token().terms().owner(), Collectors.summingLong(Pin::chunks)));
    }
  }

  /** What volumes and snapshots name. Guarded by the metadata lock. */
  final class Marking {
    private final ChunkSet chunks = new ChunkSet();
    private final ArrayDeque<Page> pages = new ArrayDeque<>();
    private long shared;

    /** A volume may name the chunk now. */
    void mark(long chunk) {
      chunks.add(chunk);
    }

    /** A volume may name the page now. */
    void mark(@Nullable Page page) {
      if (page != null && page.seen != live()) {
        pages.add(page);
      }
    }

    private boolean markSome() {
      for (int i = 0; i < PAGES_STEP && !pages.isEmpty(); i++) {
        Page page = pages.removeLast();
        if (page.seen == live()) {
          continue;
        }
        page.seen = live();
        for (int slot = 0; slot < Page.ENTRIES; slot++) {
          if (page.level > 0) {
            mark(page.child(slot));
          } else if (page.chunk(slot) >= 0) {
            long chunk = page.chunk(slot);
            if (!chunks.contains(chunk)
                && (page.references > 1 || metadata.space.references(chunk) > 1)) {
              shared++;
            }
            chunks.add(chunk);
          }
        }
      }
      return !pages.isEmpty();
    }
  }

  // What Page.seen can be in a pass; anything else is of an earlier one.

  private int live() {
    return 4 * pass;
  }

  private int pinning() {
    return 4 * pass + 1;
  }

  private int notPinning() {
    return 4 * pass + 2;
  }

  /** Measures. For one thread at a time. */
  Measure measure() {
    pass++;
    Marking marking = new Marking();
    metadata.locked(() -> {
      Catalog catalog = metadata.catalog();
      catalog.volumes().forEach(volume -> marking.mark(volume.table.root()));
      catalog.volumes().stream()
          .flatMap(volume -> catalog.snapshots(volume).stream())
          .forEach(snapshot -> marking.mark(snapshot.table.root()));
      catalog.erasures().forEach(erasure -> marking.mark(erasure.table.root()));
      metadata.space.marking = marking;
      return null;
    });
    boolean more = true;
    while (more) {
      more =
          metadata.locked(() -> {
            boolean left = marking.markSome();
            metadata.space.marking = left ? marking : null;
            return left;
          });
    }
    ChunkSet counted = new ChunkSet();
    List<Pin> pins = new ArrayList<>();
    for (Pin pin : tokens()) {
      Visit visit = new Visit(marking.chunks, counted);
      boolean unfinished = metadata.locked(() -> visit.begin(pin.token));
      while (unfinished) {
        unfinished = metadata.locked(visit::visitSome);
      }
      if (visit.pinning) {
        pins.add(new Pin(pin.token, pin.lastUse, pin.busy, visit.count));
      }
    }
    return new Measure(counted.size(), marking.shared, pins);
  }

  /** All tokens, those of most worth first. */
  private List<Pin> tokens() {
    List<Pin> tokens = new ArrayList<>();
    long from = 0;
    while (from >= 0) {
      long first = from;
      from =
          metadata.locked(() -> {
            List<Token> some = metadata.catalog().tokens().from(first, Long.MIN_VALUE, TOKENS_STEP);
            some.forEach(token -> tokens.add(new Pin(token, token.lastUse, token.copies > 0, 0)));
            return some.isEmpty() ? -1 : some.getLast().serial + 1;
          });
    }
    tokens.sort(
        Comparator.comparing(Pin::busy)
            .thenComparing(Pin::persistent)
            .thenComparingLong(Pin::lastUse)
            .reversed());
    return tokens;
  }

  /** Going through the table of one token. Guarded by the metadata lock. */
  private final class Visit {
    private final ChunkSet marked;
    private final ChunkSet counted;
    private final ArrayDeque<Place> path = new ArrayDeque<>();
    private long count;

    /** Whether something of the pages that are done is pinned. */
    private boolean pinning;

    private static final class Place {
      final Page page;
      int slot;
      boolean pinning;

      Place(Page page) {
        this.page = page;
      }
    }

    Visit(ChunkSet marked, ChunkSet counted) {
      this.marked = marked;
      this.counted = counted;
    }

    boolean begin(Token token) {
      Page root = token.table.root();
      if (root != null) {
        pinning = enter(root);
      }
      return !path.isEmpty() && visitSome();
    }

    /** Looks at a page; whether it pins something as far as that is known already. */
    private boolean enter(Page page) {
      if (page.seen == live() || page.seen == notPinning()) {
        return false;
      }
      if (page.seen == pinning()) {
        return true;
      }
      if (page.level > 0) {
        path.push(new Place(page));
        return false;
      }
      boolean found = false;
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        long chunk = page.chunk(slot);
        if (chunk >= 0 && !marked.contains(chunk)) {
          found = true;
          if (!counted.contains(chunk)) {
            counted.add(chunk);
            count++;
          }
        }
      }
      page.seen = found ? pinning() : notPinning();
      return found;
    }

    private boolean visitSome() {
      for (int i = 0; i < PAGES_STEP && !path.isEmpty(); i++) {
        Place place = path.getFirst();
        while (place.slot < Page.ENTRIES && place.page.child(place.slot) == null) {
          place.slot++;
        }
        if (place.slot == Page.ENTRIES) {
          path.pop();
          place.page.seen = place.pinning ? pinning() : notPinning();
          Place above = path.peekFirst();
          if (above == null) {
            pinning = place.pinning;
          } else {
            above.pinning |= place.pinning;
          }
          continue;
        }
        Page child = place.page.child(place.slot++);
        if (child != null) {
          place.pinning |= enter(child);
        }
      }
      return !path.isEmpty();
    }
  }
}
