package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pool of chunks on a {@link Medium}, its volumes and its tokens.
 *
 * <p>Safe for use by several threads.
 */
public final class Pool implements AutoCloseable {
  /*
   * Everything about the pool but the bytes themselves is in memory: page tables, reference counts,
   * names, tokens, all under one lock (metadata) that is held for microseconds and never during
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

  /** Smallest and largest chunk. */
  private static final int MIN_CHUNK = 16 << 10;

  private static final int MAX_CHUNK = 1 << 20;
  public static final int DEFAULT_CHUNK = 64 << 10;

  private static final int MAX_VOLUMES = 1 << 14; // flat space LUNs
  private static final long MAX_VOLUME_BYTES = 1L << 50;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final int COPY_BUFFER = 1 << 20;

  /** Entries shared under one hold of the lock when they are shared one by one. */
  private static final long SHARE_STEP = 1 << 16;

  private static final int RECORD_BUFFER = 16 << 20;
  private static final int REMEMBERED_ENDS = 10_000;

  private final ReentrantLock metadata = new ReentrantLock();
  private final PoolRoot root;
  private final PoolOptions options;
  private final Journal journal;
  private final Commits commits;
  final Medium medium;
  final Space space;
  final Epochs epochs = new Epochs();

  // Guarded by metadata.
  private final Map<Integer, Volume> volumes = new TreeMap<>();
  private final Map<Long, Token> tokens = new LinkedHashMap<>();
  private final Map<Long, Token.End> ended = new LinkedHashMap<>();
  private final List<JournalRecord.Output> records = new ArrayList<>();
  private int nextVolume;

  // Used by the commit thread only.
  private final ArrayDeque<JournalRecord.Output> committing = new ArrayDeque<>();
  private final ArrayDeque<Object> settling = new ArrayDeque<>();

  private Pool(Medium medium, PoolRoot root, PoolOptions options) {
    this.medium = medium;
    this.root = root;
    this.options = options;
    this.space = new Space(medium, root.chunkBytes());
    this.journal = new Journal(medium, root.poolId());
    this.commits = new Commits(new Round(), root.poolId().toString().substring(0, 8));
  }

  /**
   * Makes an empty pool on an empty medium, which then belongs to the pool.
   *
   * @param chunkBytes bytes of a chunk: a power of two, 16 KiB to 1 MiB
   */
  public static Pool create(Medium medium, int chunkBytes, PoolOptions options) throws IOException {
    if (Integer.bitCount(chunkBytes) != 1 || chunkBytes < MIN_CHUNK || chunkBytes > MAX_CHUNK) {
      throw new IllegalArgumentException(
          "chunk size %d is not a power of two from %d to %d"
              .formatted(chunkBytes, MIN_CHUNK, MAX_CHUNK));
    }
    PoolRoot root = PoolRoot.random(chunkBytes, options.random());
    try {
      medium.writeRoot(root.encode());
    } catch (IOException | RuntimeException e) {
      medium.close();
      throw e;
    }
    return open(medium, options);
  }

  /**
   * Opens a pool; the medium then belongs to it, and is closed if this fails. After a crash
   * everything is as it was at the last commit, and later writes in place may be there or not.
   *
   * @throws CorruptPoolException if the pool is damaged or of a version that is not known
   */
  public static Pool open(Medium medium, PoolOptions options) throws IOException {
    try {
      PoolRoot root = PoolRoot.decode(medium.readRoot(), medium.location());
      Pool pool = new Pool(medium, root, options);
      pool.journal.replay(pool::replay);
      pool.commits.start();
      return pool;
    } catch (IOException | RuntimeException e) {
      medium.close();
      throw e;
    }
  }

  /** Identity of the pool. */
  public UUID id() {
    return root.poolId();
  }

  /** Bytes of a chunk. */
  public int chunkBytes() {
    return root.chunkBytes();
  }

  /** The pool's secret, 32 bytes; a copy. Never to leave the storage. */
  public byte[] secretKey() {
    return root.secretKey().clone();
  }

  // Volumes

