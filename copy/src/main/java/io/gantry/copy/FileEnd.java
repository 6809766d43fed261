package io.gantry.copy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/** A file (or a block device of the operating system) as an end of a copy. */
public final class FileEnd implements CopyEnd {
  private static final int TRANSFER_BYTES = 1 << 20;

  /*
   * A new file is written under another name next to its place and renamed when it is whole, so
   * nobody ever finds half a file, and a failed copy does not cost the file that was there before.
   */
  private final Path path;
  private final @Nullable Path unfinished;
  private final boolean isBlank;
  private final boolean isKept;
  private final FileChannel channel;
  private final SparseFile sparse;
  private final FileTime modified;
  private long sizeBytes;
  private boolean isCommitted;

  private FileEnd(
      Path path, @Nullable Path unfinished, boolean isBlank, boolean isKept, OpenOption... options)
      throws IOException {
    this.path = path;
    this.unfinished = unfinished;
    this.isBlank = isBlank;
    this.isKept = isKept;
    this.channel = FileChannel.open(actual(), options);
    this.sparse = SparseFile.open(actual(), unfinished != null || options.length > 1);
    this.modified = Files.getLastModifiedTime(actual());
    this.sizeBytes = channel.size();
  }

  /** Where the bytes are. */
  private Path actual() {
    return unfinished == null ? path : unfinished;
  }

  /**
   * A file to copy from.
   *
   * @throws CopyException if it is not there or cannot be read
   */
  public static FileEnd openSource(Path path) throws IOException {
    requireFile(path);
    if (!Files.isReadable(path)) {
      throw new CopyException(path + ": may not be read; check its permissions");
    }
    return new FileEnd(path, null, false, true, StandardOpenOption.READ);
  }

  /** A file or block device to copy into, which keeps what is around the copied bytes. */
  public static FileEnd openDestination(Path path) throws IOException {
    requireFile(path);
    if (!Files.isWritable(path)) {
      throw new CopyException(path + ": may not be written; check its permissions");
    }
    return new FileEnd(path, null, false, true, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** A new file, or a new content for one: appears when the copy has succeeded. */
  public static FileEnd create(Path path) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      return openDestination(path);
    }
    Path directory = requireWritableDirectory(path);
    String name = "%s.%d.part".formatted(path.getFileName(), ProcessHandle.current().pid());
    Path unfinished = directory.resolve(name);
    Files.deleteIfExists(unfinished); // of a process that died and had the same number
    return create(path, unfinished, false);
  }

