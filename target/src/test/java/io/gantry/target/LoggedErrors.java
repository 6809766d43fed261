package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.NullUnmarked;

/** Listens to the log, ours and Netty's, for errors and exceptions: no peer should cause any. */
@NullUnmarked
final class LoggedErrors extends Handler implements AutoCloseable {
  private static final Logger ROOT = Logger.getLogger("");

  private final List<String> errors = new CopyOnWriteArrayList<>();

  LoggedErrors() {
    ROOT.addHandler(this);
  }

  @Override
  public void publish(LogRecord record) {
    boolean bad = record.getLevel().intValue() >= Level.SEVERE.intValue();
    if (bad || record.getThrown() != null) {
      errors.add(record.getLoggerName() + ": " + record.getMessage() + " " + record.getThrown());
    }
  }

  List<String> errors() {
    return errors;
  }

  void assertNone() {
    assertThat(errors).isEmpty();
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    ROOT.removeHandler(this);
  }
}