  /**
   * Makes an empty volume; it is durable when this returns.
   *
   * @param name letters, digits, '.', '_' and '-', up to 128
   * @param sizeBytes a multiple of the block size, at most 1 PiB
   * @param blockBytes 512 or 4096
   * @throws IllegalArgumentException if one of them is not so, or the name is taken
   */
  public Volume createVolume(String name, long sizeBytes, int blockBytes) throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "bad volume name '%s': letters, digits, '.', '_', '-', up to 128".formatted(name));
    }
    if (blockBytes != 512 && blockBytes != 4096) {
      throw new IllegalArgumentException("block size %d is not 512 or 4096".formatted(blockBytes));
    }
    if (sizeBytes <= 0 || sizeBytes % blockBytes != 0 || sizeBytes > MAX_VOLUME_BYTES) {
      throw new IllegalArgumentException(
          "volume size %d is not a multiple of %d from %d to %d"
              .formatted(sizeBytes, blockBytes, blockBytes, MAX_VOLUME_BYTES));
    }
    Volume volume =
        underLockIo(() -> {
          requireWritable();
          if (volume(name).isPresent()) {
            throw new IllegalArgumentException("there is a volume %s already".formatted(name));
          }
          if (nextVolume == MAX_VOLUMES) {
            throw new IllegalArgumentException(
                "the pool has given out all of its %d LUNs".formatted(MAX_VOLUMES));
          }
          var created = new JournalRecord.VolumeCreated(nextVolume, name, sizeBytes, blockBytes);
          append(created);
          return replayed(created);
        });
    flush();
    return volume;
  }

  private Volume replayed(JournalRecord.VolumeCreated r) {
    long chunks = (r.sizeBytes() + chunkBytes() - 1) / chunkBytes();
    PageTable table = new PageTable(space, chunks);
    Volume volume = new Volume(this, r.volume(), r.name(), r.sizeBytes(), r.blockBytes(), table);
    volumes.put(r.volume(), volume);
    nextVolume = r.volume() + 1;
    return volume;
  }

  /** Deletes a volume; tokens made of it stay. Durable when this returns. */
  public void deleteVolume(Volume volume) throws IOException {
    underLockIo(() -> {
      volume.requireUsable();
      requireWritable();
      append(new JournalRecord.VolumeDeleted(volume.id()));
      remove(volume);
      return null;
    });
    flush();
  }

  private void remove(Volume volume) {
    volume.deleted = true;
    volumes.remove(volume.id());
    volume.table.drop();
  }

  /** All volumes in the order of their numbers. */
  public List<Volume> volumes() {
    return underLock(() -> List.copyOf(volumes.values()));
  }

  /** The volume of a name. */
  public Optional<Volume> volume(String name) {
    return underLock(() -> volumes.values().stream().filter(v -> v.name().equals(name)).findAny());
  }

  /** The volume of a number. */
  public Optional<Volume> volume(int id) {
    return underLock(() -> Optional.ofNullable(volumes.get(id)));
  }

  // Tokens

  /**
   * Freezes what some extents of a volume hold at this instant. Writes in flight are finished
   * first. Takes time for the pages at the extents' ends only.
   *
   * @param extents within the volume
   * @param inactivityTimeoutMillis how long the token may lie unused
   * @return the token, or empty if the pool has as many tokens as it may have
   */
  public Optional<Token> freeze(Volume volume, List<Extent> extents, long inactivityTimeoutMillis)
      throws IOException {
    extents.forEach(extent -> volume.requireWithin(extent.offset(), extent.length()));
    if (extents.size() > JournalRecord.MAX_EXTENTS) {
      throw new IllegalArgumentException("a token of " + extents.size() + " extents");
    }
    volume.freezeLock.writeLock().lock();
    try {
      return underLockIo(() -> {
        volume.requireUsable();
        requireWritable();
        if (tokens.size() >= options.maximumTokens()) {
          return Optional.empty();
        }
        long number;
        do {
          number = options.random().nextLong();
        } while (tokens.containsKey(number) || ended.containsKey(number));
        var created =
            new JournalRecord.TokenCreated(number, volume.id(), inactivityTimeoutMillis, extents);
        append(created);
        return Optional.of(replayed(created));
      });
    } finally {
      volume.freezeLock.writeLock().unlock();
    }
  }

  private Token replayed(JournalRecord.TokenCreated r) {
    Volume volume = require(r.volume());
    PageTable table = new PageTable(space, (volume.sizeBytes() + chunkBytes() - 1) / chunkBytes());
    for (Extent extent : r.extents()) {
      if (extent.length() > 0) {
        long first = extent.offset() / chunkBytes();
        long count = (extent.end() - 1) / chunkBytes() - first + 1;
        table.share(volume.table, first, first, count);
      }
    }
    Token token =
        new Token(r.token(), volume, r.extents(), r.inactivityTimeoutMillis(), table, nowMillis());
    tokens.put(token.number(), token);
    return token;
  }

  private long nowMillis() {
    return options.clock().millis();
  }

  /** The live token of a number. */
  public Optional<Token> token(long number) {
    return underLock(() -> Optional.ofNullable(tokens.get(number)));
  }

  /** How a token that is no more has ended, if the pool remembers. */
  public Optional<Token.End> ended(long number) {
    return underLock(() -> Optional.ofNullable(ended.get(number)));
  }

  /** All live tokens, oldest first. */
  public List<Token> tokens() {
    return underLock(() -> List.copyOf(tokens.values()));
  }

  /** Ends a token; copies from it that run are finished. Ending it again does nothing. */
  public void end(Token token, Token.End reason) {
    underLock(() -> {
      if (tokens.remove(token.number(), token)) {
        token.ended = reason;
        remember(token.number(), reason);
        dropIfUnused(token);
      }
      return null;
    });
  }

  private void remember(long token, Token.End reason) {
    ended.put(token, reason);
    if (ended.size() > REMEMBERED_ENDS) {
      Iterator<Long> oldest = ended.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  /** The record of a token's end follows those of the last copies from it. */
  private void dropIfUnused(Token token) {
    if (token.copies == 0 && token.ended != null) {
      append(new JournalRecord.TokenEnded(token.number(), token.ended));
      token.table.drop();
    }
  }

  private void expireTokens() {
    long now = nowMillis();
    for (Token token : List.copyOf(tokens.values())) {
      if (token.copies == 0 && now - token.lastUsedMillis > token.inactivityTimeoutMillis()) {
        end(token, Token.End.EXPIRED);
      }
    }
  }

  // Copies

  /**
   * Makes a range of a volume hold what a range of a token's data holds. Bytes that lie alike in
   * their chunks become shared; only those at the ends, or all if the two ranges lie differently,
   * are moved.
   *
   * @param offset where in the token's data to start
   * @return what was done: less than asked for if the token ended or the pool became full meanwhile
   * @throws NoSpaceException if the pool was full from the start
   * @throws IllegalArgumentException if a range is not within the token's data or the volume
   */
  public CopyResult copy(Token token, long offset, Volume target, long targetOffset, long length)
      throws IOException {
    target.requireWithin(targetOffset, length);
    if (offset < 0 || length > token.lengthBytes() - offset) {
      throw new IllegalArgumentException(
          "%d bytes at %d are not within a token of %d"
              .formatted(length, offset, token.lengthBytes()));
    }
    boolean live =
        underLock(() -> {
          token.copies += tokens.containsKey(token.number()) ? 1 : 0;
          return tokens.containsKey(token.number());
        });
    if (!live) {
      return CopyResult.NONE;
    }
    Progress done = new Progress();
    try {
      long position = 0; // of the extent in the token's data
      for (Extent extent : token.extents()) {
        long from = Math.max(offset, position);
        long to = Math.min(offset + length, position + extent.length());
        if (from < to) {
          long source = extent.offset() + from - position;
          copyExtent(token, source, target, targetOffset + from - offset, to - from, done);
        }
        position += extent.length();
      }
    } catch (NoSpaceException e) {
      if (done.result.totalBytes() == 0) {
        throw e;
      }
    } finally {
      underLock(() -> {
        token.copies--;
        token.lastUsedMillis = nowMillis();
        dropIfUnused(token);
        return null;
      });
    }
    return done.result;
  }

  /** What a copy has done so far. */
  private static final class Progress {
    CopyResult result = CopyResult.NONE;

    void add(long sharedBytes, long copiedBytes, long zeroedBytes) {
      result = result.plus(new CopyResult(sharedBytes, copiedBytes, zeroedBytes));
    }
  }

  private void copyExtent(
      Token token, long source, Volume target, long offset, long length, Progress done)
      throws IOException {
    long end = offset + length;
    boolean alike = (source - offset) % chunkBytes() == 0;
    long shareFrom = alike ? Math.min(end, roundUp(offset)) : end;
    long shareTo = Math.max(shareFrom, end / chunkBytes() * chunkBytes());
    move(token, source, target, offset, shareFrom - offset, done);
    if (shareFrom < shareTo) {
      long tokenIndex = (shareFrom - offset + source) / chunkBytes();
      long count = (shareTo - shareFrom) / chunkBytes();
      share(token, tokenIndex, target, shareFrom / chunkBytes(), count);
      done.add(shareTo - shareFrom, 0, 0);
    }
    move(token, shareTo - offset + source, target, shareTo, end - shareTo, done);
  }

  private long roundUp(long bytes) {
    return (bytes + chunkBytes() - 1) / chunkBytes() * chunkBytes();
  }

  private void share(Token token, long tokenIndex, Volume target, long index, long count)
      throws IOException {
    boolean byPages = (tokenIndex - index) % Page.ENTRIES == 0;
    long step = byPages ? count : SHARE_STEP;
    for (long done = 0; done < count; done += step) {
      long at = done;
      long n = Math.min(step, count - done);
      underLockIo(() -> {
        target.requireUsable();
        requireWritable();
        target.table.share(token.table, tokenIndex + at, index + at, n);
        append(
            new JournalRecord.Shared(token.number(), tokenIndex + at, target.id(), index + at, n));
        return null;
      });
    }
  }

  /** Copies bytes where the token has chunks, and makes holes where it has none. */
  private void move(
      Token token, long source, Volume target, long offset, long length, Progress done)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, COPY_BUFFER));
    long at = 0;
    while (at < length) {
      long from = source + at;
      long near = Math.min(source + length, from + COPY_BUFFER);
      Volume.Allocation run = allocation(token.table, from, near);
      if (!run.mapped() && run.end() == near) {
        run = allocation(token.table, from, source + length);
      }
      long count = run.end() - from;
      if (run.mapped()) {
        readToken(token, from, buffer.clear().limit((int) count));
        target.write(offset + at, buffer.flip());
        done.add(0, count, 0);
      } else {
        target.zero(offset + at, count);
        done.add(0, 0, count);
      }
      at += count;
    }
  }

  /** Whether a byte has a chunk, and how far it goes on like that; looks no further than limit. */
  Volume.Allocation allocation(PageTable table, long offset, long limit) {
    return underLock(() -> {
      long index = offset / chunkBytes();
      long end = table.endOfRun(index, (limit + chunkBytes() - 1) / chunkBytes());
      return new Volume.Allocation(table.get(index) >= 0, Math.min(limit, end * chunkBytes()));
    });
  }

  private void readToken(Token token, long offset, ByteBuffer target) throws IOException {
    int epoch = epochs.enter();
    try {
      read(token.table, offset, target, () -> true);
    } finally {
      epochs.leave(epoch);
    }
  }

  /**
   * Reads through a page table; the caller is inside an epoch.
   *
   * @param check done first, under the lock
   */
  void read(PageTable table, long offset, ByteBuffer target, Locked<Boolean> check)
      throws IOException {
    if (!target.hasRemaining()) {
      return;
    }
    long first = offset / chunkBytes();
    int count = (int) ((offset + target.remaining() - 1) / chunkBytes() - first) + 1;
    long[] chunks = new long[count];
    underLockIo(() -> {
      check.run();
      for (int i = 0; i < count; i++) {
        chunks[i] = table.get(first + i);
      }
      return null;
    });
    int limit = target.limit();
    long at = offset;
    for (int i = 0; i < count; ) {
      int next = i + 1;
      while (next < count && chunks[next] == (chunks[i] < 0 ? -1 : chunks[next - 1] + 1)) {
        next++;
      }
      int length = (int) Math.min(limit - target.position(), (first + next) * chunkBytes() - at);
      target.limit(target.position() + length);
      if (chunks[i] < 0) {
        zeroFill(target);
      } else {
        medium.readChunks(chunks[i] * chunkBytes() + at % chunkBytes(), target);
      }
      target.limit(limit);
      at += length;
      i = next;
    }
  }

  private static void zeroFill(ByteBuffer target) {
    while (target.remaining() >= Long.BYTES) {
      target.putLong(0);
    }
    while (target.hasRemaining()) {
      target.put((byte) 0);
    }
  }

  // Durability

  /**
   * Waits until everything done before is durable.
   *
   * @throws NoSpaceException if the medium is too full for the journal; passes when space is freed
   */
  public void flush() throws IOException {
    try {
      flushAsync().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a commit", e);
    } catch (ExecutionException e) {
      throw again(e.getCause());
    }
  }

  /** The failure of another thread, as one of this thread. */
  private static IOException again(@Nullable Throwable failure) {
    String message = failure == null ? "" : String.valueOf(failure.getMessage());
    return failure instanceof NoSpaceException
        ? new NoSpaceException(message)
        : new IOException(message, failure);
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
  public CompletableFuture<Void> flushAsync() {
    return commits.request();
  }

  private final class Round implements Commits.Round {
    @Override
    public boolean isDue() {
      return underLock(() -> {
        expireTokens();
        return !records.isEmpty() || !committing.isEmpty();
      });
    }

    @Override
    public void commit() throws IOException {
      underLock(() -> {
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
      if (!settling.isEmpty()) {
        epochs.awaitEarlier();
      }
      while (!settling.isEmpty()) {
        underLock(() -> {
          space.settle(settling);
          return null;
        });
      }
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

  private void replay(JournalRecord change) {
    switch (change) {
      case JournalRecord.VolumeCreated r -> replayed(r);
      case JournalRecord.VolumeDeleted r -> remove(require(r.volume()));
      case JournalRecord.Mapped r -> {
        for (long i = 0; i < r.count(); i++) {
          space.take(r.chunk() + i);
          require(r.volume()).table.set(r.index() + i, r.chunk() + i);
        }
      }
      case JournalRecord.Unmapped r -> require(r.volume()).table.clear(r.index(), r.count());
      case JournalRecord.TokenCreated r -> replayed(r);
      case JournalRecord.TokenEnded r -> {
        Token token = tokens.remove(r.token());
        if (token == null) {
          throw new IllegalStateException("end of unknown token " + r.token());
        }
        remember(r.token(), r.reason());
        token.table.drop();
      }
      case JournalRecord.Shared r -> {
        Token token = tokens.get(r.token());
        if (token == null) {
          throw new IllegalStateException("copy from unknown token " + r.token());
        }
        require(r.volume()).table.share(token.table, r.tokenIndex(), r.index(), r.count());
      }
    }
    // On the medium already, and nobody reads.
    for (ArrayDeque<Object> left = space.takeReleased(); !left.isEmpty(); ) {
      space.settle(left);
    }
  }

  private Volume require(int id) {
    Volume volume = volumes.get(id);
    if (volume == null) {
      throw new IllegalStateException("unknown volume " + id);
    }
    return volume;
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

  /** How the pool stands now. */
  public PoolStatistics statistics() throws IOException {
    long journalBytes = medium.journalLength();
    long freeBytes = medium.freeBytes();
    return underLock(() ->
        new PoolStatistics(
            chunkBytes(),
            space.usedChunks(),
            volumes.size(),
            tokens.size(),
            journalBytes,
            freeBytes));
  }

  /** Commits and closes the medium. Nobody may use the pool any more. */
  @Override
  public void close() throws IOException {
    commits.close();
    medium.close();
    IOException failure = commits.failure();
    if (failure != null) {
      throw new IOException("the last changes may be lost: " + failure.getMessage(), failure);
    }
  }

  /** Something done under the metadata lock. */
  interface Locked<T extends @Nullable Object> {
    T run() throws IOException;
  }

  <T extends @Nullable Object> T underLockIo(Locked<T> action) throws IOException {
    metadata.lock();
    try {
      return action.run();
    } finally {
      metadata.unlock();
    }
  }

  <T extends @Nullable Object> T underLock(Supplier<T> action) {
    metadata.lock();
    try {
      return action.get();
    } finally {
      metadata.unlock();
    }
  }

  /**
   * Counts all references anew and compares: every chunk and page must have exactly as many as
   * there are entries and roots that name it. Only when nothing is going on. Commits first.
   *
   * @throws IllegalStateException if one has not
   */
  void verifyReferences() throws IOException {
    reclaim();
    underLock(() -> {
      List<PageTable> tables = new ArrayList<>();
      volumes.values().forEach(volume -> tables.add(volume.table));
      tokens.values().forEach(token -> tables.add(token.table));
      ReferenceCount.verify(space, tables);
      return null;
    });
  }
}
