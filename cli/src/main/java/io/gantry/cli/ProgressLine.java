package io.gantry.cli;

import io.gantry.copy.CopyProgress;
import io.gantry.copy.Means;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells on standard error how far a copy is: on a terminal with a bar that disappears at its end;
 * where standard error is no terminal not at all, unless lines are asked for.
 */
final class ProgressLine implements CopyProgress, AutoCloseable {

  /** What is shown. */
  enum Style {
    /** A bar on a terminal, else nothing. */
    AUTO(0),
    NONE(0),
    BAR(100),
    /** A line of text every five seconds. */
    LINES(5_000),
    /** A JSON object on a line, every second. */
    JSON(1_000);

    private final long periodNanos;

    Style(long periodMillis) {
      this.periodNanos = TimeUnit.MILLISECONDS.toNanos(periodMillis);
    }
  }

  private static final int BAR_WIDTH = 12;
  private static final String ERASE = "\r\033[K";
  private static final String UP = "\033[A";

  /** The launcher asks the shell, which knows; Java does not tell about standard error alone. */
  private static final boolean ON_TERMINAL = Boolean.getBoolean("gantry.stderr.terminal");

  private static final int COLUMNS = Integer.getInteger("gantry.stderr.columns", 80);

  private final PrintStream err;
  private final Style style;
  private final int columns;
  private final LongSupplier nanoClock;
  private final Map<Means, Long> copied = new EnumMap<>(Means.class);
  private boolean isComparing;
  private long startNanos;
  private long shownNanos;
  private long total;
  private long doneBefore;
  private long done;
  private int linesDrawn;

  /**
   * A line that JSON of a running copy consists of.
   *
   * @param event {@code copying} or {@code comparing}
   * @param totalBytes what is to be done
   * @param doneBytes what is done, by an earlier run too
   * @param seconds since this step started
   */
  record Event(
      String event,
      long totalBytes,
      long doneBytes,
      long bytesByToken,
      long bytesByExtendedCopy,
      long bytesMoved,
      long bytesZeroed,
      double seconds) {}

  ProgressLine(PrintStream err, Style style, int columns, LongSupplier nanoClock) {
    this.err = err;
    this.style = style;
    this.columns = columns;
    this.nanoClock = nanoClock;
    this.startNanos = nanoClock.getAsLong();
    this.shownNanos = startNanos;
  }

  static ProgressLine onStandardError() {
    return onStandardError(Style.AUTO);
  }

  static ProgressLine onStandardError(Style style) {
    Style actual = style != Style.AUTO ? style : ON_TERMINAL ? Style.BAR : Style.NONE;
    return new ProgressLine(System.err, actual, COLUMNS, System::nanoTime);
  }

  @Override
  public synchronized void started(long totalBytes, long doneBytes) {
    total = totalBytes;
    doneBefore = doneBytes;
    done = doneBytes;
    copied.clear();
    startNanos = nanoClock.getAsLong();
  }

  @Override
  public synchronized void copied(Means means, long bytes) {
    copied.merge(means, bytes, Long::sum);
    done += bytes;
    showWhenDue();
  }

  @Override
  public synchronized void compared(long bytes, long totalBytes) {
    if (!isComparing) {
      isComparing = true;
      startNanos = nanoClock.getAsLong();
      total = totalBytes;
      doneBefore = 0;
      done = 0;
    }
    done += bytes;
    showWhenDue();
  }

  private void showWhenDue() {
    long now = nanoClock.getAsLong();
    if (style == Style.NONE || now - shownNanos < style.periodNanos) {
      return;
    }
    shownNanos = now;
    Duration elapsed = Duration.ofNanos(now - startNanos);
    switch (style) {
      case BAR -> draw(elapsed);
      case LINES ->
          err.println(
              "%s %s: %s%s"
                  .formatted(
                      isComparing ? "compared" : "copied",
                      percent(),
                      summary(elapsed),
                      isComparing ? "" : "; " + kinds(elapsed)));
      case JSON -> err.println(Terminal.jsonLine(event(elapsed)));
      case AUTO, NONE -> throw new IllegalStateException("nothing is shown");
    }
    err.flush();
  }

  private void draw(Duration elapsed) {
    int filled = (int) (part() * BAR_WIDTH);
    String bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
    String first =
        "%s [%s] %s  %s"
            .formatted(isComparing ? "comparing" : "copying  ", bar, percent(), summary(elapsed));
    erase();
    err.print(cut(first));
    linesDrawn = 1;
    if (!isComparing && !copied.isEmpty()) {
      err.print("\n" + cut("          " + kinds(elapsed)));
      linesDrawn = 2;
    }
  }

  /** A line that wraps could not be erased. */
  private String cut(String line) {
    return line.length() < columns ? line : line.substring(0, Math.max(0, columns - 1));
  }

  private void erase() {
    for (; linesDrawn > 1; linesDrawn--) {
      err.print(ERASE + UP);
    }
    if (linesDrawn == 1) {
      err.print(ERASE);
    }
    linesDrawn = 0;
  }

  private double part() {
    return total == 0 ? 1 : Math.min(1, (double) done / total);
  }

  private String percent() {
    return "%3.0f %%".formatted(part() * 100);
  }

  /** {@code 4.20 GiB of 10.0 GiB 1.20 GiB/s 5 s left}. */
  private String summary(Duration elapsed) {
    long now = done - doneBefore;
    double nanosLeft = now == 0 ? 0 : (double) elapsed.toNanos() / now * (total - done);
    Duration left = Duration.ofNanos((long) Math.max(0, nanosLeft));
    return "%s of %s  %s  %s left"
        .formatted(
            Size.human(done),
            Size.human(total),
            Terminal.rate(now, elapsed),
            left.toMinutes() == 0 ? left.toSeconds() + " s" : left.toMinutes() + " min");
  }

  /** {@code offloaded 4.00 GiB (1.10 GiB/s), moved 200 MiB (100 MiB/s)}. */
  private String kinds(Duration elapsed) {
    List<String> kinds = new ArrayList<>();
    long offloaded = bytes(Means.TOKEN) + bytes(Means.EXTENDED_COPY);
    addKind(kinds, "offloaded", offloaded, elapsed);
    addKind(kinds, "moved", bytes(Means.MOVED), elapsed);
    addKind(kinds, "zeroed", bytes(Means.ZEROED), elapsed);
    return String.join(", ", kinds);
  }

  private static void addKind(List<String> kinds, String name, long bytes, Duration elapsed) {
    if (bytes > 0) {
      kinds.add("%s %s (%s)".formatted(name, Size.human(bytes), Terminal.rate(bytes, elapsed)));
    }
  }

  private long bytes(Means means) {
    return copied.getOrDefault(means, 0L);
  }

  private Event event(Duration elapsed) {
    return new Event(
        isComparing ? "comparing" : "copying",
        total,
        done,
        bytes(Means.TOKEN),
        bytes(Means.EXTENDED_COPY),
        bytes(Means.MOVED),
        bytes(Means.ZEROED),
        elapsed.toNanos() / 1e9);
  }

  @Override
  public synchronized void close() {
    erase();
    err.flush();
  }
}
