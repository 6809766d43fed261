package io.gantry.sim;

import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the target logs as an error, which says that something happened that must not. */
final class Complaints extends Handler implements AutoCloseable {
  private final Logger logger = Logger.getLogger("io.gantry.target");
  private final Consumer<Throwable> listener;

  Complaints(Consumer<Throwable> listener) {
    this.listener = listener;
  }

  /** Listens, and keeps the log to itself, until it is closed. */
  Complaints listen() {
    logger.setUseParentHandlers(false);
    logger.addHandler(this);
    return this;
  }

  @Override
  public void publish(LogRecord complaint) {
    if (complaint.getLevel().intValue() >= Level.SEVERE.intValue()) {
      listener.accept(new AssertionError(complaint.getMessage(), complaint.getThrown()));
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(true);
  }
}
