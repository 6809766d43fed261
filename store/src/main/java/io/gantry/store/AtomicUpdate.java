package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One change of a range of a volume that happens wholly or not at all. */
final class AtomicUpdate {
  /*
   * All of the range is written into new chunks, and the page table names all of them under one
   * hold of the lock. A reader looks all of its chunks up under one hold, too, so it sees all of the
   * change or nothing. The records of the change lie in one frame of the journal, so that a power
   * failure leaves all of them or none.
   *
   * What the new chunks hold beside the range, and what the change is computed from, is read from
   * the old ones, which must stay as they are meanwhile: so it holds the volume's freeze lock alone,
   * and no write is in flight. A copy from a token needs no freeze lock to share entries; if one
   * has come between, everything is done again.
   */
  private final Volume volume;
  private final Metadata metadata;
  private final TableReader reader;
  private final int chunkBytes;
  private final long offset;
  private final int length;
  private final Volume.Change change;

  /** Whether the change needs to know what was there. */
  private final boolean reads;

  private final long first;
  private final long[] old;
  private final long[] chunks;

  AtomicUpdate(
      Volume volume,
      Metadata metadata,
      TableReader reader,
      long offset,
      int length,
      boolean reads,
      Volume.Change change) {
    this.volume = volume;
    this.metadata = metadata;
    this.reader = reader;
    this.chunkBytes = metadata.chunkBytes();
    this.offset = offset;
    this.length = length;
    this.change = change;
    this.reads = reads;
    this.first = offset / chunkBytes;
    this.old = new long[(int) ((offset + length - 1) / chunkBytes - first) + 1];
    this.chunks = new long[old.length];
  }

  /** Whether the change wanted to be made. */
  boolean run() throws IOException {
    int attempts = 0;
    while (true) {
      volume.freezeLock.writeLock().lock();
      try {
        Result result = Result.AGAIN;
        while (result == Result.AGAIN) {
          result = attempt();
        }
        return result == Result.DONE;
      } catch (NoSpaceException e) {
        // The lock must not be held while others are asked for space.
        volume.freezeLock.writeLock().unlock();
        try {
          if (!metadata.keeper.makeRoom(e, attempts++, (long) chunks.length * chunkBytes)) {
            throw e;
          }
        } finally {
          volume.freezeLock.writeLock().lock();
        }
      } finally {
        volume.freezeLock.writeLock().unlock();
      }
    }
  }

  private enum Result {
    DONE,
    NOT_WANTED,
    AGAIN
  }

  private Result attempt() throws IOException {
    int epoch = metadata.epochs.enter();
    try {
      metadata.lockedIo(this::place);
      boolean mapped = false;
      try {
        ByteBuffer content = content();
        if (content == null) {
          return Result.NOT_WANTED;
        }
        write(content);
        mapped = metadata.lockedIo(this::map);
        return mapped ? Result.DONE : Result.AGAIN;
      } finally {
        if (!mapped) {
          metadata.locked(() -> giveBack(chunks.length));
        }
      }
    } finally {
      metadata.epochs.leave(epoch);
    }
  }

  private @Nullable Void place() throws IOException {
    volume.requireWritable(offset + length);
    int placed = 0;
    try {
      for (; placed < chunks.length; placed++) {
        old[placed] = volume.table.get(first + placed);
        chunks[placed] = metadata.space.allocate();
      }
      return null;
    } catch (IOException | RuntimeException e) {
      giveBack(placed);
      throw e;
    }
  }

  private @Nullable Void giveBack(int count) {
    for (int i = 0; i < count; i++) {
      metadata.space.giveBack(chunks[i]);
    }
    return null;
  }

  /** What the new chunks will hold, or null if there is to be no change. */
  private @Nullable ByteBuffer content() throws IOException {
    ByteBuffer content = ByteBuffer.allocate(chunks.length * chunkBytes);
    int head = (int) (offset - first * chunkBytes);
    for (int i = 0; i < chunks.length; i++) {
      boolean covered =
          head <= i * chunkBytes && head + length >= (long) (i + 1) * chunkBytes && !reads;
      if (old[i] >= 0 && !covered) {
        reader.readChunk(old[i], content.slice(i * chunkBytes, chunkBytes));
      }
    }
    ByteBuffer part = content.slice(head, length);
    ByteBuffer wanted = change.of(part.asReadOnlyBuffer());
    if (wanted == null) {
      return null;
    }
    part.put(wanted.duplicate());
    return content;
  }

  private void write(ByteBuffer content) throws IOException {
    InFlight writes = new InFlight();
    try {
      for (int i = 0; i < chunks.length; ) {
        int count = run(i);
        writes.add(
            metadata.medium.write(
                Medium.Area.CHUNKS,
                chunks[i] * chunkBytes,
                content.slice(i * chunkBytes, count * chunkBytes)));
        i += count;
      }
    } finally {
      writes.await();
    }
  }

  /** How many of the new chunks from one on lie together. */
  private int run(int from) {
    int count = 1;
    while (from + count < chunks.length && chunks[from + count] == chunks[from] + count) {
      count++;
    }
    return count;
  }

  private boolean map() throws IOException {
    volume.requireUsable();
    for (int i = 0; i < old.length; i++) {
      if (volume.table.get(first + i) != old[i]) {
        return false;
      }
    }
    List<JournalRecord> records = new ArrayList<>();
    for (int i = 0; i < chunks.length; ) {
      int count = run(i);
      for (int k = i; k < i + count; k++) {
        metadata.space.written(chunks[k]);
        volume.table.set(first + k, chunks[k]);
      }
      records.add(new JournalRecord.Mapped(volume.id(), first + i, chunks[i], count));
      i += count;
    }
    metadata.appendTogether(records);
    return true;
  }
}
