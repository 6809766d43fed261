package io.gantry.store;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pool of chunks on a {@link Medium}, its volumes and its tokens.
 *
 * <p>Safe for use by several threads.
 */
public final class Pool implements AutoCloseable {
  public static final int DEFAULT_CHUNK = 64 << 10;

  private static final int MAX_VOLUMES = 1 << 14; // flat space LUNs
  private static final long MAX_VOLUME_BYTES = 1L << 50;
  private static final int MAX_ATTRIBUTES = 16;
  private static final int MAX_ATTRIBUTE_NAME = 64;

  /** Longest attribute of a volume. */
  public static final int MAX_ATTRIBUTE_BYTES = 0xFFFF;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private final PoolRoot root;
  private final Medium medium;
  final Metadata metadata;
  final TableReader reader;

  /** Two scrubs would end each other's watches over the chunks that they read. */
  private final ReentrantLock scrubLock = new ReentrantLock();

  private Pool(Medium medium, PoolRoot root, PoolOptions options) {
    this.medium = medium;
    this.root = root;
    this.metadata = new Metadata(medium, root, options);
    this.reader = new TableReader(metadata);
  }

  /**
   * Makes an empty pool on an empty medium, which then belongs to the pool.
   *
   * @param chunkBytes bytes of a chunk: a power of two, 16 KiB to 1 MiB
   */
  public static Pool create(Medium medium, int chunkBytes, PoolOptions options) throws IOException {
    try {
      if (!PoolOptions.isChunkSize(chunkBytes)) {
        throw new IllegalArgumentException(
            "chunk size %d is not a power of two from %d to %d"
                .formatted(chunkBytes, PoolOptions.MIN_CHUNK, PoolOptions.MAX_CHUNK));
      }
      medium.writeRoot(PoolRoot.random(chunkBytes, options.random()).encode());
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
      pool.metadata.recover();
      pool.metadata.start();
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
    if (blockBytes != 512 && blockBytes != 4096) {
      throw new IllegalArgumentException("block size %d is not 512 or 4096".formatted(blockBytes));
    }
    requireSize(sizeBytes, blockBytes);
    return newVolume(
        name, number -> new JournalRecord.VolumeCreated(number, name, sizeBytes, blockBytes));
  }

  private static void requireSize(long sizeBytes, int blockBytes) {
    if (sizeBytes <= 0 || sizeBytes % blockBytes != 0 || sizeBytes > MAX_VOLUME_BYTES) {
      throw new IllegalArgumentException(
          "volume size %d is not a multiple of %d from %d to %d"
              .formatted(sizeBytes, blockBytes, blockBytes, MAX_VOLUME_BYTES));
    }
  }

  private Volume newVolume(String name, IntFunction<JournalRecord> record) throws IOException {
    Volume volume = metadata.lockedIo(() -> addVolume(name, record));
    flush();
    return volume;
  }

  /** Called under the metadata lock. */
  private Volume addVolume(String name, IntFunction<JournalRecord> record) throws IOException {
    metadata.requireRoom();
    requireFree(name);
    int number = metadata.catalog().nextVolume();
    if (number == MAX_VOLUMES) {
      throw new IllegalArgumentException(
          "the pool has given out all of its %d LUNs".formatted(MAX_VOLUMES));
    }
    metadata.change(record.apply(number));
    return metadata.catalog().volume(number).orElseThrow();
  }

  /** Does something under the metadata lock while no write to the volume is in flight. */
  private <T extends @Nullable Object> T alone(Volume volume, Metadata.Locked<T> action)
      throws IOException {
    volume.freezeLock.writeLock().lock();
    try {
      return metadata.lockedIo(() -> {
        volume.requireUsable();
        metadata.requireRoom();
        return action.run();
      });
    } finally {
      volume.freezeLock.writeLock().unlock();
    }
  }

  private void requireFree(String name) {
    requireName(name);
    if (metadata.catalog().volume(name).isPresent()) {
      throw new IllegalArgumentException("there is a volume %s already".formatted(name));
    }
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "bad name '%s': letters, digits, '.', '_', '-', up to 128".formatted(name));
    }
  }

  /**
   * Makes a writable volume that holds what another holds at this instant. Takes no space and no
   * time to speak of. Durable when this returns.
   */
  public Volume cloneVolume(Volume source, String name) throws IOException {
    int none = JournalRecord.VolumeCloned.NO_SNAPSHOT;
    Volume volume =
        alone(
            source,
            () ->
                addVolume(
                    name,
                    number -> new JournalRecord.VolumeCloned(number, name, source.id(), none)));
    flush();
    return volume;
  }

  /** Makes a writable volume that holds what a snapshot holds. Durable when this returns. */
  public Volume cloneSnapshot(Snapshot snapshot, String name) throws IOException {
    return newVolume(
        name,
        number -> {
          requireLive(snapshot);
          return new JournalRecord.VolumeCloned(number, name, snapshot.volumeId(), snapshot.id());
        });
  }

  /** Gives a volume another name. Durable when this returns. */
  public void renameVolume(Volume volume, String name) throws IOException {
    metadata.changeDurably(() -> {
      volume.requireUsable();
      requireFree(name);
      return new JournalRecord.VolumeRenamed(volume.id(), name);
    });
  }

  /** Makes a volume read-only, or writable again. Durable when this returns. */
  public void protectVolume(Volume volume, boolean readOnly) throws IOException {
    metadata.changeDurably(() -> {
      volume.requireUsable();
      return new JournalRecord.VolumeProtected(volume.id(), readOnly);
    });
  }

  /**
   * Makes a volume larger or smaller. Durable when this returns.
   *
   * @param force cut off what is mapped behind the new end, too
   * @throws IllegalArgumentException if the size is not one a volume may have, or something is
   *     mapped behind the new end and {@code force} is not given
   */
  public void resizeVolume(Volume volume, long sizeBytes, boolean force) throws IOException {
    requireSize(sizeBytes, volume.blockBytes());
    volume.freezeLock.writeLock().lock();
    try {
      long before = volume.sizeBytes();
      if (sizeBytes < before) {
        Volume.Allocation rest = volume.allocation(sizeBytes, before);
        if (!force && (rest.mapped() || rest.end() < before)) {
          throw new IllegalArgumentException(
              "volume %s has data behind %d bytes: force it if they may go"
                  .formatted(volume.name(), sizeBytes));
        }
        // The rest of the last chunk must read as zeros if the volume grows again.
        long chunkEnd = (sizeBytes + chunkBytes() - 1) / chunkBytes() * chunkBytes();
        volume.writeZeros(sizeBytes, Math.min(before, chunkEnd));
      }
      alone(
          volume,
          () -> {
            metadata.change(new JournalRecord.VolumeResized(volume.id(), sizeBytes));
            return null;
          });
    } finally {
      volume.freezeLock.writeLock().unlock();
    }
    flush();
  }

  /**
   * Deletes a volume; tokens and clones made of it stay. Durable when this returns.
   *
   * @throws IllegalArgumentException if the volume has snapshots
   */
  public void deleteVolume(Volume volume) throws IOException {
    metadata.freeDurably(() -> {
      volume.requireUsable();
      int snapshots = metadata.catalog().snapshots(volume).size();
      if (snapshots > 0) {
        throw new IllegalArgumentException(
            "volume %s has snapshots (%d): delete them first".formatted(volume.name(), snapshots));
      }
      return new JournalRecord.VolumeDeleted(volume.id());
    });
  }

  /** All volumes in the order of their numbers. */
  public List<Volume> volumes() {
    return metadata.locked(metadata.catalog()::volumes);
  }

  /** The volume of a name. */
  public Optional<Volume> volume(String name) {
    return metadata.locked(() -> metadata.catalog().volume(name));
  }

  /** The volume of a number. */
  public Optional<Volume> volume(int id) {
    return metadata.locked(() -> metadata.catalog().volume(id));
  }

  /**
   * Counts the changes of the list of volumes and of their names: who remembers the count sees at
   * little cost that there are others now. Begins anew when the pool is opened.
   */
  public int inventory() {
    return metadata.catalog().inventory();
  }

  /**
   * Keeps some bytes with a volume under a name; what they say is the caller's business. They go
   * with the volume, and clones do not get them. Durable once a {@link #flush} that began later is
   * done; after a crash before, the attribute is as it was or as it was to be.
   *
   * @param name at most {@value #MAX_ATTRIBUTE_NAME} characters; a volume has {@value
   *     #MAX_ATTRIBUTES} at most
   * @param value at most {@value #MAX_ATTRIBUTE_BYTES}; none removes the attribute
   * @throws NoSpaceException if the room left is kept for changes that free some
   */
  public void setAttribute(Volume volume, String name, byte[] value) throws IOException {
    if (name.length() > MAX_ATTRIBUTE_NAME || value.length > MAX_ATTRIBUTE_BYTES) {
      throw new IllegalArgumentException(
          "attribute %s of %d bytes: a name of %d characters and %d bytes at most"
              .formatted(name, value.length, MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_BYTES));
    }
    metadata.lockedIo(() -> {
      if (value.length == 0) {
        metadata.requireOpen();
      } else {
        metadata.requireRoom();
      }
      volume.requireUsable();
      if (!volume.attributes.containsKey(name) && volume.attributes.size() == MAX_ATTRIBUTES) {
        throw new IllegalArgumentException(
            "volume %s has %d attributes already".formatted(volume.name(), MAX_ATTRIBUTES));
      }
      metadata.change(new JournalRecord.AttributeSet(volume.id(), name, value.clone()));
      return null;
    });
  }

  /** The bytes of an attribute: a copy; none if there is no such attribute. */
  public byte[] attribute(Volume volume, String name) {
    return metadata.locked(() -> {
      byte[] value = volume.attributes.get(name);
      return value == null ? new byte[0] : value.clone();
    });
  }

  // Snapshots

  /**
   * Keeps what a volume holds at this instant under a name. Writes in flight are finished first.
   * Takes no space and no time to speak of. Durable when this returns.
   *
   * @throws IllegalArgumentException if the name is bad, or taken by a snapshot of the volume
   */
  public Snapshot createSnapshot(Volume volume, String name) throws IOException {
    requireName(name);
    Snapshot snapshot =
        alone(
            volume,
            () -> {
              Catalog catalog = metadata.catalog();
              if (catalog.snapshots(volume).stream().anyMatch(s -> s.name().equals(name))) {
                throw new IllegalArgumentException(
                    "volume %s has a snapshot %s already".formatted(volume.name(), name));
              }
              int number = catalog.nextSnapshot();
              long now = metadata.nowMillis();
              metadata.change(new JournalRecord.SnapshotCreated(number, volume.id(), name, now));
              return catalog.snapshot(number).orElseThrow();
            });
    flush();
    return snapshot;
  }

  /** Deletes a snapshot; clones made of it stay. Durable when this returns. */
  public void deleteSnapshot(Snapshot snapshot) throws IOException {
    metadata.freeDurably(() -> {
      requireLive(snapshot);
      return new JournalRecord.SnapshotDeleted(snapshot.id());
    });
  }

  /**
   * Makes a volume hold what one of its snapshots holds, with the size it had then. What was
   * written since is gone, unless another snapshot has it. Durable when this returns.
   */
  public void rollBack(Volume volume, Snapshot snapshot) throws IOException {
    if (snapshot.volumeId() != volume.id()) {
      throw new IllegalArgumentException(
          "%s is no snapshot of volume %s".formatted(snapshot.name(), volume.name()));
    }
    alone(
        volume,
        () -> {
          requireLive(snapshot);
          metadata.change(new JournalRecord.VolumeRolledBack(volume.id(), snapshot.id()));
          return null;
        });
    flush();
  }

  private void requireLive(Snapshot snapshot) {
    if (metadata.catalog().snapshot(snapshot.id()).isEmpty()) {
      throw new IllegalArgumentException("snapshot %s was deleted".formatted(snapshot.name()));
    }
  }

  /** The snapshots of a volume, oldest first. */
  public List<Snapshot> snapshots(Volume volume) {
    return metadata.locked(() -> metadata.catalog().snapshots(volume));
  }

  /** The snapshot of a volume with a name. */
  public Optional<Snapshot> snapshot(Volume volume, String name) {
    return snapshots(volume).stream().filter(s -> s.name().equals(name)).findAny();
  }

  /** Space that a snapshot takes; looks at each of its own pages. */
  public Usage usage(Snapshot snapshot) {
    return meter().of(snapshot);
  }

  /** Space that a token takes; looks at each of its own pages. */
  public Usage usage(Token token) {
    return meter().of(token);
  }

  /** Measures several of those at once. */
  public UsageMeter meter() {
    return new UsageMeter(metadata);
  }

  // Tokens

  /** As {@link #freeze(Volume, List, Token.Terms)}, for a token that only disuse ends. */
  public Optional<Token> freeze(Volume volume, List<Extent> extents, long inactivityTimeoutMillis)
      throws IOException {
    return freeze(volume, extents, Token.Terms.idle(inactivityTimeoutMillis));
  }

  /**
   * Freezes what some extents of a volume hold at this instant. Writes in flight are finished
   * first. Takes time for the pages at the extents' ends only. The token is durable once a {@link
   * #flush} that began later is done.
   *
   * @param extents within the volume
   * @param terms how long the token lives; it is created now, whatever they say
   * @return the token, or empty if the pool, or the token's owner, has as many tokens as it may
   *     have
   */
  public Optional<Token> freeze(Volume volume, List<Extent> extents, Token.Terms terms)
      throws IOException {
    if (extents.size() > JournalRecord.MAX_EXTENTS) {
      throw new IllegalArgumentException("a token of " + extents.size() + " extents");
    }
    Optional<Token> token =
        alone(
            volume,
            () -> {
              for (Extent extent : extents) {
                volume.requireWithin(extent.offset(), extent.length()); // a resize may be first
              }
              return metadata.tokens.create(volume, extents, terms);
            });
    token.ifPresent(made -> TokenCreatedEvent.of(made, volume));
    return token;
  }

  /** The live token of a number. */
  public Optional<Token> token(long number) {
    return metadata.tokens.find(number);
  }

  /** How a token that is no more has ended, if the pool remembers. */
  public Optional<Token.End> ended(long number) {
    return metadata.tokens.ended(number);
  }

  /** All live tokens, oldest first. */
  public List<Token> tokens() {
    return metadata.tokens.all();
  }

  /**
   * Some of the live tokens, oldest first.
   *
   * @param serial {@link Token#serial} of the first one, or of what was the first one
   * @param most how many at most; none are left if there are none
   */
  public List<Token> tokens(long serial, int most) {
    return metadata.tokens.from(serial, most);
  }

  /** How long a token lives on if nobody uses it, ms; 0 if it is no more. */
  public long remainingMillis(Token token) {
    return metadata.tokens.remainingMillis(token);
  }

  /**
   * Whether the volume that a token was made of still holds what it held then, where the token was
   * made of it. Tells chunks, not bytes: a write next to those bytes in the same chunk counts as a
   * change. Costs next to nothing, however large the token is.
   */
  public boolean isUnchanged(Token token) {
    return metadata.tokens.isUnchanged(token);
  }

  /** One use of a token; to be closed at its end. */
  public interface TokenUse extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Uses a token without copying from it, as somebody does who reads what a {@link
   * Token.Kind#REFERENCE} names. Until that ends the token neither expires nor is revoked.
   *
   * @return empty if the token is no more
   */
  public Optional<TokenUse> use(Token token) {
    return metadata.tokens.beginUse(token)
        ? Optional.of(() -> metadata.tokens.endUse(token))
        : Optional.empty();
  }

  /**
   * Ends a token; copies from it that run are finished. Ending it again does nothing. Durable once
   * a {@link #flush} is done that began when these copies had ended.
   */
  public void end(Token token, Token.End reason) {
    metadata.locked(() -> {
      metadata.tokens.end(token, reason);
      return null;
    });
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
    return copy(token, offset, target, targetOffset, length, CopyPace.NONE);
  }

  /**
   * As above, in company.
   *
   * @param pace may end the copy: then less was done than asked for
   * @throws IllegalArgumentException also if the token is a {@link Token.Kind#REFERENCE}: it holds
   *     nothing to copy; freeze what it names, and copy from that
   */
  public CopyResult copy(
      Token token, long offset, Volume target, long targetOffset, long length, CopyPace pace)
      throws IOException {
    if (token.terms().kind() == Token.Kind.REFERENCE) {
      throw new IllegalArgumentException("token %016x holds nothing".formatted(token.number()));
    }
    target.requireWithin(targetOffset, length);
    if (offset < 0 || length > token.lengthBytes() - offset) {
      throw new IllegalArgumentException(
          "%d bytes at %d are not within a token of %d"
              .formatted(length, offset, token.lengthBytes()));
    }
    return metadata.tokens.copy(token, offset, target, targetOffset, length, pace);
  }

  /**
   * Makes a range of a volume hold what a range of a volume, which may be the same one, holds at
   * this instant. The ranges may overlap. Takes as long as a copy from a token does.
   *
   * @param pace may end the copy
   * @return what was done: less than asked for if it was ended, or the pool became full meanwhile
   * @throws NoSpaceException if the pool was full from the start
   * @throws OutOfRangeException if a range is not within its volume
   */
  public CopyResult copy(
      Volume source, long offset, Volume target, long targetOffset, long length, CopyPace pace)
      throws IOException {
    target.requireWithin(targetOffset, length);
    Token token =
        alone(
            source,
            () -> {
              source.requireWithin(offset, length); // a resize may have been first
              return metadata.tokens.createForOneCopy(source, new Extent(offset, length));
            });
    return metadata.tokens.copyBegun(token, 0, target, targetOffset, length, pace);
  }

  /** Results of commands that somebody may ask for later, also after a restart. */
  public Results results() {
    return metadata.results;
  }

  // Erasing

  /**
   * Begins to erase a volume: from now on it holds what the last pass writes, all through, and what
   * it held is known to the {@link Erasure} alone, which then has to be run. Snapshots, clones and
   * tokens stay. Both are durable when this returns.
   *
   * @throws IllegalArgumentException if an erasure of the volume is not at its end
   */
  public Erasure erase(Volume volume, Erasure.Plan plan) throws IOException {
    Erasure erasure;
    volume.freezeLock.writeLock().lock();
    try {
      erasure = Erasure.begin(metadata, volume, plan);
    } finally {
      volume.freezeLock.writeLock().unlock();
    }
    flush();
    return erasure;
  }

  /** What is being erased: to be run, after a restart too. */
  public List<Erasure> erasures() {
    return metadata.locked(metadata.catalog()::erasures);
  }

  // Durability

  /**
   * Waits until everything done before is durable.
   *
   * @throws NoSpaceException if the medium is too full for the journal; passes when space is freed
   */
  public void flush() throws IOException {
    metadata.flush();
  }

  /**
   * Completes when everything done before is durable, exceptionally if that failed; on the commit
   * thread, so what depends on it must not wait for a commit.
   */
  public CompletableFuture<Void> flushAsync() {
    return metadata.flushAsync();
  }

  /**
   * Writes a checkpoint, so that the next start has nothing to redo, and waits until it is on the
   * medium. The pool does so by itself when the journal has grown enough.
   */
  public void checkpoint() throws IOException {
    metadata.checkpoint();
  }

  /**
   * Reads all that the pool maps, while the pool goes on: compares what has a checksum, and gives
   * one to what is shared or kept by a snapshot or token and has none yet. Takes as long as reading
   * takes. One at a time: the next waits.
   *
   * @param bytesPerSecond how fast to read at most, or 0 for as fast as it goes
   * @throws IOException if the pool has stopped; what cannot be read is among the findings
   */
  public Scrub.Report scrub(long bytesPerSecond, Scrub.Progress progress) throws IOException {
    scrubLock.lock();
    try {
      return new Scrub(metadata, true, bytesPerSecond, progress).run();
    } finally {
      scrubLock.unlock();
    }
  }

  /**
   * How much was used when it was looked at last, which is each second; costs next to nothing. The
   * same object as long as nothing has changed.
   */
  public SpaceLevel spaceLevel() {
    return metadata.keeper.level();
  }

  /** The time of day, as the pool sees it, ms since 1970. */
  public long nowMillis() {
    return metadata.nowMillis();
  }

  /**
   * Keeps the pool within other limits from now on. What is over them already goes when the pool
   * looks the next time, within a second, or ten for what tokens pin.
   */
  public void limits(PoolLimits limits) {
    metadata.limits(limits);
  }

  /** How the pool stands now. */
  public PoolStatistics statistics() throws IOException {
    long journalBytes = medium.journalEnd() - medium.journalStart();
    long freeBytes = medium.freeBytes();
    PinnedSpace.Measure measured = metadata.keeper.measured();
    long[] checkpoint = metadata.lastCheckpoint();
    List<String> warnings = metadata.keeper.warnings();
    return metadata.locked(() ->
        new PoolStatistics(
            chunkBytes(),
            metadata.space.usedChunks(),
            measured.sharedChunks(),
            measured.pinnedChunks(),
            metadata.catalog().volumes().size(),
            metadata.catalog().tokens().count(),
            metadata.space.capacityBytes(freeBytes),
            freeBytes,
            journalBytes,
            checkpoint[0],
            checkpoint[1],
            metadata.limits(),
            warnings));
  }

  /** What the pool has done since it was opened. */
  public PoolActivity activity() {
    return metadata.activity();
  }

  /** Whether changes can become durable now: not on a full or lost medium. */
  public boolean isWritable() {
    return metadata.isWritable();
  }

  /** Those who have tokens, or whose tokens pin something; those who pin most first. */
  public List<TokenOwner> tokenOwners() {
    return metadata.tokens.owners(metadata.keeper.measured().chunksByOwner());
  }

  /** Commits and closes the medium. Nobody may use the pool any more. */
  @Override
  public void close() throws IOException {
    try (medium) {
      metadata.close();
    }
  }

  /**
   * Counts all references anew and compares: every chunk and page must have exactly as many as
   * there are entries and roots that name it. Only when nothing is going on. Commits first.
   *
   * @throws IllegalStateException if one has not
   */
  void verifyReferences() throws IOException {
    metadata.reclaim();
    metadata.locked(() -> {
      List<String> differences =
          ReferenceCount.differences(metadata.space, metadata.catalog().tables().toList());
      if (!differences.isEmpty()) {
        throw new IllegalStateException(differences.toString());
      }
      return null;
    });
  }
}
