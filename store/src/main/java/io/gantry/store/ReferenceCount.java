package io.gantry.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts references from the roots down and compares them with the counts kept. */
final class ReferenceCount {
  private final IdentityHashMap<Page, Integer> pages = new IdentityHashMap<>();
  private final Map<Long, Integer> chunks = new HashMap<>();

  private ReferenceCount() {}

  /**
   * Compares.
   *
   * @return what differs, for people; empty if nothing does
   */
  static List<String> differences(Space space, List<PageTable> tables) {
    ReferenceCount count = new ReferenceCount();
    tables.forEach(table -> count.visit(table.root()));
    List<String> differences = new ArrayList<>();
    count.pages.forEach((page, references) -> {
      if (page.references != references) {
        differences.add(
            "a page of level %d has %d references, counted %d"
                .formatted(page.level, page.references, references));
      }
    });
    count.chunks.forEach((chunk, references) -> {
      if (space.references(chunk) != references) {
        differences.add(
            "chunk %d has %d references, counted %d"
                .formatted(chunk, space.references(chunk), references));
      }
    });
    if (space.usedChunks() != count.chunks.size()) {
      differences.add(
          "%d chunks are used, counted %d".formatted(space.usedChunks(), count.chunks.size()));
    }
    return differences;
  }

  private void visit(@Nullable Page page) {
    if (page == null || pages.merge(page, 1, Integer::sum) > 1) {
      return; // what is below a shared page is named once, by that page
    }
    for (int slot = 0; slot < Page.ENTRIES; slot++) {
      if (page.level > 0) {
        visit(page.child(slot));
      } else if (page.chunk(slot) >= 0) {
        chunks.merge(page.chunk(slot), 1, Integer::sum);
      }
    }
  }
}
