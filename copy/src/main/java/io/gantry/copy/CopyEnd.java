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

  /**
   * What it is, by whatever name: one line that is the same in another process, and is another one
   * if the file or the logical unit was replaced or has another size. For a file to read from it
   * tells also when it was written.
   */
  String identity() throws IOException;

  /** Bytes that can be read. */
  long sizeBytes();

  /** Every offset and length is a multiple of this; 1 for files. */
  int blockBytes();

  /** Most bytes that one read or write moves. */
  int transferBytes();

  /** Whether it is known to read as zeros wherever this copy has not written yet. */
  boolean isBlank();

  /** Whether zeroing gives space back, and is worth it for a run of zeros among data. */
  boolean unmaps();

  /** What went to it and came from it so far; nothing for files. */
  Traffic traffic();

  /**
   * Finds out what speaks against writing to it, as far as that can be known before.
   *
   * @throws CopyException if it is write protected
   */
  void requireWritable() throws IOException;

  /**
   * Makes sure that bytes up to here can be written: a new file grows, anything else is as long as
   * it is.
   *
   * @throws CopyException if the end is too short
   */
  void reserve(long endBytes) throws IOException;

  /**
   * Whether there is a hole, and how far that is so. An end that cannot tell has none.
   *
   * @param offset in bytes
   * @param lengthBytes how far anybody wants to know; more than 0
   */
  Allocation allocation(long offset, long lengthBytes) throws IOException;

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

  /** Makes a range read as zeros, with a hole if it can. */
  void zero(long offset, long lengthBytes) throws IOException;

  /** Returns when everything written so far is on stable storage. */
  void flush() throws IOException;

  /** The copy succeeded: a new file gets its name. */
  void commit() throws IOException;

  /** Gives the end up; a new file that was not committed, and is not to be resumed, disappears. */
  @Override
  void close() throws IOException;
}
