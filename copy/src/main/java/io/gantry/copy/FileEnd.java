package io.gantry.copy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
  private final RandomAccessFile file;
  private final FileChannel channel;
  private long sizeBytes;

  private FileEnd(Path path, @Nullable Path unfinished, String mode) throws IOException {
    this.path = path;
    this.unfinished = unfinished;
    this.file = new RandomAccessFile((unfinished == null ? path : unfinished).toFile(), mode);
    this.channel = file.getChannel();
    this.sizeBytes = channel.size();
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
    return new FileEnd(path, null, "r");
  }

  /** A file or block device to copy into, which keeps what is around the copied bytes. */
  public static FileEnd openDestination(Path path) throws IOException {
    requireFile(path);
    if (!Files.isWritable(path)) {
      throw new CopyException(path + ": may not be written; check its permissions");
    }
    return new FileEnd(path, null, "rw");
  }

  /** A new file, or a new content for one: appears when the copy has succeeded. */
  public static FileEnd create(Path path) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      return openDestination(path);
    }
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new CopyException(path + ": its directory does not exist; create it first");
    }
    if (!Files.isWritable(directory)) {
      throw new CopyException(path + ": its directory may not be written; check its permissions");
    }
    String name = "%s.%d.part".formatted(path.getFileName(), ProcessHandle.current().pid());
    Path unfinished = directory.resolve(name);
    Files.deleteIfExists(unfinished); // of a process that died and had the same number
    return new FileEnd(path, unfinished, "rw");
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
  public boolean isBlank() {
    return unfinished != null;
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
          "%s: holds %,d bytes and the copy ends at %,d".formatted(path, sizeBytes, endBytes));
    }
    file.setLength(endBytes);
    sizeBytes = endBytes;
  }

  @Override
  public void read(long offset, ByteBuffer buffer) throws IOException {
    ByteBuffer rest = buffer.duplicate();
    try {
      while (rest.hasRemaining()) {
        int read = channel.read(rest, offset + rest.position() - buffer.position());
        if (read < 0) {
          fillWithZeros(rest);
        }
      }
    } catch (IOException e) {
      throw new CopyException("%s: reading at %,d: %s".formatted(path, offset, e.getMessage()), e);
    }
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
      throw new CopyException("%s: writing at %,d: %s".formatted(path, offset, e.getMessage()), e);
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
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
    if (unfinished != null) {
      Files.deleteIfExists(unfinished);
    }
  }
}
