package io.gantry.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/** What people and programs see: tables, durations, JSON. */
final class Terminal {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DateTimeFeature.WRITE_DURATIONS_AS_TIMESTAMPS) // seconds
          .build();

  private static final JsonMapper JSON_LINE =
      JSON.rebuild().disable(SerializationFeature.INDENT_OUTPUT).build();

  private Terminal() {}

  /** Prints a value for programs. */
  static void printJson(PrintWriter out, Object value) {
    out.println(JSON.writeValueAsString(value));
  }

  /** A value for programs that read line by line. */
  static String jsonLine(Object value) {
    return JSON_LINE.writeValueAsString(value);
  }

  /** With three digits: {@code 2.31 ms}, {@code 1.30 s}, {@code 4 min 12 s}, {@code 23 h 5 min}. */
  static String human(Duration duration) {
    double seconds = duration.toNanos() / 1e9;
    if (seconds < 1e-3) {
      return "%.3f ms".formatted(seconds * 1e3);
    }
    if (seconds < 1) {
      return digits(seconds * 1e3) + " ms";
    }
    if (duration.toMinutes() >= 100) {
      return "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
    }
    return seconds < 100
        ? digits(seconds) + " s"
        : "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
  }

  /** Bytes per second. */
  static String rate(long bytes, Duration duration) {
    return Size.human((long) (bytes * 1e9 / Math.max(1, duration.toNanos()))) + "/s";
  }

  private static String digits(double value) {
    return (value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f").formatted(value);
  }

  /** Columns that line up; those whose heading starts with {@code >} are set right. */
  static final class Table {
    private static final String GAP = "  ";
    private final List<String[]> rows = new ArrayList<>();
    private final boolean[] right;

    Table(String... headings) {
      right = new boolean[headings.length];
      String[] first = headings.clone();
      for (int i = 0; i < first.length; i++) {
        if (first[i].startsWith(">")) {
          right[i] = true;
          first[i] = first[i].substring(1);
        }
      }
      rows.add(first);
    }

    Table row(Object... cells) {
      String[] row = new String[right.length];
      for (int i = 0; i < row.length; i++) {
        row[i] = String.valueOf(cells[i]);
      }
      rows.add(row);
      return this;
    }

    /** Prints the table; a row of headings that are all empty is left out. */
    void print(PrintWriter out, String indent) {
      int[] widths = new int[right.length];
      for (String[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          widths[i] = Math.max(widths[i], row[i].length());
        }
      }
      for (String[] row : rows) {
        StringBuilder line = new StringBuilder(indent);
        for (int i = 0; i < row.length; i++) {
          String blanks = " ".repeat(widths[i] - row[i].length());
          line.append(i == 0 ? "" : GAP).append(right[i] ? blanks + row[i] : row[i] + blanks);
        }
        if (!line.toString().isBlank()) {
          out.println(line.toString().stripTrailing());
        }
      }
    }
  }
}
