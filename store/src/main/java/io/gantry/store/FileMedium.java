package io.gantry.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A medium that is a directory of plain files: {@code pool} (root record), {@code chunks}, {@code
 * pages}, {@code journal} with its successors, and {@code lock}, which the process that has the
 * pool open holds and which holds its term.
 */
public final class FileMedium implements Medium {
  private static final String ROOT = "pool";
  private static final String CHUNKS = "chunks";
  private static final String PAGES = "pages";
  private static final String LOCK = "lock";

  /** Smaller holes cost the file system more extents than they are worth. */
  private static final long DISCARD_GRANULARITY = 1 << 20;

  /** A write that fails with less than this left failed for want of space. */
  private static final long FULL_BYTES = 1 << 20;

  /** Writing less than a page of the page cache may have to read the rest of it first. */
  private static final int PAGE_BYTES = 4096;

  /**
   * What is written in one go may become one folio of the page cache, and Linux 6.18's ext4 looks
   * at each block of a folio whenever one of them is written: 8 microseconds for one of 2 MiB.
   */
  private static final int PIECE_BYTES = 64 * 1024;

  /** A write to the page cache that takes longer than this was made to wait. */
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** For how many times as long nobody writes at once then: 1/20 of a caller's time is lost. */
  private static final int PAUSE_FACTOR = 20;

  private static final CompletableFuture<@Nullable Void> DONE =
      CompletableFuture.completedFuture(null);

  private final Path directory;
  private final FileChannel lockChannel;

  /** The identity of the lock file that this process holds. */
  private final @Nullable Object lockKey;

  private final long term;
  private final FileChannel chunks;
  private final FileChannel pages;
  private final JournalFiles journal;
  private final NativeFile nativeChunks;
  private final LongSupplier nanoTime;
  private final AtomicLong calmAgainNanos;
  private volatile boolean preallocated;
  private final CompletableFuture<OwnershipLostException> lost = new CompletableFuture<>();

  private FileMedium(
      Path directory,
      FileChannel lock,
      FileChannel chunks,
      FileChannel pages,
      JournalFiles journal,
      LongSupplier nanoTime)
      throws IOException {
    this.directory = directory;
    this.lockChannel = lock;
    this.lockKey = lockKey();
    this.term = nextTerm(lock);
    this.chunks = chunks;
    this.pages = pages;
    this.journal = journal;
    this.nanoTime = nanoTime;
    this.calmAgainNanos = new AtomicLong(nanoTime.getAsLong());
    this.nativeChunks = NativeFile.open(directory.resolve(CHUNKS));
  }

  /** Whether the directory holds a pool, open or not. */
  public static boolean exists(Path directory) {
    return Files.exists(directory.resolve(ROOT));
  }

  /**
   * Makes an empty medium, and the directory if need be (readable by its owner only).
   *
   * @throws FileAlreadyExistsException if the directory already holds a pool, or what is left of
   *     one
   */
  public static FileMedium create(Path directory) throws IOException {
    return create(directory, System::nanoTime);
  }

