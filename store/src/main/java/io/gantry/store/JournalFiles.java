package io.gantry.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The journal of a {@link FileMedium}: files that follow one another, each named by the position of
 * its first byte; the one at 0 is called {@code journal}.
 */
final class JournalFiles implements Closeable {
  /** An append to a file of this length goes to the next. */
  private static final long FILE_BYTES = 16 << 20;

  private static final String FIRST = "journal";

  private final Path directory;

  /** By position; guarded by this. */
  private final TreeMap<Long, FileChannel> files = new TreeMap<>();

  /** Whether the next append goes to a new file, so that a trim can delete the last one. */
  private boolean trimmed;

  /** Where the files without a gap begin; older ones are left over from a trim. */
  private long start;

  private JournalFiles(Path directory) {
    this.directory = directory;
  }

  /**
   * Opens what there is.
   *
   * @param create whether to make an empty journal if there is nothing
   * @throws CorruptPoolException if there is nothing: a trim leaves the last file
   */
  static JournalFiles open(Path directory, boolean create) throws IOException {
    JournalFiles journal = new JournalFiles(directory);
    try {
      journal.openAll(create);
      return journal;
    } catch (IOException | RuntimeException e) {
      journal.close();
      throw e;
    }
  }

  private synchronized void openAll(boolean create) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "journal*")) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (name.equals(FIRST)) {
          files.put(0L, FileMedium.openFile(entry, false));
        } else if (name.matches("journal-[0-9a-f]{16}")) {
          long position = Long.parseUnsignedLong(name.substring(FIRST.length() + 1), 16);
          files.put(position, FileMedium.openFile(entry, false));
        }
      }
    }
    if (files.isEmpty()) {
      if (!create) {
        throw new CorruptPoolException(
            directory + ": the journal is missing; bring it back from a back-up");
      }
      files.put(0L, FileMedium.openFile(file(0), true));
    }
    // A crash while the journal was trimmed may leave files with a gap behind them.
    start = files.lastKey();
    while (files.lowerKey(start) != null
        && files.lowerKey(start) + files.lowerEntry(start).getValue().size() == start) {
      start = files.lowerKey(start);
    }
  }

  private Path file(long position) {
    return directory.resolve(position == 0 ? FIRST : "journal-%016x".formatted(position));
  }

  synchronized long start() {
    return start;
  }

  synchronized long end() throws IOException {
    return files.lastKey() + files.lastEntry().getValue().size();
  }

  synchronized void read(long position, ByteBuffer target) throws IOException {
    long at = position;
    while (target.hasRemaining()) {
      Map.Entry<Long, FileChannel> file = files.floorEntry(at);
      int count = file == null ? -1 : file.getValue().read(target, at - file.getKey());
      if (count < 0) {
        throw new CorruptPoolException(
            "%s: the journal ends at %d, expected %d more bytes"
                .formatted(directory, at, target.remaining()));
      }
      at += count;
    }
  }

  synchronized void append(ByteBuffer source) throws IOException {
    long lastBytes = files.lastEntry().getValue().size();
    if (lastBytes >= FILE_BYTES || (trimmed && lastBytes > 0)) {
      long position = end();
      try {
        files.put(position, FileMedium.openFile(file(position), true));
      } catch (IOException e) {
        throw FileMedium.explained(directory, e);
      }
      FileMedium.syncDirectory(directory);
    }
    trimmed = false;
    FileChannel last = files.lastEntry().getValue();
    long length = last.size();
    try {
      FileMedium.writeFully(directory, last, length, source);
    } catch (NoSpaceException e) {
      last.truncate(length);
      throw e;
    }
    last.force(false);
  }

  synchronized void truncate(long end) throws IOException {
    while (files.lastKey() > end) {
      delete(files.lastKey());
    }
    FileChannel last = files.lastEntry().getValue();
    last.truncate(end - files.lastKey());
    last.force(true);
    FileMedium.syncDirectory(directory);
  }

  /** Deletes the files that end before a position. */
  synchronized void trim(long position) throws IOException {
    while (files.higherKey(files.firstKey()) != null
        && files.higherKey(files.firstKey()) <= position) {
      delete(files.firstKey());
    }
    start = Math.max(start, files.firstKey());
    trimmed = position > files.lastKey();
  }

  private void delete(long position) throws IOException {
    FileChannel file = files.remove(position);
    if (file != null) {
      file.close();
    }
    Files.delete(file(position));
  }

  @Override
  public synchronized void close() throws IOException {
    for (FileChannel file : files.values()) {
      file.close();
    }
  }
}
