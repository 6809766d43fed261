package io.gantry.copy;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One end of a copy: bytes at positions, on a logical unit or in a file.
 *
 * <p>Reads and writes may come from several threads at once. Every {@link IOException} names the
 * end and says what it was doing.
 */
public sealed interface CopyEnd extends AutoCloseable permits DiskEnd, FileEnd {

  /** What people call it: a URL or a path. */
  String name();

  /** Bytes that can be read. */
  long sizeBytes();

  /** Every offset and length is a multiple of this; 1 for files. */
  int blockBytes();

  /** Most bytes that one read or write moves. */
  int transferBytes();

  /** Whether it is known to read as zeros wherever this copy has not written yet. */
  boolean isBlank();

  /** What went to it and came from it so far; nothing for files. */
  Traffic traffic();

  /**
   * Makes sure that bytes up to here can be written: a new file grows, anything else is as long as
   * it is.
   *
   * @throws CopyException if the end is too short
   */
  void reserve(long endBytes) throws IOException;

  /**
   * Fills a buffer. Behind the end of a file there are zeros, up to the next block of whatever the
   * file is copied to.
   *
   * @param offset in bytes
   * @param buffer filled from position to limit; the position stays
   */
  void read(long offset, ByteBuffer buffer) throws IOException;

  /**
   * Writes a buffer.
   *
   * @param offset in bytes
   * @param buffer written from position to limit; the position stays
   */
  void write(long offset, ByteBuffer buffer) throws IOException;

  /** Returns when everything written so far is on stable storage. */
  void flush() throws IOException;

  /** The copy succeeded: a new file gets its name. */
  void commit() throws IOException;

  /** Gives the end up; a new file that was not committed disappears. */
  @Override
  void close() throws IOException;
}
