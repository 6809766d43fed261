package io.gantry.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The audit trail: who did what and who was refused, one line of JSON for each event, in a file
 * that only its owner can read.
 *
 * <p>A thread of its own writes, so that nobody waits for a disk; what comes faster than it can
 * write, or while it cannot, is counted, and a line says how many are missing. When the file has
 * grown to its limit it is renamed to {@code NAME.1}, {@code NAME.1} to {@code NAME.2} and so on;
 * the oldest goes. Lines are the file system's after a moment and the disk's when it likes, or when
 * the file is closed.
 */
final class AuditFile implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(AuditFile.class.getName());
  private static final int WAITING = 16_384;

  private final BlockingQueue<Line> waiting = new ArrayBlockingQueue<>(WAITING);
  private @Nullable Thread thread;

  /** Events that were left out; guarded by this. */
  private long lost;

  private sealed interface Line {
    record Of(EventView event) implements Line {}

    record End() implements Line {}
  }

  /**
   * Opens the trail and goes on at its end; what was added before is written now.
   *
   * @throws IOException if it cannot be written
   */
  void open(Path data, AuditSettings options) throws IOException {
    Path file = options.file() == null ? data.resolve("audit.log") : options.file();
    Writer writer = new Writer(file, options, append(file));
    thread = Thread.ofPlatform().name("gantry-audit").daemon().start(writer);
  }

  private static FileChannel append(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
        PrivateFile.permissions());
  }

  /** Takes an event without waiting. */
  void add(EventView event) {
    if (!waiting.offer(new Line.Of(event))) {
      lose();
    }
  }

  private synchronized void lose() {
    lost++;
  }

  private synchronized long takeLost() {
    long taken = lost;
    lost = 0;
    return taken;
  }

  /** What the thread does. */
  private final class Writer implements Runnable {
    private final Path file;
    private final AuditSettings options;
    private FileChannel channel;
    private long length;
    private boolean failing;

    Writer(Path file, AuditSettings options, FileChannel channel) throws IOException {
      this.file = file;
      this.options = options;
      this.channel = channel;
      this.length = channel.size();
    }

    @Override
    public void run() {
      try {
        while (waiting.take() instanceof Line.Of(EventView event)) {
          write(event);
        }
      } catch (InterruptedException e) {
        // Nobody has a reason to interrupt this thread; it ends by close() alone.
      }
      try (FileChannel last = channel) {
        last.force(true);
      } catch (IOException e) {
        LOG.log(System.Logger.Level.ERROR, "the audit trail " + file + " is not complete", e);
      }
    }

    private void write(EventView event) {
      try {
        long missing = takeLost();
        if (missing > 0) {
          line(
              "{\"time\":\"%s\",\"type\":\"audit.lost\",\"details\":{\"count\":%d}}"
                  .formatted(event.time(), missing));
        }
        line(RestFormat.JSON.writeValueAsString(event));
        failing = false;
      } catch (IOException e) {
        lose();
        if (!failing) {
          failing = true;
          LOG.log(System.Logger.Level.ERROR, "cannot write the audit trail " + file, e);
        }
      }
    }

    private void line(String text) throws IOException {
      byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
      if (length > 0 && length + bytes.length > options.maximumBytes()) {
        rotate();
      }
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        length += channel.write(buffer);
      }
    }

    private void rotate() throws IOException {
      channel.force(true);
      for (int i = options.kept(); i > 1; i--) {
        if (Files.exists(old(i - 1))) {
          Files.move(old(i - 1), old(i), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      if (options.kept() > 0) {
        Files.move(file, old(1), StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.delete(file);
      }
      FileChannel next = append(file);
      channel.close();
      channel = next;
      length = 0;
    }

    private Path old(int number) {
      return file.resolveSibling(file.getFileName() + "." + number);
    }
  }

  /** Writes what is still to be written. */
  @Override
  public void close() {
    Thread writer = thread;
    boolean interrupted = false;
    boolean told = false;
    while (writer != null && writer.isAlive()) {
      try {
        if (!told) {
          waiting.put(new Line.End());
          told = true;
        }
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
