package io.gantry.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Where a pool keeps its bytes: a space of chunks, an append-only journal and a root record.
 *
 * <ul>
 *   <li>One process at a time: opening a medium that is open elsewhere fails.
 *   <li>Positions and lengths are bytes. Buffers are used from position to limit, and their
 *       position is moved to the limit.
 *   <li>Reads and writes of chunks may come from many threads at once; what overlapping ones leave
 *       behind is undefined. Journal and root have one user at a time.
 *   <li>A chunk write is durable only once a later {@link #syncChunks} has returned; until then a
 *       crash may keep it, lose it, or keep a part of it. Neighbouring bytes are never touched.
 *   <li>{@link #appendJournal} and {@link #writeRoot} are durable when they return. A crash during
 *       an append may leave any part of that one append behind; the root is replaced wholly or not
 *       at all.
 *   <li>When the medium is full, writing fails with {@link NoSpaceException}, nothing written
 *       before is lost, and the journal is as it was before the append. After any other failure of
 *       an append or a sync nobody knows what is on the medium.
 * </ul>
 */
public interface Medium extends Closeable {

  /** Where the medium is, for messages. */
  String location();

  /** The root record, as it was last written. */
  byte[] readRoot() throws IOException;

  /** Replaces the root record. */
  void writeRoot(byte[] root) throws IOException;

  /** Fills {@code target} from the chunk space; never-written bytes read as zeros. */
  void readChunks(long position, ByteBuffer target) throws IOException;

  /** Writes {@code source} to the chunk space. */
  void writeChunks(long position, ByteBuffer source) throws IOException;

  /** Makes all completed chunk writes durable. */
  void syncChunks() throws IOException;

  /** Bytes from which on giving room back is worth the trouble. */
  long discardGranularityBytes();

  /**
   * Gives back the room of a range of the chunk space that nobody uses; what it reads as afterwards
   * is not defined.
   *
   * @return whether the room was given back; if not, the range still has it
   */
  boolean discardChunks(long position, long lengthBytes);

  /** The byte behind the last one of the chunk space that was ever written. */
  long chunksLength() throws IOException;

  /** Bytes in the journal. */
  long journalLength() throws IOException;

  /** Reads from the journal; the range must lie within {@link #journalLength}. */
  void readJournal(long position, ByteBuffer target) throws IOException;

  /** Appends at the end of the journal. */
  void appendJournal(ByteBuffer source) throws IOException;

  /** Cuts the journal's end off. */
  void truncateJournal(long length) throws IOException;

  /** Bytes by which the chunk space can still grow, as far as the medium knows. */
  long freeBytes() throws IOException;
}
