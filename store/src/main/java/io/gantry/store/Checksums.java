package io.gantry.store;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * CRC-32C checksums of chunks that are frozen: shared, or kept by a snapshot or token.
 *
 * <p>Guarded by the pool's metadata lock.
 */
final class Checksums {
  /*
   * Only what cannot change has a checksum, or each write in place would have to change one, and a
   * crash between the two would look like damage. A chunk that has one is never written in place,
   * not even when it becomes a volume's alone: it is copied, once. So a checksum holds from when it
   * is noted until the chunk is taken for something else.
   *
   * A chunk is read to be summed without the lock. Meanwhile it may cease to be frozen, be written
   * in place, and be frozen again; so it is watched, and the watch ends with the first such write.
   */
  private final Space space;
  private PageTable table;
  private final Set<Long> watched = new HashSet<>();

  Checksums(Space space) {
    this.space = space;
    this.table = PageTable.ofNumbers(space, null);
  }

  /** The table: chunk numbers to checksums. */
  PageTable table() {
    return table;
  }

  /** Goes on with a table that was read back. */
  void restore(@Nullable Page root) {
    table = PageTable.ofNumbers(space, root);
  }

  /** The checksum of a chunk, or -1 if it has none. */
  long get(long chunk) {
    return chunk < 0 ? -1 : table.get(chunk);
  }

  boolean has(long chunk) {
    return get(chunk) >= 0;
  }

  /** Notes the checksum of a chunk. */
  void note(long chunk, int crc) {
    table.reserve(chunk + 1);
    table.set(chunk, Integer.toUnsignedLong(crc));
  }

  /** The chunk is taken for something new. */
  void forget(long chunk) {
    watched.remove(chunk);
    if (has(chunk)) {
      table.clear(chunk, 1);
    }
  }

  /** Begins to watch a chunk. */
  void watch(long chunk) {
    watched.add(chunk);
  }

  /** The chunk is about to be written in place. */
  void changes(long chunk) {
    if (!watched.isEmpty()) {
      watched.remove(chunk);
    }
  }

  /** Ends a watch; whether the chunk was left alone all the time. */
  boolean unwatch(long chunk) {
    return watched.remove(chunk);
  }

  /** The checksum of a buffer's bytes from its position to its limit. */
  static int of(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }
}
