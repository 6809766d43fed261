package io.gantry.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a pool but the bytes themselves: the catalog, the lock that guards it, and how
 * its changes become durable.
 */
final class Metadata implements AutoCloseable {
  /*
   * All of it is in memory: page tables, reference counts,
   * names, tokens, all under one lock that is held for microseconds and never during
   * I/O. Every change appends a record to the journal's buffer under the same lock, so the order of
   * the records is the order of the changes.
   *
   * A commit
   * --------
   * takes the buffered records and the releases noted so far (under the lock), syncs the chunks,
   * appends the records to the journal and syncs it, waits until all I/O that began before has
   * ended, and lets the releases take effect. So a chunk's bytes are durable before the record that
   * names the chunk, and a chunk is used again only when the record that freed it is durable and
   * nobody reads it any more. Losing the records since the last commit loses whole changes from the
   * end; what the others say still holds, because chunks they name were not written in place while
   * they were shared and not used again.
   */

  private static final int RECORD_BUFFER = 16 << 20;

  final Medium medium;
  final Space space;
  final Epochs epochs = new Epochs();
  private final PoolOptions options;
  private final int chunkBytes;
  private final Journal journal;
  private final Commits commits;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock.
  private final Catalog catalog = new Catalog(this);
  private final List<JournalRecord.Output> records = new ArrayList<>();

  // Used by the commit thread only.
  private final ArrayDeque<JournalRecord.Output> committing = new ArrayDeque<>();
  private final ArrayDeque<Object> settling = new ArrayDeque<>();

  Metadata(Medium medium, PoolRoot root, PoolOptions options) {
    this.medium = medium;
    this.options = options;
    this.chunkBytes = root.chunkBytes();
    this.space = new Space(medium, chunkBytes);
    this.journal = new Journal(medium, root.poolId());
    this.commits = new Commits(new Round(), root.poolId().toString().substring(0, 8));
  }

  /** Reads the journal: everything is as it was at the last commit. */
  void readJournal() throws IOException {
    journal.replay(this::replay);
    space.forgetFreed();
  }

  /** Begins to commit. */
  void start() {
    commits.start();
  }

  int chunkBytes() {
    return chunkBytes;
  }

  long nowMillis() {
    return options.clock().millis();
  }

  /** What there is. To be used under the lock. */
  Catalog catalog() {
    return catalog;
  }

  /** Something done under the lock. */
  interface Locked<T extends @Nullable Object> {
    T run() throws IOException;
  }

  <T extends @Nullable Object> T lockedIo(Locked<T> action) throws IOException {
    lock.lock();
    try {
      return action.run();
    } finally {
      lock.unlock();
    }
  }

  <T extends @Nullable Object> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /** Puts a record into the journal's buffer. Called under the metadata lock. */
  void append(JournalRecord change) {
    if (records.isEmpty() || records.getLast().length() > RECORD_BUFFER) {
      records.add(new JournalRecord.Output());
    }
    change.encode(records.getLast());
    if (records.getLast().length() > RECORD_BUFFER) {
      commits.hurry();
    }
  }

  /** Notes a change and lets it take effect. Called under the metadata lock. */
  void change(JournalRecord change) {
    append(change);
    catalog.apply(change);
  }

  /** Makes a change that is checked and built under the lock, and waits until it is durable. */
  void changeDurably(Locked<JournalRecord> change) throws IOException {
    lockedIo(() -> {
      requireWritable();
      change(change.run());
      return null;
    });
    flush();
  }

  private void replay(JournalRecord change) {
    catalog.apply(change);
    // On the medium already, and nobody reads.
    for (ArrayDeque<Object> left = space.takeReleased(); !left.isEmpty(); ) {
      space.settle(left);
    }
  }

  /**
   * Called before changes.
   *
   * @throws NoSpaceException while the medium is too full for the journal
   * @throws IOException if the pool has stopped because a commit failed
   */
  void requireWritable() throws IOException {
    IOException failure = commits.failure();
    if (failure instanceof NoSpaceException) {
      throw again(failure);
    }
    if (failure != null) {
      throw new IOException(
          "the pool has stopped: " + failure.getMessage() + "; restart to recover", failure);
    }
  }

  /**
   * Waits until everything done before is durable.
   *
   * @throws NoSpaceException if the medium is too full for the journal; passes when space is freed
   */
  void flush() throws IOException {
    try {
      flushAsync().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a commit", e);
    } catch (ExecutionException e) {
      throw again(e.getCause());
    }
  }

  /** Waits until what was given up before can be used again. */
  void reclaim() throws IOException {
    flush();
    flush(); // its commit begins when the releases of the first one have taken effect
  }

  /**
   * Completes when everything done before is durable, exceptionally if that failed; on the commit
   * thread, so what depends on it must not wait for a commit.
   */
  CompletableFuture<Void> flushAsync() {
    return commits.request();
  }

  /** The failure of another thread, as one of this thread. */
  private static IOException again(@Nullable Throwable failure) {
    String message = failure == null ? "" : String.valueOf(failure.getMessage());
    return failure instanceof NoSpaceException
        ? new NoSpaceException(message)
        : new IOException(message, failure);
  }

  /** Ends tokens that nobody has used for too long. Called under the lock. */
  private void expireTokens() {
    long now = nowMillis();
    for (Token token : catalog.tokens()) {
      if (token.copies == 0 && now - token.lastUsedMillis > token.inactivityTimeoutMillis()) {
        end(token, Token.End.EXPIRED);
      }
    }
  }

  /** Ends a token; ending it again does nothing. Called under the lock. */
  void end(Token token, Token.End reason) {
    if (catalog.remove(token, reason)) {
      dropIfUnused(token);
    }
  }

  /** The record of a token's end follows those of the last copies from it. */
  void dropIfUnused(Token token) {
    if (token.copies == 0 && token.ended != null) {
      append(new JournalRecord.TokenEnded(token.number(), token.ended));
      token.table.drop();
    }
  }

  private final class Round implements Commits.Round {
    @Override
    public boolean isDue() {
      return locked(() -> {
        expireTokens();
        return !records.isEmpty() || !committing.isEmpty();
      });
    }

    @Override
    public void commit() throws IOException {
      locked(() -> {
        settling.addAll(space.takeReleased());
        committing.addAll(records);
        records.clear();
        return null;
      });
      medium.syncChunks();
      while (!committing.isEmpty()) {
        journal.append(committing.getFirst().content());
        committing.removeFirst();
      }
    }

    @Override
    public void settle() {
      if (settling.isEmpty()) {
        return;
      }
      epochs.awaitEarlier();
      while (!settling.isEmpty()) {
        locked(() -> {
          space.settle(settling);
          return null;
        });
      }
      giveRoomBack();
    }

    /** Nobody can be using the chunks meanwhile: they are neither named nor free. */
    private void giveRoomBack() {
      int minimum = (int) Math.max(1, medium.discardGranularityBytes() / chunkBytes);
      for (Space.Run run : locked(() -> space.takeFreed(minimum))) {
        long position = (long) run.first() * chunkBytes;
        boolean given = medium.discardChunks(position, (long) run.count() * chunkBytes);
        locked(() -> {
          space.discarded(run, given);
          return null;
        });
      }
    }
  }

  /** Commits once more and ends the commit thread. */
  @Override
  public void close() throws IOException {
    commits.close();
    IOException failure = commits.failure();
    if (failure != null) {
      throw new IOException("the last changes may be lost: " + failure.getMessage(), failure);
    }
  }
}