  /** As above; {@code nanoTime} tells how long writes take. */
  static FileMedium create(Path directory, LongSupplier nanoTime) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    FileMedium medium = open(directory, true, nanoTime);
    // A creation that was interrupted before its root was written leaves empty files.
    boolean empty = medium.chunks.size() == 0 && medium.journal.end() == 0;
    if (exists(directory) || !empty) {
      medium.close();
      throw new FileAlreadyExistsException(
          directory.toString(),
          null,
          empty
              ? "already holds a pool"
              : "holds chunks and journal of a pool, but not its file '%s'; bring that back from a back-up, or name another directory"
                  .formatted(ROOT));
    }
    return medium;
  }

  /**
   * Opens the medium of an existing pool.
   *
   * @throws NoSuchFileException if the directory holds no pool
   * @throws IOException if another process has it open
   */
  public static FileMedium open(Path directory) throws IOException {
    if (!exists(directory)) {
      throw new NoSuchFileException(
          directory.toString(),
          null,
          Files.exists(directory.resolve(CHUNKS))
              ? "its file '%s' is missing or may not be read, without which it is no pool"
                  .formatted(ROOT)
              : "holds no pool");
    }
    return open(directory, false, System::nanoTime);
  }

  /**
   * Takes room for chunks from the file system in advance, and keeps it: no other user of the file
   * system can take it, and chunks that are written in one go lie together. The room of deleted
   * chunks is not given back from then on, until the medium is opened anew without this.
   *
   * @param bytes of chunks; nothing happens if there is room for as many
   * @throws NoSpaceException if the file system has not so much room
   * @throws IOException if it cannot take room in advance
   */
  public void preallocate(long bytes) throws IOException {
    if (bytes > chunks.size() && !nativeChunks.reserve(0, bytes)) {
      long free = freeBytes();
      if (free < bytes - chunks.size()) {
        throw new NoSpaceException(
            "%s: %,d bytes cannot be taken in advance, the file system has %,d"
                .formatted(directory, bytes - chunks.size(), free));
      }
      throw new IOException(
          directory + ": this file system or platform cannot take room in advance");
    }
    preallocated = true;
  }

  private static FileMedium open(Path directory, boolean create, LongSupplier nanoTime)
      throws IOException {
    Deque<Closeable> opened = new ArrayDeque<>();
    try {
      FileChannel lock = opened(opened, openFile(directory.resolve(LOCK), true));
      if (!tryLock(lock)) {
        throw new IOException("the pool in " + directory + " is in use by another process");
      }
      FileChannel chunks = opened(opened, openFile(directory.resolve(CHUNKS), create));
      FileChannel pages = opened(opened, openFile(directory.resolve(PAGES), true));
      JournalFiles journal = opened(opened, JournalFiles.open(directory, create));
      return new FileMedium(directory, lock, chunks, pages, journal, nanoTime);
    } catch (IOException | RuntimeException e) {
      for (Closeable file : opened) {
        file.close();
      }
      throw e;
    }
  }

  private static <T extends Closeable> T opened(Deque<Closeable> all, T file) {
    all.push(file);
    return file;
  }

  /** Counts the openings up in the lock file, so that no two have the same number. */
  private static long nextTerm(FileChannel lock) throws IOException {
    ByteBuffer term = ByteBuffer.allocate(Long.BYTES);
    lock.read(term, 0);
    // What is no term in it may be anything; the journal knows better.
    long next = term.hasRemaining() ? 1 : Math.max(1, term.getLong(0) + 1);
    lock.write(term.clear().putLong(0, next), 0);
    lock.force(true);
    return next;
  }

  private @Nullable Object lockKey() throws IOException {
    return Files.readAttributes(directory.resolve(LOCK), BasicFileAttributes.class).fileKey();
  }

  /** Somebody who removes the lock file lets another process in: from then on this one is out. */
  private void requireOwnership() throws OwnershipLostException {
    boolean held;
    try {
      held = Objects.equals(lockKey, lockKey());
    } catch (IOException e) {
      held = false;
    }
    if (!held) {
      OwnershipLostException loss =
          new OwnershipLostException(
              "%s: the lock file was removed or replaced, so another process may have the pool"
                  .formatted(directory));
      lost.complete(loss);
      throw loss;
    }
  }

  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // open in this very process
    }
  }

  static FileChannel openFile(Path file, boolean create) throws IOException {
    return FileChannel.open(
        file,
        create
            ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  @Override
  public String location() {
    return directory.toString();
  }

  @Override
  public long term() {
    return term;
  }

  @Override
  public CompletableFuture<OwnershipLostException> lost() {
    return lost;
  }

  @Override
  public byte[] readRoot() throws IOException {
    return Files.readAllBytes(directory.resolve(ROOT));
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    requireOwnership();
    Path next = directory.resolve(ROOT + ".next");
    try (FileChannel channel = openFile(next, true)) {
      channel.truncate(0);
      writeFully(directory, channel, 0, ByteBuffer.wrap(root));
      channel.force(true);
    } catch (IOException e) {
      throw explained(directory, e);
    }
    Files.move(next, directory.resolve(ROOT), StandardCopyOption.ATOMIC_MOVE);
    syncDirectory(directory); // the rename itself
  }

  /** Makes what was created, renamed and deleted in a directory durable. */
  static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private FileChannel file(Area area) {
    return switch (area) {
      case CHUNKS -> chunks;
      case PAGES -> pages;
    };
  }

  @Override
  public CompletableFuture<@Nullable Void> read(Area area, long position, ByteBuffer target) {
    try {
      FileChannel file = file(area);
      long at = position;
      while (target.hasRemaining()) {
        int count = file.read(target, at);
        if (count < 0) {
          zeroFill(target);
          break;
        }
        at += count;
      }
      return DONE;
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public boolean readNow(Area area, long position, ByteBuffer target) {
    return area == Area.CHUNKS && nativeChunks.readCached(position, target);
  }

  private static void zeroFill(ByteBuffer target) {
    while (target.remaining() >= 8) {
      target.putLong(0);
    }
    while (target.hasRemaining()) {
      target.put((byte) 0);
    }
  }

  @Override
  public CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source) {
    try {
      writeInPieces(file(area), position, source);
      return DONE;
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void writeInPieces(FileChannel file, long position, ByteBuffer source)
      throws IOException {
    int limit = source.limit();
    long at = position;
    while (source.position() < limit) {
      int length = (int) Math.min(limit - source.position(), PIECE_BYTES - at % PIECE_BYTES);
      writeFully(directory, file, at, source.limit(source.position() + length));
      at += length;
    }
  }

  @Override
  public boolean writeNow(Area area, long position, ByteBuffer source) throws IOException {
    long begin = nanoTime.getAsLong();
    if (begin - calmAgainNanos.get() < 0
        || position % PAGE_BYTES != 0
        || source.remaining() % PAGE_BYTES != 0) {
      return false;
    }
    writeFully(directory, file(area), position, source);
    long end = nanoTime.getAsLong();
    if (end - begin > SLOW_NANOS) {
      calmAgainNanos.set(end + PAUSE_FACTOR * (end - begin));
    }
    return true;
  }

  static void writeFully(Path directory, FileChannel channel, long position, ByteBuffer source)
      throws IOException {
    long at = position;
    try {
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    } catch (IOException e) {
      throw explained(directory, e);
    }
  }

  /** A failure to write, as one for want of space if it was that. */
  static IOException explained(Path directory, IOException e) throws IOException {
    // The JDK has no type for ENOSPC and EDQUOT; their texts are the C library's, in the
    // language of the process.
    String message = String.valueOf(e.getMessage());
    boolean full =
        message.contains("No space left")
            || message.contains("quota exceeded")
            || Files.getFileStore(directory).getUsableSpace() < FULL_BYTES;
    return full ? new NoSpaceException("no space left on the file system of " + directory) : e;
  }

  @Override
  public CompletableFuture<@Nullable Void> sync(Area area) {
    try {
      file(area).force(false);
      return DONE;
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public long length(Area area) throws IOException {
    return file(area).size();
  }

  @Override
  public long discardGranularityBytes() {
    return DISCARD_GRANULARITY;
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    return !preallocated && nativeChunks.punch(position, lengthBytes);
  }

  @Override
  public long journalStart() {
    return journal.start();
  }

  @Override
  public long journalEnd() throws IOException {
    return journal.end();
  }

  @Override
  public void readJournal(long position, ByteBuffer target) throws IOException {
    journal.read(position, target);
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    requireOwnership();
    journal.append(source);
  }

  @Override
  public void truncateJournal(long end) throws IOException {
    requireOwnership();
    journal.truncate(end);
  }

  @Override
  public void trimJournal(long start) throws IOException {
    requireOwnership();
    journal.trim(start);
  }

  @Override
  public long freeBytes() throws IOException {
    return Files.getFileStore(directory).getUsableSpace();
  }

  @Override
  public void close() throws IOException {
    try (lockChannel;
        journal;
        pages;
        chunks;
        nativeChunks) {
      // Closing in this order lets the lock go last.
    }
  }
}
