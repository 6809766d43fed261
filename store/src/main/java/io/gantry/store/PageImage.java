package io.gantry.store;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a slot on the medium holds: the image of a {@link Page}, or a block of a checkpoint's
 * catalog.
 *
 * <pre>
 * 4096 bytes, big-endian
 *    0  8  magic "GANTRYG1": the format and its version
 *    8 16  pool id
 *   24  8  slot
 *   32  8  number of the checkpoint that wrote it
 *   40  1  what it is: 0 page, 1 catalog
 *   41  1  level of the page
 *   42  2  reserved, 0
 *   44  4  catalog: bytes of it here
 *   48  8  catalog: slot of its next block, or -1
 *   56  4  reserved, 0
 *   60  4  CRC-32C of all 4096 bytes, this field taken as 0
 *   64     page: 512 entries of 7 bytes; catalog: the bytes
 * entry of level 0
 *    0  5  chunk number + 1, or 0 for a hole
 *    5  2  0
 * entry above
 *    0  5  slot of the page below + 1, or 0 for none
 *    5  2  low bits of the number of the checkpoint that wrote that page
 * </pre>
 */
final class PageImage {
  static final int BYTES = 4096;

  private static final int HEADER = 64;

  /** Most bytes of the catalog in one slot. */
  static final int CATALOG_BYTES = BYTES - HEADER;

  private static final long MAGIC = 0x47414E5452594731L; // GANTRYG1
  private static final int PAGE = 0;
  private static final int CATALOG = 1;
  private static final int CRC = 60;

  private PageImage() {}

  /** Writes the image of a page at the buffer's position. */
  static void encode(Page page, UUID pool, ByteBuffer out) {
    ByteBuffer b = begin(out, pool, page.slot, page.stamp, PAGE);
    b.put(41, (byte) page.level);
    for (int i = 0; i < Page.ENTRIES; i++) {
      Page child = page.level == 0 ? null : page.child(i);
      if (page.level == 0) {
        entry(b, page.chunk(i) + 1, 0);
      } else {
        entry(b, child == null ? 0 : child.slot + 1L, child == null ? 0 : child.stamp);
      }
    }
    end(b);
  }

  private static void entry(ByteBuffer b, long number, long stamp) {
    b.put((byte) (number >>> 32)).putInt((int) number).putShort((short) stamp);
  }

  /** Writes a block of a catalog at the buffer's position. */
  static void encodeCatalog(
      ByteBuffer bytes, UUID pool, int slot, long checkpoint, long next, ByteBuffer out) {
    ByteBuffer b = begin(out, pool, slot, checkpoint, CATALOG);
    b.putInt(44, bytes.remaining()).putLong(48, next);
    b.put(bytes);
    end(b);
  }

  /** The slot that an image is for. */
  static long slot(ByteBuffer image) {
    return image.getLong(24);
  }

  private static ByteBuffer begin(ByteBuffer out, UUID pool, int slot, long stamp, int kind) {
    ByteBuffer b = out.slice(out.position(), BYTES);
    out.position(out.position() + BYTES);
    b.putLong(MAGIC).putLong(pool.getMostSignificantBits()).putLong(pool.getLeastSignificantBits());
    b.putLong(slot).putLong(stamp).put((byte) kind);
    return b.position(HEADER);
  }

  private static void end(ByteBuffer b) {
    while (b.hasRemaining()) {
      b.put((byte) 0);
    }
    b.putInt(CRC, crc(b.rewind()));
  }

  private static int crc(ByteBuffer image) {
    CRC32C crc = new CRC32C();
    crc.update(image.slice(0, CRC));
    crc.update(new byte[4]);
    crc.update(image.slice(CRC + 4, BYTES - CRC - 4));
    return (int) crc.getValue();
  }

  /** Why an image is not one of this pool and slot, or null if it is. */
  private static @Nullable String fault(ByteBuffer image, UUID pool, long slot) {
    if (image.getInt(CRC) != crc(image)) {
      return "its checksum is wrong";
    }
    if (image.getLong(0) != MAGIC) {
      return "it is no page of version 1";
    }
    UUID owner = new UUID(image.getLong(8), image.getLong(16));
    if (!owner.equals(pool)) {
      return "it belongs to the pool " + owner;
    }
    return image.getLong(24) == slot ? null : "it says that it is slot " + image.getLong(24);
  }

  /**
   * What a slot turned out to hold.
   *
   * @param fault why it cannot be used, or null
   * @param page a page without its children, or null if it is not one
   * @param children for a page above level 0: its entries
   */
  record Read(@Nullable String fault, @Nullable Page page, long[] children) {
    private static final long[] NO_CHILDREN = {};

    private static Read bad(String fault) {
      return new Read(fault, null, NO_CHILDREN);
    }
  }

  /** Reads a slot, all of the buffer. */
  static Read decode(ByteBuffer image, UUID pool, long slot) {
    String fault = fault(image, pool, slot);
    if (fault != null) {
      return Read.bad(fault);
    }
    if (image.get(40) != PAGE) {
      return Read.bad("it is no page");
    }
    int level = image.get(41);
    if (level < 0 || level > Page.MAX_LEVEL) {
      return Read.bad("it is a page of level " + level);
    }
    Page page = new Page(level);
    page.slot = (int) slot;
    page.stamp = image.getLong(32);
    page.clean = true;
    long[] children = level == 0 ? Read.NO_CHILDREN : new long[Page.ENTRIES];
    image.position(HEADER);
    for (int i = 0; i < Page.ENTRIES; i++) {
      long number = (image.get() & 0xFFL) << 32 | (image.getInt() & 0xFFFF_FFFFL);
      int stamp = image.getShort() & 0xFFFF;
      if (level == 0) {
        page.setChunk(i, number - 1);
      } else {
        children[i] = number << 16 | stamp;
      }
    }
    return new Read(null, page, children);
  }

  /**
   * A block of a catalog.
   *
   * @param bytes its part of the catalog
   * @param next slot of the next block, or -1
   */
  record CatalogBlock(ByteBuffer bytes, long next) {}

  /**
   * Reads a block of a catalog, all of the buffer.
   *
   * @throws IllegalArgumentException if it is none of this checkpoint
   */
  static CatalogBlock decodeCatalog(ByteBuffer image, UUID pool, long slot, long checkpoint) {
    String fault = fault(image, pool, slot);
    if (fault == null && (image.get(40) != CATALOG || image.getLong(32) != checkpoint)) {
      fault = "it is no part of checkpoint " + checkpoint;
    }
    int length = image.getInt(44);
    if (fault == null && (length < 0 || length > CATALOG_BYTES)) {
      fault = "its length is " + length;
    }
    if (fault != null) {
      throw new IllegalArgumentException(fault);
    }
    return new CatalogBlock(image.slice(HEADER, length), image.getLong(48));
  }
}
