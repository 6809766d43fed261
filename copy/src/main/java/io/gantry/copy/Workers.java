package io.gantry.copy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets several virtual threads do steps of a work until there is none left. */
final class Workers {

  /** Does a step; false if nothing was left to do. */
  interface Work {
    boolean step() throws IOException;
  }

  private Workers() {}

  /**
   * Works until a step of each worker says that nothing is left. The first failure ends all of them
   * after their steps.
   *
   * @param workers makes one worker's work, with whatever buffers it needs
   */
  static void run(int count, Supplier<Work> workers) throws IOException {
    AtomicBoolean failed = new AtomicBoolean();
    List<Future<@Nullable Void>> running = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        running.add(
            executor.submit(() -> {
              work(workers.get(), failed);
              return null;
            }));
      }
      IOException failure = null;
      for (Future<@Nullable Void> worker : running) {
        failure = earlier(failure, await(worker));
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  private static void work(Work work, AtomicBoolean failed) throws IOException {
    boolean ok = false;
    try {
      while (!failed.get() && work.step()) {
        // the next one
      }
      ok = true;
    } finally {
      if (!ok) {
        failed.set(true);
      }
    }
  }

  private static @Nullable IOException earlier(
      @Nullable IOException first, @Nullable IOException second) {
    return first == null ? second : first;
  }

  private static @Nullable IOException await(Future<@Nullable Void> worker) {
    try {
      worker.get();
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        return cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