  /**
   * The same for a copy that may be stopped and go on later: until it has succeeded its bytes are
   * in a file next to it, with {@code .part} behind its name, also when this end is closed.
   *
   * @param goesOn whether there must be such a file from an earlier run; else it begins anew
   * @throws CopyException if an earlier run's file is gone
   */
  public static FileEnd createResumable(Path path, boolean goesOn) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      return openDestination(path);
    }
    Path unfinished = requireWritableDirectory(path).resolve(path.getFileName() + ".part");
    if (!goesOn) {
      Files.deleteIfExists(unfinished);
      return create(path, unfinished, true);
    }
    if (!Files.isRegularFile(unfinished)) {
      throw new CopyException(
          "%s: is gone, so the copy cannot go on; delete the file that --resume names to start from the beginning"
              .formatted(unfinished));
    }
    return new FileEnd(
        path, unfinished, false, true, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static FileEnd create(Path path, Path unfinished, boolean isKept) throws IOException {
    return new FileEnd(
        path,
        unfinished,
        true,
        isKept,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.CREATE_NEW);
  }

  /**
   * The directory in which a file is to be.
   *
   * @throws CopyException if there is none, or nothing can be written to it
   */
  public static Path requireWritableDirectory(Path path) throws CopyException {
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new CopyException(path + ": its directory does not exist; create it first");
    }
    if (!Files.isWritable(directory)) {
      throw new CopyException(path + ": its directory may not be written; check its permissions");
    }
    return directory;
  }

  private static void requireFile(Path path) throws CopyException {
    if (!Files.exists(path)) {
      throw new CopyException(path + ": no such file");
    }
    if (Files.isDirectory(path)) {
      throw new CopyException(path + ": is a directory, not a file");
    }
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public int blockBytes() {
    return 1;
  }

  @Override
  public int transferBytes() {
    return TRANSFER_BYTES;
  }

  @Override
  public String identity() throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(actual(), BasicFileAttributes.class);
    String file = "file %s (%s)".formatted(actual().toRealPath(), attributes.fileKey());
    return unfinished != null || sparse.isWritable()
        ? file
        : "%s of %d bytes, written %s".formatted(file, sizeBytes, modified);
  }

  @Override
  public boolean isBlank() {
    return isBlank;
  }

  @Override
  public boolean unmaps() {
    return sparse.isWritable();
  }

  @Override
  public void requireWritable() {
    // Opening it has shown that.
  }

  @Override
  public Traffic traffic() {
    return Traffic.NONE;
  }

  @Override
  public void reserve(long endBytes) throws IOException {
    if (endBytes <= sizeBytes) {
      return;
    }
    if (unfinished == null && !Files.isRegularFile(path)) {
      throw new CopyException(
          "%s: holds %,d bytes and the copy would end at %,d; copy less with --length, or to a larger one"
              .formatted(path, sizeBytes, endBytes));
    }
    // The last byte makes it as long as that; what is before it takes no space.
    write(endBytes - 1, ByteBuffer.allocate(1));
    sizeBytes = endBytes;
  }

  @Override
  public Allocation allocation(long offset, long lengthBytes) {
    return offset >= sizeBytes
        ? new Allocation(lengthBytes, true)
        : sparse.allocation(offset, Math.min(lengthBytes, sizeBytes - offset));
  }

  @Override
  public void read(long offset, ByteBuffer buffer) throws IOException {
    ByteBuffer rest = buffer.duplicate();
    try {
      while (rest.hasRemaining()) {
        long at = offset + rest.position() - buffer.position();
        if (channel.read(rest, at) < 0) {
          requireEnd(at);
          fillWithZeros(rest);
        }
      }
    } catch (IOException e) {
      throw new CopyException("%s: reading at %,d: %s".formatted(path, offset, e.getMessage()), e);
    }
  }

  /** There are zeros behind the end that the file had from the start, and only there. */
  private void requireEnd(long offset) throws CopyException {
    if (offset < sizeBytes) {
      throw new CopyException(
          "it held %,d bytes and ends at %,d now; copy it again when nobody changes it"
              .formatted(sizeBytes, offset));
    }
  }

  /**
   * Makes sure that what was read is one state of the file.
   *
   * @throws CopyException if somebody wrote to it since it was opened
   */
  void requireUnchanged() throws IOException {
    if (!Files.getLastModifiedTime(path).equals(modified)) {
      throw new CopyException(
          path
              + ": changed while it was copied, so old and new may be mixed; copy it again when"
              + " nobody changes it");
    }
  }

  /** Whether both are one file, by whatever names. */
  boolean isSameFile(FileEnd other) throws IOException {
    return unfinished == null && other.unfinished == null && Files.isSameFile(path, other.path);
  }

  private static void fillWithZeros(ByteBuffer rest) {
    while (rest.hasRemaining()) {
      rest.put((byte) 0);
    }
  }

  @Override
  public void write(long offset, ByteBuffer buffer) throws IOException {
    ByteBuffer rest = buffer.duplicate();
    try {
      while (rest.hasRemaining()) {
        channel.write(rest, offset + rest.position() - buffer.position());
      }
    } catch (IOException e) {
      String advice = isFull() ? "; free some, or name a file elsewhere" : "";
      throw new CopyException(
          "%s: writing at %,d: %s%s".formatted(path, offset, e.getMessage(), advice), e);
    }
  }

  private boolean isFull() throws IOException {
    return Files.getFileStore(actual()).getUsableSpace() < TRANSFER_BYTES;
  }

  @Override
  public void zero(long offset, long lengthBytes) throws IOException {
    if (sparse.punch(offset, lengthBytes)) {
      return;
    }
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(lengthBytes, TRANSFER_BYTES));
    for (long done = 0; done < lengthBytes; done += zeros.limit()) {
      zeros.limit((int) Math.min(zeros.capacity(), lengthBytes - done));
      write(offset + done, zeros);
    }
  }

  @Override
  public void flush() throws IOException {
    channel.force(true);
  }

  @Override
  public void commit() throws IOException {
    if (unfinished != null) {
      Files.move(
          unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      syncDirectory();
      isCommitted = true;
    }
  }

  /** Or the file could be gone after a power failure, with the copy reported done. */
  private void syncDirectory() throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
        entries.force(true);
      }
    }
  }

  @Override
  public void close() throws IOException {
    sparse.close();
    channel.close();
    if (unfinished != null && !isKept && !isCommitted) {
      Files.deleteIfExists(unfinished);
    }
  }
}
