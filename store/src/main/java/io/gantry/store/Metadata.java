package io.gantry.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
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
   *
   * A checkpoint
   * ------------
   * begins in a commit, after which it is written in the background (Checkpoints). It replaces all
   * that the journal says up to that commit.
   */

  private static final int RECORD_BUFFER = 16 << 20;

  /** How many times the interval of checkpoints the journal may be long. */
  private static final int MOST_JOURNAL_FACTOR = 4;

  /**
   * A checkpoint is due when the journal has grown by this part of what the medium can still take,
   * but not before so many bytes.
   */
  private static final int ROOM_FACTOR = 8;

  private static final long LEAST_CHECKPOINT_BYTES = 1 << 20;

  /** How often tokens are looked at for whether their time is over. */
  private static final long SWEEP_MILLIS = 1000;

  /** How often the lock is tried before a thread sleeps for it: some microseconds. */
  private static final int SPINS = 100;

  final Medium medium;
  final Space space;
  final Epochs epochs = new Epochs();
  final ChunkBuffers buffers;
  private final PoolOptions options;
  private volatile PoolLimits limits;
  private final int chunkBytes;
  private final PoolRoot root;
  private final Journal journal;
  private final Commits commits;
  private final Checkpoints checkpoints;
  final Keeper keeper;
  private final SteadyClock steadyClock;
  final Tokens tokens;
  final Results results;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock.
  private final Catalog catalog = new Catalog(this);
  private final List<RecordOutput> records = new ArrayList<>();

  private final AtomicLong roomGivenBackBytes = new AtomicLong();

  /** Whether the last commit left so little room that only what frees some is still done. */
  private boolean tight;

  /** Records ever put into the buffer, and how many of them are durable. */
  private long changes;

  private long durableChanges;

  // Used by the commit thread only.
  private long committingChanges;
  private long lastSweepMillis;
  private final ArrayDeque<RecordOutput> committing = new ArrayDeque<>();
  private final ArrayDeque<Object> settling = new ArrayDeque<>();

  /** A checkpoint that has begun, and how many of the first of {@link #committing} belong to it. */
  private Checkpoints.@Nullable Checkpoint beginning;

  private int beforeCheckpoint;

  Metadata(Medium medium, PoolRoot root, PoolOptions options) {
    this.medium = medium;
    this.options = options;
    this.limits = options.limits();
    this.root = root;
    this.chunkBytes = root.chunkBytes();
    this.buffers = new ChunkBuffers(chunkBytes);
    this.steadyClock = new SteadyClock(options.clock());
    this.space = new Space(medium, chunkBytes, new Pages(root.poolId()));
    this.results = new Results(this);
    this.tokens = new Tokens(this, options, new TableReader(this));
    this.journal = new Journal(medium, root.poolId());
    String name = root.poolId().toString().substring(0, 8);
    this.commits =
        new Commits(new Round(), options.clock(), options.threads(), options.timedWait(), name);
    this.keeper = new Keeper(this, options, name);
    this.checkpoints = new Checkpoints(this, root, options.threads(), options.timedWait(), name);
  }

  /** Reads the last checkpoint and the journal: everything is as it was at the last commit. */
  void recover() throws IOException {
    PoolRoot.Checkpoint last = root.checkpoint();
    checkpoints.restored(CheckpointReader.read(medium, root, space, catalog::restore));
    journal.replay(last.journalPosition(), last.journalFrame(), this::replay);
  }

  /** Begins to commit. */
  void start() throws IOException {
    var _ = medium.lost().thenAccept(this::fail);
    keeper.start();
    checkpoints.start();
    commits.start();
  }

  /** Stops the pool for good: nothing more becomes durable, and nobody is told that it did. */
  void fail(IOException cause) {
    commits.fail(cause);
  }

  /**
   * Writes a checkpoint and waits until it is on the medium.
   *
   * @throws NoSpaceException if the medium is too full to commit what there is
   */
  void checkpoint() throws IOException {
    flush(); // or nobody would hear that no commit succeeds
    CompletableFuture<@Nullable Void> done = checkpoints.request();
    commits.hurry();
    Medium.await(done);
  }

  /** The number of the last checkpoint and when it was written, ms since 1970, or 0 if not yet. */
  long[] lastCheckpoint() {
    return checkpoints.last();
  }

  /** What was done since the pool was opened. */
  PoolActivity activity() {
    long[] committed = commits.done();
    long[] written = checkpoints.done();
    return locked(() ->
        new PoolActivity(
            tokens.created(),
            tokens.ended(),
            committed[0],
            committed[1],
            written[0],
            written[1],
            written[2]));
  }

  /** Bytes of chunks whose room was given back since the pool was opened. */
  long roomGivenBackBytes() {
    return roomGivenBackBytes.get();
  }

  /** Limits that count from now on. */
  void limits(PoolLimits newLimits) {
    limits = newLimits;
  }

  PoolLimits limits() {
    return limits;
  }

  int chunkBytes() {
    return chunkBytes;
  }

  /** Whether what has a checksum is compared with it at each read. */
  boolean verifiesReads() {
    return options.verifyReads();
  }

  /** The time of day. */
  long nowMillis() {
    return options.clock().millis();
  }

  /** The time for ages, which is never set back. */
  long steadyMillis() {
    return steadyClock.millis();
  }

  /** Keeps a work in the background to a rate; 0 for none. */
  WorkRate rate(long bytesPerSecond) {
    return new WorkRate(options.timedWait(), bytesPerSecond);
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
    acquire();
    try {
      return action.run();
    } finally {
      lock.unlock();
    }
  }

  <T extends @Nullable Object> T locked(Supplier<T> action) {
    acquire();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes the lock. It is nearly always free within less time than a thread needs to go to sleep
   * and be woken; and once some sleep, each hands the lock on to a sleeper.
   */
  private void acquire() {
    if (!tryAcquire()) {
      lock.lock();
    }
  }

  /** Takes the lock if that takes hardly any time; {@link #release} gives it back. */
  boolean tryAcquire() {
    for (int i = 0; i < SPINS; i++) {
      if (lock.tryLock()) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  void release() {
    lock.unlock();
  }

  /** Puts a record into the journal's buffer. Called under the metadata lock. */
  void append(JournalRecord change) {
    RecordOutput out = recordOutput();
    change.encode(out);
    changes++;
    hurryIfLong(out);
  }

  /**
   * Puts records into the journal's buffer that a crash must leave all of or none. Called under the
   * metadata lock.
   */
  void appendTogether(List<JournalRecord> together) {
    RecordOutput out = recordOutput(); // becomes one frame
    together.forEach(change -> change.encode(out));
    changes += together.size();
    hurryIfLong(out);
  }

  private RecordOutput recordOutput() {
    if (records.isEmpty() || records.getLast().length() > RECORD_BUFFER) {
      records.add(new RecordOutput());
    }
    return records.getLast();
  }

  private void hurryIfLong(RecordOutput out) {
    if (out.length() > RECORD_BUFFER) {
      commits.hurry();
    }
  }

  /** Number of the last record in the journal's buffer. Called under the metadata lock. */
  long changes() {
    return changes;
  }

  /** Number of the last record that is certainly durable. Called under the metadata lock. */
  long durableChanges() {
    return durableChanges;
  }

  /** Notes a change and lets it take effect. Called under the metadata lock. */
  void change(JournalRecord change) {
    append(change);
    catalog.apply(change);
  }

  /**
   * Called before changes that add to the metadata but need no chunk, under the lock.
   *
   * @throws NoSpaceException if the room left is kept for changes that free some
   */
  void requireRoom() throws IOException {
    requireWritable();
    if (tight) {
      throw new NoSpaceException(
          "no space left for the pool in %s, but for deleting".formatted(medium.location()));
    }
  }

  /** Called before changes that free space: they may wait for room in memory. */
  void requireOpen() throws IOException {
    if (!(commits.failure() instanceof NoSpaceException)) {
      requireWritable();
    }
  }

  /** Makes a change that frees space, and waits until it is durable. */
  void freeDurably(Locked<JournalRecord> change) throws IOException {
    lockedIo(() -> {
      requireOpen();
      change(change.run());
      return null;
    });
    flush();
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

  /** Whether changes can become durable now, as far as is known. */
  boolean isWritable() {
    return commits.failure() == null;
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

  /** To be called before a token is dropped. Called under the lock. */
  void dropping(Token token) {
    checkpoints.dropping(token);
  }

  private final class Round implements Commits.Round {
    @Override
    public boolean isDue() throws IOException {
      sweepTokens();
      boolean checkpoint = checkpointIsDue();
      return locked(() -> !records.isEmpty() || !committing.isEmpty() || checkpoint);
    }

    private void sweepTokens() {
      long now = steadyMillis();
      if (now - lastSweepMillis >= SWEEP_MILLIS) {
        lastSweepMillis = now;
        tokens.sweep();
      }
    }

    private boolean checkpointIsDue() throws IOException {
      return beginning == null && checkpoints.isDue(medium.journalEnd(), checkpointBytes());
    }

    /** The journal must not eat the reserve: when room is tight, it is shortened earlier. */
    private long checkpointBytes() throws IOException {
      long least = Math.min(LEAST_CHECKPOINT_BYTES, options.checkpointBytes());
      return Math.clamp(medium.freeBytes() / ROOM_FACTOR, least, options.checkpointBytes());
    }

    @Override
    public void commit() throws IOException {
      checkpoints.awaitShorterThan(
          medium.journalEnd(), MOST_JOURNAL_FACTOR * options.checkpointBytes());
      boolean checkpoint = checkpointIsDue();
      locked(() -> {
        settling.addAll(space.takeReleased());
        committing.addAll(records);
        records.clear();
        committingChanges = changes;
        if (checkpoint) {
          beginning = checkpoints.begin();
          beforeCheckpoint = committing.size();
        }
        return null;
      });
      Medium.await(medium.sync(Medium.Area.CHUNKS));
      writeIfBegun();
      while (!committing.isEmpty()) {
        journal.append(committing.getFirst().content());
        committing.removeFirst();
        beforeCheckpoint--;
        writeIfBegun();
      }
      long free = medium.freeBytes();
      locked(() -> {
        durableChanges = committingChanges;
        tight = space.isTight(free);
        return null;
      });
    }

    private void writeIfBegun() throws IOException {
      if (beginning != null && beforeCheckpoint == 0) {
        checkpoints.write(beginning, medium.journalEnd(), journal.nextFrame());
        beginning = null;
      }
    }

    @Override
    public void settle() {
      if (!settling.isEmpty()) {
        epochs.awaitEarlier();
      }
      while (!settling.isEmpty()) {
        locked(() -> {
          space.settle(settling);
          return null;
        });
      }
      giveRoomBack();
    }

    @Override
    public void full(NoSpaceException cause) {
      keeper.full(cause);
    }

    @Override
    public void stopped(IOException cause) {
      checkpoints.stop(cause);
      keeper.stopped(cause);
    }

    /** Nobody can be using the chunks meanwhile: they are neither named nor free. */
    private void giveRoomBack() {
      int minimum = (int) Math.max(1, medium.discardGranularityBytes() / chunkBytes);
      while (locked(space::hasFreed)) {
        for (Space.Run run : locked(() -> space.takeFreed(minimum))) {
          long position = run.first() * chunkBytes;
          boolean given = medium.discardChunks(position, run.count() * chunkBytes);
          locked(() -> {
            space.discarded(run, given);
            return null;
          });
          roomGivenBackBytes.addAndGet(given ? run.count() * chunkBytes : 0);
        }
      }
    }
  }

  /** Commits once more and ends the commit thread. */
  @Override
  public void close() throws IOException {
    checkpoints.close();
    commits.close();
    keeper.close();
    IOException failure = commits.failure();
    if (failure != null) {
      throw new IOException("the last changes may be lost: " + failure.getMessage(), failure);
    }
  }
}
