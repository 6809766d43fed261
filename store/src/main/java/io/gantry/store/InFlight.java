package io.gantry.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Operations on a medium that are under way together. For one thread. */
final class InFlight {
  private final List<CompletableFuture<@Nullable Void>> operations = new ArrayList<>(2);

  /** One more. */
  void add(CompletableFuture<@Nullable Void> operation) {
    if (!operation.isDone() || operation.isCompletedExceptionally()) {
      operations.add(operation);
    }
  }

  /**
   * Waits until all have ended, also if some fail.
   *
   * @throws IOException what the first of those failed with
   */
  void await() throws IOException {
    for (CompletableFuture<@Nullable Void> operation : operations) {
      try {
        operation.join();
      } catch (CompletionException e) {
        // Reported below, when nothing uses the caller's buffer any more.
      }
    }
    for (CompletableFuture<@Nullable Void> operation : operations) {
      Medium.await(operation);
    }
  }
}
