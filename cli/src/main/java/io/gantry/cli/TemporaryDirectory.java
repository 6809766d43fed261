package io.gantry.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory that is gone when the command ends, also when a signal ends it. */
final class TemporaryDirectory implements AutoCloseable {
  private final Path path;
  private final Thread hook = new Thread(this::deleteQuietly, "temporary-directory");

  private TemporaryDirectory(Path path) {
    this.path = path;
  }

  /** Makes one where TMPDIR says, or where the system usually has them. */
  static TemporaryDirectory create(String prefix) throws IOException {
    String parent = System.getenv("TMPDIR");
    Path place = Path.of(parent == null ? System.getProperty("java.io.tmpdir", "/tmp") : parent);
    if (!Files.isDirectory(place) || !Files.isWritable(place)) {
      throw new Failure(place + ": is no directory that may be written; set TMPDIR to one");
    }
    TemporaryDirectory directory = new TemporaryDirectory(Files.createTempDirectory(place, prefix));
    Runtime.getRuntime().addShutdownHook(directory.hook);
    return directory;
  }

  Path path() {
    return path;
  }

  /** Bytes that the file system around it can still take. */
  long freeBytes() throws IOException {
    return Files.getFileStore(path).getUsableSpace();
  }

  @Override
  public void close() throws IOException {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the process is ending: the hook runs already and finds nothing to do
    }
  }

  private synchronized void delete() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    List<Path> contents;
    try (Stream<Path> tree = Files.walk(path)) {
      contents = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : contents) {
      Files.deleteIfExists(file);
    }
  }

  private void deleteQuietly() {
    try {
      delete();
    } catch (IOException e) {
      System.err.println("gantry: " + path + " could not be removed: " + e.getMessage());
    }
  }
}
