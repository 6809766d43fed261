package io.gantry.store;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The journal on the medium: frames of records, each frame durable before the next is begun.
 *
 * <pre>
 * journal ::= frame*
 * frame   ::= header, record*, padding       starts at a multiple of 4096
 * header  (48 bytes, big-endian)
 *    0  8  magic "GANTRYJ1": the format and its version
 *    8 16  pool id
 *   24  8  frame number, from 0 without a gap
 *   32  4  length of the records, bytes
 *   36  4  CRC-32C of the header (this field and the next taken as 0) and the records
 *   40  8  term of the writer, or 0 if it had none
 * </pre>
 */
final class Journal {
  /*
   * Since a frame is synced before the next is written, and frames never share a 4 KiB block, a
   * crash can spoil only the last one. So a bad frame with nothing good behind it is the torn end
   * of the journal, and is cut off; a bad frame with a good one behind it is damage.
   */
  private static final int ALIGNMENT = 4096;

  private static final int HEADER = 48;
  private static final long MAGIC = 0x47414E5452594A31L; // GANTRYJ1
  private static final long MAGIC_FORMAT = 0x47414E5452594A00L;
  private static final int MAX_FRAME = 64 << 20;

  private final Medium medium;
  private final UUID poolId;
  private long nextFrame;
  private long lastTerm;
  private long term;

  Journal(Medium medium, UUID poolId) {
    this.medium = medium;
    this.poolId = poolId;
    this.term = medium.term();
  }

  /** The number of the next frame. */
  long nextFrame() {
    return nextFrame;
  }

  /**
   * Reads the journal from a position on, gives each record to {@code replay} in order, and cuts a
   * torn last frame off.
   *
   * @param from where to begin
   * @param frame number of the frame there
   * @throws CorruptPoolException if the journal is damaged
   */
  void replay(long from, long frame, Consumer<JournalRecord> replay) throws IOException {
    if (medium.journalStart() > from || medium.journalEnd() < from) {
      throw new CorruptPoolException(
          "%s: the journal has bytes %d to %d, but the checkpoint goes on at %d"
              .formatted(medium.location(), medium.journalStart(), medium.journalEnd(), from));
    }
    nextFrame = frame;
    long length = medium.journalEnd();
    long position = from;
    while (position < length) {
      Frame found = readFrame(position, length);
      if (found == null) {
        requireNothingBehind(position, length);
        medium.truncateJournal(position);
        return;
      }
      if (found.number != nextFrame) {
        throw new CorruptPoolException(
            "%s: the journal is damaged at %d: found frame %d, expected %d"
                .formatted(medium.location(), position, found.number, nextFrame));
      }
      if (found.term < lastTerm) {
        throw new CorruptPoolException(
            "%s: the journal is damaged at %d: its owner of term %d wrote after that of term %d"
                .formatted(medium.location(), position, found.term, lastTerm));
      }
      replay(found.records, position, replay);
      position += align(HEADER + found.records.capacity());
      nextFrame++;
      lastTerm = found.term;
      // A file medium forgets its terms if somebody removes its lock file.
      term = Math.max(term, lastTerm + 1);
    }
  }

  private void replay(ByteBuffer records, long position, Consumer<JournalRecord> replay)
      throws CorruptPoolException {
    try {
      while (records.hasRemaining()) {
        replay.accept(JournalRecord.decode(records));
      }
    } catch (BufferUnderflowException | IllegalArgumentException | IllegalStateException e) {
      throw new CorruptPoolException(
          "%s: journal frame at %d, record at +%d: %s"
              .formatted(medium.location(), position, HEADER + records.position(), e));
    }
  }

  private record Frame(long number, long term, ByteBuffer records) {}

  /**
   * The frame at a position, or null if there is no whole one with a good CRC.
   *
   * @throws CorruptPoolException if there is, but it is not of this pool or this version
   */
  private @Nullable Frame readFrame(long position, long length) throws IOException {
    if (length - position < HEADER) {
      return null;
    }
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    medium.readJournal(position, header);
    header.flip();
    long magic = header.getLong(0);
    int recordsLength = header.getInt(32);
    // In every version the first 7 bytes, the length and the CRC stand where they do in this one.
    if ((magic & ~0xFFL) != MAGIC_FORMAT
        || recordsLength < 0
        || recordsLength > MAX_FRAME
        || position + align(HEADER + recordsLength) > length) {
      return null;
    }
    ByteBuffer records = ByteBuffer.allocate(recordsLength);
    medium.readJournal(position + HEADER, records);
    records.flip();
    int crc = header.getInt(36);
    header.putInt(36, 0);
    if (crc != crc(header, records)) {
      return null;
    }
    if (magic != MAGIC) {
      throw new CorruptPoolException(
          "%s: the journal at %d is of version %c; this Gantry reads version 1: use a newer one"
              .formatted(medium.location(), position, (char) (magic & 0xFF)));
    }
    UUID owner = new UUID(header.getLong(8), header.getLong(16));
    if (!owner.equals(poolId)) {
      throw new CorruptPoolException(
          "%s: the journal at %d belongs to the pool %s, not to %s"
              .formatted(medium.location(), position, owner, poolId));
    }
    return new Frame(header.getLong(24), header.getLong(40), records);
  }

  private void requireNothingBehind(long bad, long length) throws IOException {
    for (long position = bad + ALIGNMENT; position < length; position += ALIGNMENT) {
      if (readFrame(position, length) != null) {
        throw new CorruptPoolException(
            "%s: the journal is damaged at %d: frame %d is bad but the one at %d is good"
                .formatted(medium.location(), bad, nextFrame, position));
      }
    }
  }

  /** Appends the records as one frame; they are durable when this returns. */
  void append(ByteBuffer records) throws IOException {
    if (records.remaining() > MAX_FRAME) {
      throw new IllegalStateException("journal frame of " + records.remaining() + " bytes");
    }
    ByteBuffer frame = ByteBuffer.allocate((int) align(HEADER + records.remaining()));
    frame.putLong(MAGIC).putLong(poolId.getMostSignificantBits());
    frame.putLong(poolId.getLeastSignificantBits()).putLong(nextFrame);
    frame.putInt(records.remaining()).putInt(0).putLong(term);
    frame.putInt(36, crc(frame.duplicate().flip(), records));
    frame.put(records.duplicate()).clear();
    medium.appendJournal(frame);
    nextFrame++;
  }

  private static int crc(ByteBuffer header, ByteBuffer records) {
    CRC32C crc = new CRC32C();
    crc.update(header.duplicate());
    crc.update(records.duplicate());
    return (int) crc.getValue();
  }

  private static long align(long length) {
    return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
