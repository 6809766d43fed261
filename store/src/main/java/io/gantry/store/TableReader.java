package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reading through a page table: of a volume, a snapshot or a token. */
final class TableReader {
  private final Metadata metadata;
  private final int chunkBytes;

  TableReader(Metadata metadata) {
    this.metadata = metadata;
    this.chunkBytes = metadata.chunkBytes();
  }

  /** Whether a byte has a chunk, and how far it goes on like that; looks no further than limit. */
  Volume.Allocation allocation(PageTable table, long offset, long limit) {
    return metadata.locked(() -> {
      long index = offset / chunkBytes;
      long end = table.endOfRun(index, (limit + chunkBytes - 1) / chunkBytes);
      return new Volume.Allocation(table.get(index) >= 0, Math.min(limit, end * chunkBytes));
    });
  }

  /**
   * Reads through a page table.
   *
   * @param check done first, under the lock
   */
  void read(PageTable table, long offset, ByteBuffer target, Metadata.Locked<Boolean> check)
      throws IOException {
    if (target.hasRemaining()) {
      int epoch = metadata.epochs.enter();
      try {
        readChunks(table, offset, target, check);
      } finally {
        metadata.epochs.leave(epoch);
      }
    }
  }

  /**
   * Reads from a volume if nothing has to be waited for: neither a lock nor a disk. Once compiled,
   * it allocates nothing, and therefore only reads chunks that follow each other, or holes.
   *
   * @return whether all was read; if not, the target's content is undefined
   */
  boolean readNow(Volume volume, long offset, ByteBuffer target) {
    if (metadata.verifiesReads() || !target.hasRemaining()) {
      return false;
    }
    int epoch = metadata.epochs.enter();
    try {
      if (!metadata.tryAcquire()) {
        return false;
      }
      long chunk;
      try {
        if (volume.isDeleted()) {
          return false;
        }
        long first = offset / chunkBytes;
        long last = (offset + target.remaining() - 1) / chunkBytes;
        chunk = volume.table.get(first);
        for (long index = first + 1; index <= last; index++) {
          if (volume.table.get(index) != (chunk < 0 ? -1 : chunk + index - first)) {
            return false;
          }
        }
      } finally {
        metadata.release();
      }
      if (chunk < 0) {
        zeroFill(target);
        return true;
      }
      return metadata.medium.readNow(
          Medium.Area.CHUNKS, chunk * chunkBytes + offset % chunkBytes, target);
    } finally {
      metadata.epochs.leave(epoch);
    }
  }

  private void readChunks(
      PageTable table, long offset, ByteBuffer target, Metadata.Locked<Boolean> check)
      throws IOException {
    long first = offset / chunkBytes;
    int count = (int) ((offset + target.remaining() - 1) / chunkBytes - first) + 1;
    long[] chunks = new long[count];
    long[] checksums = new long[count];
    metadata.lockedIo(() -> {
      check.run();
      for (int i = 0; i < count; i++) {
        chunks[i] = table.get(first + i);
        checksums[i] = metadata.verifiesReads() ? metadata.space.checksums.get(chunks[i]) : -1;
      }
      return null;
    });
    InFlight reads = new InFlight();
    int from = target.position();
    for (int i = 0; i < count; ) {
      int next = i + 1;
      while (next < count
          && checksums[i] < 0
          && checksums[next] < 0
          && chunks[next] == (chunks[i] < 0 ? -1 : chunks[next - 1] + 1)) {
        next++;
      }
      long at = offset + from - target.position();
      int length = (int) Math.min(target.limit() - from, (first + next) * chunkBytes - at);
      ByteBuffer part = target.slice(from, length);
      if (chunks[i] < 0) {
        zeroFill(part);
      } else if (checksums[i] >= 0) {
        part.put(readVerified(chunks[i], checksums[i]).slice((int) (at % chunkBytes), length));
      } else {
        long position = chunks[i] * chunkBytes + at % chunkBytes;
        reads.add(metadata.medium.read(Medium.Area.CHUNKS, position, part));
      }
      from += length;
      i = next;
    }
    reads.await();
    target.position(target.limit());
  }

