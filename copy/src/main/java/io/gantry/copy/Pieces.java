package io.gantry.copy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a range into pieces and works on several of them at a time, each worker on a virtual thread
 * with buffers of its own. The first failure stops all of them.
 */
final class Pieces {

  /** What is done with a piece. */
  interface Work {
    void accept(long offset, int lengthBytes) throws IOException;
  }

  private Pieces() {}

  /**
   * Works on every piece of {@code [0, lengthBytes)}.
   *
   * @param workers makes one worker's work, with whatever buffers it needs
   */
  static void forEach(long lengthBytes, int pieceBytes, int depth, Supplier<Work> workers)
      throws IOException {
    AtomicLong next = new AtomicLong();
    List<Future<@Nullable Void>> running = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < depth && (long) i * pieceBytes < lengthBytes; i++) {
        running.add(
            executor.submit(() -> {
              work(next, lengthBytes, pieceBytes, workers.get());
              return null;
            }));
      }
      for (Future<@Nullable Void> worker : running) {
        await(worker);
      }
    }
  }

  private static void work(AtomicLong next, long lengthBytes, int pieceBytes, Work work)
      throws IOException {
    boolean ok = false;
    try {
      long at;
      while ((at = next.getAndAdd(pieceBytes)) < lengthBytes) {
        work.accept(at, (int) Math.min(pieceBytes, lengthBytes - at));
      }
      ok = true;
    } finally {
      if (!ok) {
        next.set(lengthBytes); // the others find nothing more to do
      }
    }
  }

  private static void await(Future<@Nullable Void> worker) throws IOException {
    try {
      worker.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
