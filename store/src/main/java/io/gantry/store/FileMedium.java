package io.gantry.store;

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
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A medium that is a directory of plain files: {@code pool} (root record), {@code chunks}, {@code
 * journal}, and {@code lock}, which the process that has the pool open holds.
 */
public final class FileMedium implements Medium {
  private static final String ROOT = "pool";
  private static final String CHUNKS = "chunks";
  private static final String JOURNAL = "journal";
  private static final String LOCK = "lock";

  /** Smaller holes cost the file system more extents than they are worth. */
  private static final long DISCARD_GRANULARITY = 1 << 20;

  /** A write that fails with less than this left failed for want of space. */
  private static final long FULL_BYTES = 1 << 20;

  private final Path directory;
  private final FileChannel lockChannel;
  private final FileChannel chunks;
  private final FileChannel journal;
  private final HolePuncher puncher;

  private FileMedium(Path directory, FileChannel lock, FileChannel chunks, FileChannel journal) {
    this.directory = directory;
    this.lockChannel = lock;
    this.chunks = chunks;
    this.journal = journal;
    this.puncher = HolePuncher.open(directory.resolve(CHUNKS));
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
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    FileMedium medium = open(directory, true);
    // A creation that was interrupted before its root was written leaves empty files.
    boolean empty = medium.chunks.size() == 0 && medium.journal.size() == 0;
    if (exists(directory) || !empty) {
      medium.close();
      throw new FileAlreadyExistsException(
          directory + (empty ? " already holds a pool" : " holds data of a pool without its root"));
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
      throw new NoSuchFileException(directory + " holds no pool");
    }
    return open(directory, false);
  }

  private static FileMedium open(Path directory, boolean create) throws IOException {
    FileChannel lock = openFile(directory.resolve(LOCK), true);
    @Nullable FileChannel chunks = null;
    try {
      if (!tryLock(lock)) {
        throw new IOException("the pool in " + directory + " is in use by another process");
      }
      chunks = openFile(directory.resolve(CHUNKS), create);
      FileChannel journal = openFile(directory.resolve(JOURNAL), create);
      return new FileMedium(directory, lock, chunks, journal);
    } catch (IOException | RuntimeException e) {
      if (chunks != null) {
        chunks.close();
      }
      lock.close();
      throw e;
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

  private static FileChannel openFile(Path file, boolean create) throws IOException {
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
  public byte[] readRoot() throws IOException {
    return Files.readAllBytes(directory.resolve(ROOT));
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    Path next = directory.resolve(ROOT + ".next");
    try (FileChannel channel = openFile(next, true)) {
      channel.truncate(0);
      writeFully(channel, 0, ByteBuffer.wrap(root));
      channel.force(true);
    }
    Files.move(next, directory.resolve(ROOT), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true); // the rename itself
    }
  }

  @Override
  public void readChunks(long position, ByteBuffer target) throws IOException {
    long at = position;
    while (target.hasRemaining()) {
      int count = chunks.read(target, at);
      if (count < 0) {
        zeroFill(target);
        return;
      }
      at += count;
    }
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
  public void writeChunks(long position, ByteBuffer source) throws IOException {
    writeFully(chunks, position, source);
  }

  private void writeFully(FileChannel channel, long position, ByteBuffer source)
      throws IOException {
    long at = position;
    try {
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    } catch (IOException e) {
      // The JDK has no type for ENOSPC and EDQUOT; their texts are the C library's, in the
      // language of the process.
      String message = String.valueOf(e.getMessage());
      if (message.contains("No space left")
          || message.contains("quota exceeded")
          || freeBytes() < FULL_BYTES) {
        throw new NoSpaceException("no space left on the file system of " + directory);
      }
      throw e;
    }
  }

  @Override
  public void syncChunks() throws IOException {
    chunks.force(false);
  }

  @Override
  public long discardGranularityBytes() {
    return DISCARD_GRANULARITY;
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    return puncher.punch(position, lengthBytes);
  }

  @Override
  public long chunksLength() throws IOException {
    return chunks.size();
  }

  @Override
  public long journalLength() throws IOException {
    return journal.size();
  }

  @Override
  public void readJournal(long position, ByteBuffer target) throws IOException {
    long at = position;
    while (target.hasRemaining()) {
      int count = journal.read(target, at);
      if (count < 0) {
        throw new CorruptPoolException(
            "%s: ends at %d, expected %d more bytes"
                .formatted(directory.resolve(JOURNAL), at, target.remaining()));
      }
      at += count;
    }
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    long length = journal.size();
    try {
      writeFully(journal, length, source);
    } catch (NoSpaceException e) {
      journal.truncate(length);
      throw e;
    }
    journal.force(false);
  }

  @Override
  public void truncateJournal(long length) throws IOException {
    journal.truncate(length);
    journal.force(true);
  }

  @Override
  public long freeBytes() throws IOException {
    return Files.getFileStore(directory).getUsableSpace();
  }

  @Override
  public void close() throws IOException {
    try (lockChannel;
        journal;
        chunks) {
      // Closing in this order lets the lock go last.
    }
  }
}
