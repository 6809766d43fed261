package io.gantry.store;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which pages the next checkpoint has to write, and where.
 *
 * <p>Guarded by the pool's metadata lock.
 */
final class Pages {
  /*
   * A page that changes for the first time since a checkpoint began gets a new slot, and is noted
   * for the next one. Its old image stays as it is until that next checkpoint is on the medium, so
   * there is always one whole checkpoint. Entries are changed on the way down from a root, and every
   * page on that way is changed with them; so a page's slot changes only after its parent's has.
   *
   * A checkpoint is of one instant, but its pages are written later, while the pool goes on. Who is
   * about to change a page, or lets it go, that the checkpoint under way has not come to yet
   * therefore saves its image first. (Sharing the roots instead, as a snapshot does, would be
   * simpler, but then the first write to each chunk after a checkpoint would copy the chunk.)
   */
  private final UUID pool;
  private final BitSet freeSlots = new BitSet();
  private int slots;
  private int cursor;

  /** The number of the next checkpoint. */
  private long next = 1;

  private List<Page> changed = new ArrayList<>();

  /** Slots of the last checkpoint that the next one does not need any more. */
  private BitSet vacated = new BitSet();

  private @Nullable Writing writing;

  Pages(UUID pool) {
    this.pool = pool;
  }

  /** What one checkpoint still has to write. */
  final class Writing {
    final long number;
    private final List<Page> pages;
    private final ArrayDeque<ByteBuffer> saved = new ArrayDeque<>();
    private final BitSet vacated;
    private int position;

    private Writing(long number, List<Page> pages, BitSet vacated) {
      this.number = number;
      this.pages = pages;
      this.vacated = vacated;
    }

    private void save(Page page) {
      saved.add(image(page));
    }

    private ByteBuffer image(Page page) {
      ByteBuffer image = ByteBuffer.allocate(PageImage.BYTES);
      PageImage.encode(page, pool, image);
      page.clean = true;
      return image.flip();
    }

    /**
     * The next images to be written, in the order of their slots as far as possible; none if there
     * are no more.
     */
    List<ByteBuffer> take(int most) {
      List<ByteBuffer> images = new ArrayList<>();
      while (!saved.isEmpty() && images.size() < most) {
        images.add(saved.remove());
      }
      while (position < pages.size() && images.size() < most) {
        Page page = pages.set(position++, null);
        if (page.stamp == number && !page.clean) {
          images.add(image(page));
        }
      }
      return images;
    }
  }

  /** A new page, with one reference. */
  Page create(int level) {
    Page page = new Page(level);
    note(page);
    return page;
  }

  /** To be called before a page is changed. */
  void change(Page page) {
    if (page.stamp != next) {
      saveIfUnwritten(page);
      vacated.set(page.slot);
      note(page);
    }
  }

  private void note(Page page) {
    page.slot = takeSlot();
    page.stamp = next;
    page.clean = false;
    page.place = changed.size();
    changed.add(page);
  }

  /** To be called when nothing names a page any more. */
  void drop(Page page) {
    if (page.stamp == next) {
      // No checkpoint knows it. Tokens come and go by the hundred thousand between two of them.
      Page last = changed.removeLast();
      if (last != page) {
        changed.set(page.place, last);
        last.place = page.place;
      }
      freeSlots.set(page.slot);
    } else {
      saveIfUnwritten(page);
      vacated.set(page.slot);
    }
    page.clean = true;
  }

  private void saveIfUnwritten(Page page) {
    if (writing != null && page.stamp == writing.number && !page.clean) {
      writing.save(page);
    }
  }

  /** A slot that no checkpoint uses. */
  int takeSlot() {
    int slot = freeSlots.nextSetBit(cursor);
    if (slot < 0) {
      slot = freeSlots.nextSetBit(0);
    }
    if (slot < 0) {
      slot = slots++;
    }
    freeSlots.clear(slot);
    cursor = slot + 1;
    return slot;
  }

  /** Gives a slot back as soon as the next checkpoint that begins is on the medium. */
  void vacate(int slot) {
    vacated.set(slot);
  }

  /** Number of slots that were ever used. */
  int slots() {
    return slots;
  }

  /** Bytes that the next checkpoint will write for pages, and the one under way still has to. */
  long unwrittenBytes() {
    int pages = changed.size() + (writing == null ? 0 : writing.pages.size() - writing.position);
    return (long) pages * PageImage.BYTES;
  }

  /** Begins a checkpoint of what there is at this instant. */
  Writing begin() {
    if (writing != null) {
      throw new IllegalStateException("checkpoint %d is under way".formatted(writing.number));
    }
    writing = new Writing(next++, changed, vacated);
    changed = new ArrayList<>();
    vacated = new BitSet();
    return writing;
  }

  /** The checkpoint is on the medium: the one before is not needed any more. */
  void end(Writing checkpoint) {
    freeSlots.or(checkpoint.vacated);
    writing = null;
  }

  /** Goes on from a checkpoint on the medium. */
  void restore(PoolRoot.Checkpoint checkpoint, BitSet usedSlots) {
    next = checkpoint.number() + 1;
    slots = (int) checkpoint.slots();
    freeSlots.set(0, slots);
    freeSlots.andNot(usedSlots);
  }
}