  /**
   * Reads a chunk that has a checksum.
   *
   * @throws CorruptPoolException if it is not what it was
   */
  private ByteBuffer readVerified(long chunk, long checksum) throws IOException {
    ByteBuffer whole = ByteBuffer.allocate(chunkBytes);
    Medium.await(metadata.medium.read(Medium.Area.CHUNKS, chunk * chunkBytes, whole));
    long found = Integer.toUnsignedLong(Checksums.of(whole.rewind()));
    if (found != checksum) {
      throw new CorruptPoolException(
          "%s: chunk %d, chunks at %d, is not what it was: its checksum is %08x and should be %08x"
              .formatted(metadata.medium.location(), chunk, chunk * chunkBytes, found, checksum));
    }
    return whole;
  }

  /** Reads a whole chunk of a table; the caller holds an epoch since it looked the chunk up. */
  void readChunk(long chunk, ByteBuffer target) throws IOException {
    long checksum =
        metadata.verifiesReads() ? metadata.locked(() -> metadata.space.checksums.get(chunk)) : -1;
    if (checksum >= 0) {
      target.put(readVerified(chunk, checksum));
    } else {
      Medium.await(metadata.medium.read(Medium.Area.CHUNKS, chunk * chunkBytes, target));
    }
  }

  static void zeroFill(ByteBuffer target) {
    while (target.remaining() >= Long.BYTES) {
      target.putLong(0);
    }
    while (target.hasRemaining()) {
      target.put((byte) 0);
    }
  }

  /**
   * How a table is kept, from a byte on.
   *
   * @param end where to stop looking
   * @param most ranges at most
   */
  List<VolumeRange> ranges(PageTable table, long offset, long end, int most) {
    List<VolumeRange> ranges = new ArrayList<>();
    long index = offset / chunkBytes;
    long last = (end + chunkBytes - 1) / chunkBytes;
    while (index < last && offset < end && ranges.size() <= most) {
      long from = index;
      index = metadata.locked(() -> some(table, from, last, ranges));
    }
    List<VolumeRange> cut = new ArrayList<>();
    for (VolumeRange range : ranges.subList(0, Math.min(most, ranges.size()))) {
      long from = Math.max(offset, range.offset());
      long to = Math.min(end, range.offset() + range.length());
      cut.add(new VolumeRange(from, to - from, range.state()));
    }
    return cut;
  }

  /** Adds what the next leaf covers and the hole before it; where to go on. */
  private long some(PageTable table, long from, long last, List<VolumeRange> ranges) {
    PageTable.Leaf leaf = table.nextLeaf(from, _ -> true);
    if (leaf == null) {
      add(ranges, from, last, VolumeRange.State.HOLE);
      return last;
    }
    long first = Math.max(from, leaf.first());
    long end = Math.min(last, leaf.first() + Page.ENTRIES);
    add(ranges, from, Math.min(first, last), VolumeRange.State.HOLE);
    for (long index = first; index < end; index++) {
      long chunk = leaf.page().chunk(Page.slot(index, 0));
      boolean shared = leaf.shared() || (chunk >= 0 && metadata.space.references(chunk) > 1);
      add(
          ranges,
          index,
          index + 1,
          chunk < 0
              ? VolumeRange.State.HOLE
              : shared ? VolumeRange.State.SHARED : VolumeRange.State.OWN);
    }
    return Math.max(first, end);
  }

  private void add(List<VolumeRange> ranges, long first, long end, VolumeRange.State state) {
    if (first >= end) {
      return;
    }
    long from = first * chunkBytes;
    if (!ranges.isEmpty() && ranges.getLast().state() == state) {
      from = ranges.removeLast().offset();
    }
    ranges.add(new VolumeRange(from, end * chunkBytes - from, state));
  }
}
