package io.gantry.cli;

import io.gantry.copy.CopyProgress;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * One line on a terminal that tells how far a copy is, and disappears at its end. Where standard
 * error is no terminal it writes nothing.
 */
final class ProgressLine implements CopyProgress, AutoCloseable {
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int BAR_WIDTH = 12; // the line fits in 80 columns
  private static final String ERASE = "\r\033[K";

  /** The launcher asks the shell, which knows; Java does not tell about standard error alone. */
  private static final boolean ON_TERMINAL = Boolean.getBoolean("gantry.stderr.terminal");

  private final PrintStream err;
  private final LongSupplier nanoClock;
  private CopyProgress.Step step = Step.COPY;
  private long startNanos;
  private long drawnNanos;
  private long done;
  private boolean drawn;

  private ProgressLine(PrintStream err, LongSupplier nanoClock) {
    this.err = err;
    this.nanoClock = nanoClock;
    this.startNanos = nanoClock.getAsLong();
    this.drawnNanos = startNanos;
  }

  static ProgressLine onStandardError() {
    return new ProgressLine(System.err, System::nanoTime);
  }

  @Override
  public synchronized void advanced(Step current, long bytes, long totalBytes) {
    if (!ON_TERMINAL) {
      return;
    }
    long now = nanoClock.getAsLong();
    if (current != step) {
      step = current;
      startNanos = now;
      done = 0;
    }
    done += bytes;
    if (now - drawnNanos >= REDRAW_NANOS) {
      drawnNanos = now;
      draw(totalBytes, Duration.ofNanos(now - startNanos));
    }
  }

  private void draw(long totalBytes, Duration elapsed) {
    double part = totalBytes == 0 ? 1 : (double) done / totalBytes;
    int filled = (int) (part * BAR_WIDTH);
    Duration left = Duration.ofNanos((long) (elapsed.toNanos() / part * (1 - part)));
    err.print(
        ERASE
            + "%s [%s%s] %3.0f %%  %s of %s  %s  %s left"
                .formatted(
                    step == Step.COPY ? "copying  " : "comparing",
                    "#".repeat(filled),
                    "-".repeat(BAR_WIDTH - filled),
                    part * 100,
                    Size.human(done),
                    Size.human(totalBytes),
                    Terminal.rate(done, elapsed),
                    left.toMinutes() == 0 ? left.toSeconds() + " s" : left.toMinutes() + " min"));
    err.flush();
    drawn = true;
  }

  @Override
  public synchronized void close() {
    if (drawn) {
      err.print(ERASE);
      err.flush();
    }
  }
}
