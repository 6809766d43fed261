package io.gantry.server;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Cuts a connection off, unless what is done on it ends in time: interrupts the virtual thread that
 * began it, which closes the socket that it waits for. For one thread.
 */
final class Patience implements AutoCloseable {
  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gantry-rest-patience").factory());

  private final Thread thread = Thread.currentThread();
  private final Future<?> end;
  private boolean over; // guarded by this

  Patience(Duration limit) {
    end = CLOCK.schedule(this::cutOff, limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void cutOff() {
    if (!over) {
      thread.interrupt();
    }
  }

  /** It was in time, or is cut off already. */
  @Override
  public void close() {
    end.cancel(false);
    synchronized (this) {
      over = true;
    }
    var _ = Thread.interrupted();
  }
}
