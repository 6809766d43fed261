package io.gantry.store;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Reads a checkpoint from the medium. */
final class CheckpointReader {
  /*
   * All slots are read in one go from the first to the last, which is many times faster than
   * following the tree; then the pages are linked from the roots down. What is not reached is
   * free, whatever is in it.
   */
  private static final int PIECE = 256;

  private final Medium medium;
  private final UUID pool;
  private final PoolRoot.Checkpoint checkpoint;
  private final Space space;
  private final PageImage.@Nullable Read[] slots;
  private final BitSet used = new BitSet();

  private CheckpointReader(Medium medium, PoolRoot root, Space space) throws IOException {
    this.medium = medium;
    this.pool = root.poolId();
    this.checkpoint = root.checkpoint();
    this.space = space;
    if (checkpoint.number() < 0
        || checkpoint.slots() < 0
        || checkpoint.slots() > Integer.MAX_VALUE
        || checkpoint.catalogSlot() < 0) {
      throw new CorruptPoolException(
          "%s: the root record names checkpoint %d, catalog in slot %d of %d, which cannot be"
              .formatted(
                  medium.location(),
                  checkpoint.number(),
                  checkpoint.catalogSlot(),
                  checkpoint.slots()));
    }
    // The last slots may be taken by pages that were never written.
    long written = Math.ceilDiv(medium.length(Medium.Area.PAGES), PageImage.BYTES);
    this.slots = new PageImage.Read[(int) Math.min(checkpoint.slots(), written)];
  }

  /** Finds the root page of a table, or null for none. */
  interface Roots {
    @Nullable Page root(long root);

    /** The same for a table of numbers that are no chunks. */
    @Nullable Page numbers(long root);
  }

  /**
   * Reads.
   *
   * @param apply what to do with each record of the catalog, in order
   * @return the slots of the catalog
   * @throws CorruptPoolException if something is damaged
   */
  static List<Integer> read(
      Medium medium, PoolRoot root, Space space, BiConsumer<CheckpointRecord, Roots> apply)
      throws IOException {
    if (root.checkpoint().number() == 0) {
      return List.of();
    }
    CheckpointReader reader = new CheckpointReader(medium, root, space);
    reader.readSlots();
    ByteBuffer catalog = reader.readCatalog();
    List<Integer> catalogSlots = reader.used.stream().boxed().toList();
    Roots roots =
        new Roots() {
          @Override
          public @Nullable Page root(long root) {
            return root == 0 ? null : reader.link(root, -1, true);
          }

          @Override
          public @Nullable Page numbers(long root) {
            return root == 0 ? null : reader.link(root, -1, false);
          }
        };
    try {
      while (catalog.hasRemaining()) {
        apply.accept(CheckpointRecord.decode(catalog), roots);
      }
    } catch (BufferUnderflowException | IllegalArgumentException | IllegalStateException e) {
      throw new CorruptPoolException(
          "%s: checkpoint %d, catalog at +%d: %s"
              .formatted(
                  medium.location(),
                  root.checkpoint().number(),
                  catalog.position(),
                  e.getMessage() == null ? e : e.getMessage()));
    }
    space.pages.restore(root.checkpoint(), reader.used);
    return catalogSlots;
  }

  private void readSlots() throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(PIECE * PageImage.BYTES);
    for (int first = 0; first < slots.length; first += PIECE) {
      int count = Math.min(PIECE, slots.length - first);
      piece.clear().limit(count * PageImage.BYTES);
      Medium.await(medium.read(Medium.Area.PAGES, (long) first * PageImage.BYTES, piece));
      for (int i = 0; i < count; i++) {
        ByteBuffer image = piece.slice(i * PageImage.BYTES, PageImage.BYTES);
        slots[first + i] = PageImage.decode(image, pool, first + i);
      }
    }
  }

  private ByteBuffer readCatalog() throws IOException {
    ByteBuffer catalog = ByteBuffer.allocate(PageImage.BYTES);
    ByteBuffer image = ByteBuffer.allocate(PageImage.BYTES);
    for (long slot = checkpoint.catalogSlot(); slot >= 0; ) {
      if (slot >= slots.length || used.get((int) slot)) {
        throw new CorruptPoolException(
            "%s: the catalog of checkpoint %d goes on in slot %d, which cannot be"
                .formatted(medium.location(), checkpoint.number(), slot));
      }
      Medium.await(medium.read(Medium.Area.PAGES, slot * PageImage.BYTES, image.clear()));
      PageImage.CatalogBlock block;
      try {
        block = PageImage.decodeCatalog(image, pool, slot, checkpoint.number());
      } catch (IllegalArgumentException e) {
        throw new CorruptPoolException(
            "%s: pages at %d, catalog of checkpoint %d: %s"
                .formatted(
                    medium.location(),
                    slot * PageImage.BYTES,
                    checkpoint.number(),
                    e.getMessage()));
      }
      used.set((int) slot);
      if (catalog.remaining() < block.bytes().remaining()) {
        catalog =
            ByteBuffer.wrap(Arrays.copyOf(catalog.array(), 2 * catalog.capacity()))
                .position(catalog.position());
      }
      catalog.put(block.bytes());
      slot = block.next();
    }
    return catalog.flip();
  }

  /**
   * The page that an entry names, with everything below it, one reference more.
   *
   * @param level the level it must have, or -1 for any
   * @param counted whether the entries of leaves are references to chunks
   */
  private Page link(long entry, int level, boolean counted) {
    long slot = (entry >>> 16) - 1;
    int stamp = (int) entry & 0xFFFF;
    PageImage.Read read = slot >= 0 && slot < slots.length ? slots[(int) slot] : null;
    String fault = read == null ? "it is behind the end" : read.fault();
    Page page = read == null ? null : read.page();
    if (page != null && level >= 0 && page.level != level) {
      fault = "it is a page of level %d, not %d".formatted(page.level, level);
    } else if (page != null
        && ((page.stamp & 0xFFFF) != stamp || page.stamp > checkpoint.number())) {
      fault =
          "it was written by checkpoint %d, not one that ends with %04x"
              .formatted(page.stamp, stamp);
    }
    if (page == null || read == null || fault != null) {
      throw new IllegalStateException("pages at %d: %s".formatted(slot * PageImage.BYTES, fault));
    }
    if (used.get((int) slot)) {
      page.references++;
      return page;
    }
    used.set((int) slot);
    for (int i = 0; i < Page.ENTRIES; i++) {
      if (page.level == 0 && counted) {
        space.restore(page.chunk(i));
      } else if (page.level > 0 && read.children()[i] >>> 16 != 0) {
        page.setChild(i, link(read.children()[i], page.level - 1, counted));
      }
    }
    return page;
  }
}
