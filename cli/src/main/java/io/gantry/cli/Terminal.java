package io.gantry.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Help.Ansi;
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

  /** The launcher asks the shell, which knows; Java does not tell about standard output alone. */
  private static final boolean ON_TERMINAL = Boolean.getBoolean("gantry.stdout.terminal");

  private static final boolean COLOURS = takesColours(System.getenv(), ON_TERMINAL);

  private static final boolean CLEARS =
      ON_TERMINAL && !System.getenv().getOrDefault("TERM", "dumb").equals("dumb");

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  /** Characters of two columns; UAX #11 has them one by one, these are the scripts. */
  private static final Pattern WIDE =
      Pattern.compile(
          "[\\x{1100}-\\x{115F}\\x{2E80}-\\x{303E}\\x{3041}-\\x{A4CF}\\x{A960}-\\x{A97C}"
              + "\\x{AC00}-\\x{D7A3}\\x{F900}-\\x{FAFF}\\x{FE30}-\\x{FE6F}\\x{FF01}-\\x{FF60}"
              + "\\x{FFE0}-\\x{FFE6}\\x{1F300}-\\x{1F64F}\\x{1F680}-\\x{1F6FF}\\x{1F900}-\\x{1F9FF}"
              + "\\x{20000}-\\x{3FFFD}]");

  private static final String HOME_AND_CLEAR = "\033[H\033[2J";

  private Terminal() {}

  /**
   * Whether to print colours: on terminals that have them, unless the user does not want them
   * (no-color.org, CLICOLOR_FORCE).
   *
   * @param terminal whether standard output is one
   */
  static boolean takesColours(Map<String, String> environment, boolean terminal) {
    if (!environment.getOrDefault("NO_COLOR", "").isEmpty()) {
      return false;
    }
    String force = environment.getOrDefault("CLICOLOR_FORCE", "");
    return (!force.isEmpty() && !force.equals("0"))
        || (terminal && !environment.getOrDefault("TERM", "dumb").equals("dumb"));
  }

  /** What picocli is to print with. */
  static Ansi ansi() {
    return COLOURS ? Ansi.ON : Ansi.OFF;
  }

  /** A text in colours where they are taken; {@code style} as in {@code bold,red}. */
  static String paint(String style, String text) {
    return painted(style, text).print(COLOURS);
  }

  /** A cell of a table in colours. */
  static Painted painted(String style, String text) {
    return new Painted(style, text);
  }

  /**
   * A text with a style.
   *
   * @param style as in {@code bold,red}
   */
  record Painted(String style, String text) {
    String print(boolean colours) {
      return colours ? Ansi.Style.on(Ansi.Style.parse(style)) + text + Ansi.Style.reset.on() : text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * A text from elsewhere on one line: nothing in it moves a cursor, changes colours or turns text.
   */
  static String printable(String text) {
    return CONTROL.matcher(text.replaceAll("\\R", " ")).replaceAll("?");
  }

  /** How many columns of a terminal a text takes. */
  static int columns(String text) {
    return text.codePoints().map(Terminal::columns).sum();
  }

  private static int columns(int character) {
    return switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> 0;
      default -> WIDE.matcher(Character.toString(character)).matches() ? 2 : 1;
    };
  }

  /** Begins what is shown again and again: where it stood before, or a line below. */
  static void beginAgain(PrintWriter out, boolean first) {
    if (CLEARS) {
      out.print(HOME_AND_CLEAR);
    } else if (!first) {
      out.println();
    }
  }

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
    private final List<Painted[]> rows = new ArrayList<>();
    private final boolean[] right;

    Table(String... headings) {
      right = new boolean[headings.length];
      Painted[] first = new Painted[headings.length];
      for (int i = 0; i < first.length; i++) {
        right[i] = headings[i].startsWith(">");
        first[i] = painted("bold", right[i] ? headings[i].substring(1) : headings[i]);
      }
      rows.add(first);
    }

    /** A row; cells that are {@link Painted} have colours. */
    Table row(Object... cells) {
      Painted[] row = new Painted[right.length];
      for (int i = 0; i < row.length; i++) {
        Painted cell =
            cells[i] instanceof Painted painted
                ? painted
                : painted("reset", String.valueOf(cells[i]));
        // Names that others have given themselves are in it.
        row[i] = painted(cell.style(), printable(cell.text()));
      }
      rows.add(row);
      return this;
    }

    /** Prints the table; a row of headings that are all empty is left out. */
    void print(PrintWriter out, String indent) {
      print(out, indent, COLOURS);
    }

    void print(PrintWriter out, String indent, boolean colours) {
      int[] widths = new int[right.length];
      for (Painted[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          widths[i] = Math.max(widths[i], columns(row[i].text()));
        }
      }
      for (Painted[] row : rows) {
        StringBuilder line = new StringBuilder(indent);
        for (int i = 0; i < row.length; i++) {
          String blanks = " ".repeat(widths[i] - columns(row[i].text()));
          boolean plain = row[i].text().isEmpty() || row[i].style().equals("reset");
          String text = row[i].print(colours && !plain);
          line.append(i == 0 ? "" : GAP).append(right[i] ? blanks + text : text + blanks);
        }
        if (!line.toString().isBlank()) {
          out.println(line.toString().stripTrailing());
        }
      }
    }
  }
}
