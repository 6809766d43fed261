package io.gantry.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Where a pool keeps its bytes: two areas that are read and written anywhere, a journal that is
 * appended to, and a root record. A directory of files, or a store on other machines.
 *
 * <p><b>One owner.</b> Opening a medium takes possession of it; opening one that has a living owner
 * fails. Each possession has a {@link #term} of its own, greater than all before. An owner that was
 * replaced (somebody thought it dead) learns it by {@link #lost}, and from everything it tries from
 * then on by {@link OwnershipLostException}; nothing of what it tries after that reaches the
 * medium.
 *
 * <p><b>Areas.</b> Positions and lengths are bytes. Reads and writes may be in flight in any
 * number; what overlapping ones leave behind is undefined. A buffer is used from its position to
 * its limit, belongs to the medium until the operation has completed, and then has its position at
 * the limit. Operations complete on any thread, so what hangs on a completion must not wait for
 * another. A write is durable only once a {@link #sync} of its area that was begun after the
 * write's completion has completed; until then a crash may keep it, lose it, or keep a part of it.
 * Neighbouring bytes are never touched.
 *
 * <p><b>Journal and root</b> have one user at a time. {@link #appendJournal}, {@link
 * #truncateJournal} and {@link #writeRoot} are durable when they return. A crash during an append
 * may leave any part of that one append behind; the root is replaced wholly or not at all.
 *
 * <p><b>Failures.</b> When the medium is full, writing fails with {@link NoSpaceException}, nothing
 * written before is lost, and the journal is as it was before the append. After any other failure
 * of an append or a sync nobody knows what is on the medium.
 */
public interface Medium extends Closeable {
  /** What can be read and written anywhere. */
  enum Area {
    /** Contents of volumes. */
    CHUNKS,
    /** Checkpoints. */
    PAGES
  }

  /** Where the medium is, for messages. */
  String location();

  /** The number of this possession. */
  long term();

  /**
   * Completes if somebody else has taken possession of the medium, as soon as that is noticed; on
   * any thread.
   */
  CompletableFuture<OwnershipLostException> lost();

  /** The root record, as it was last written. */
  byte[] readRoot() throws IOException;

  /** Replaces the root record. */
  void writeRoot(byte[] root) throws IOException;

  /** Fills {@code target}; never-written bytes read as zeros. */
  CompletableFuture<@Nullable Void> read(Area area, long position, ByteBuffer target);

  /**
   * As {@link #read}, but only if that takes no waiting at all: not for a disk, a network or
   * another thread.
   *
   * @return whether it was done; if not, the target's position is as before, its content undefined
   */
  default boolean readNow(Area area, long position, ByteBuffer target) {
    return false;
  }

  /** Writes {@code source}. */
  CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source);

  /**
   * As {@link #write}, in the caller's thread, but only if by all appearances it takes no waiting
   * for a disk or a network. That cannot be promised as it can for {@link #readNow}: a medium that
   * has made somebody wait says no for a while.
   *
   * @return whether it was done; if not, nothing has happened
   * @throws IOException if writing failed; a part may have been written
   */
  default boolean writeNow(Area area, long position, ByteBuffer source) throws IOException {
    return false;
  }

  /** Makes everything durable whose writing to the area has completed. */
  CompletableFuture<@Nullable Void> sync(Area area);

  /** The byte behind the last one of an area that was ever written. */
  long length(Area area) throws IOException;

  /** Bytes from which on giving room back is worth the trouble. */
  long discardGranularityBytes();

  /**
   * Gives back the room of a range of the chunks that nobody uses; what it reads as afterwards is
   * not defined.
   *
   * @return whether the room was given back; if not, the range still has it
   */
  boolean discardChunks(long position, long lengthBytes);

  /** Where the journal begins: what was before has been trimmed. */
  long journalStart() throws IOException;

  /** Where the journal ends, and the next append goes. */
  long journalEnd() throws IOException;

  /** Reads from the journal; the range must lie between its start and its end. */
  void readJournal(long position, ByteBuffer target) throws IOException;

  /** Appends at the end of the journal. */
  void appendJournal(ByteBuffer source) throws IOException;

  /** Cuts the journal's end off, so that it ends at a position. */
  void truncateJournal(long end) throws IOException;

  /**
   * Lets go of what the journal has before a position. It may stay for a while, and come back in a
   * crash.
   */
  void trimJournal(long start) throws IOException;

  /** Bytes that the medium can still take, as far as it knows. */
  long freeBytes() throws IOException;

  /** Waits for an operation. */
  static void await(CompletableFuture<@Nullable Void> operation) throws IOException {
    try {
      operation.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
