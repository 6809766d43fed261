package io.gantry.server;

import java.io.PrintStream;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the process writes to its standard error, and how: one line each, or one JSON object each.
 *
 * <p>All of the program, Helidon and Netty end up in the JDK's own logging, which is enough for
 * levels and a form: where the lines go, how long they are kept and how they are cut is the
 * business of who runs the process, as systemd's journal.
 *
 * @param level the least that is written
 * @param levels other levels, by the beginning of a logger's name
 * @param json whether each line is JSON
 */
public record LogSettings(Level level, Map<String, Level> levels, boolean json) {

  /** Warnings and errors, as text. */
  public static final LogSettings DEFAULTS = new LogSettings(Level.WARNING, Map.of(), false);

  /** What levels are called. */
  private static final Map<String, Level> LEVELS = new LinkedHashMap<>();

  static {
    LEVELS.put("off", Level.OFF);
    LEVELS.put("error", Level.SEVERE);
    LEVELS.put("warning", Level.WARNING);
    LEVELS.put("info", Level.INFO);
    LEVELS.put("debug", Level.FINE);
    LEVELS.put("trace", Level.FINER);
  }

  /** Also what terminals take for controls beyond ASCII, and what turns text around. */
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  /** Held, for the logging system forgets what nobody holds. */
  private static final List<Logger> HELD = new ArrayList<>();

  public LogSettings {
    levels = Map.copyOf(levels);
  }

  /**
   * The table {@code [log]} of a configuration file.
   *
   * @param level as {@link LogSettings#level}
   * @param format text or json
   * @param levels as {@link LogSettings#levels}
   */
  record Log(
      @Key(
              meaning = "the least that is written to standard error",
              form = "`off`, `error`, `warning`, `info`, `debug` or `trace`",
              initial = "\"warning\"",
              example = "\"info\"",
              reload = true)
          @Nullable String level,
      @Key(
              meaning = "a line of text or of JSON for each message",
              form = "`text` or `json`",
              initial = "\"text\"",
              example = "\"json\"",
              reload = true)
          @Nullable String format,
      @Key(
              meaning = "other levels, by the beginnings of loggers' names, separated by commas",
              form = "NAME=LEVEL",
              example = "\"io.gantry.target=debug,io.helidon=info\"",
              reload = true)
          @Nullable String levels) {

    LogSettings settings(Configuration.Origin origin) throws java.io.IOException {
      boolean json = "json".equals(format);
      if (format != null && !json && !format.equals("text")) {
        throw origin.refuse("log.format", "'%s': it can be text or json".formatted(format));
      }
      Map<String, Level> others = new TreeMap<>();
      for (String one : levels == null ? new String[0] : levels.split(",", -1)) {
        String[] parts = one.strip().split("=", -1);
        if (parts.length != 2 || parts[0].isEmpty()) {
          throw origin.refuse(
              "log.levels", "'%s': write NAME=LEVEL, as in io.gantry.target=debug".formatted(one));
        }
        others.put(parts[0], level(origin, "log.levels", parts[1]));
      }
      return new LogSettings(
          level == null ? DEFAULTS.level : level(origin, "log.level", level), others, json);
    }

    private static Level level(Configuration.Origin origin, String path, String text)
        throws java.io.IOException {
      Level level = LEVELS.get(text);
      if (level == null) {
        throw origin.refuse(
            path, "'%s': it can be %s".formatted(text, String.join(", ", LEVELS.keySet())));
      }
      return level;
    }
  }

  /** Has the whole process log so, from now on. */
  public void apply() {
    apply(System.err, Systemd.takesLevels());
  }

  /**
   * As {@link #apply()}.
   *
   * @param priorities whether each line begins with its syslog level, as {@code <4>}
   */
  void apply(PrintStream out, boolean priorities) {
    LogManager.getLogManager().reset();
    synchronized (HELD) {
      HELD.clear();
      Logger root = Logger.getLogger("");
      root.setLevel(level);
      Handler handler = new Lines(out, json, priorities);
      handler.setLevel(Level.ALL);
      root.addHandler(handler);
      levels.forEach((name, other) -> {
        Logger logger = Logger.getLogger(name);
        logger.setLevel(other);
        HELD.add(logger);
      });
    }
  }

  /** Writes each record at once. */
  private static final class Lines extends Handler {
    private final PrintStream out;
    private final boolean json;
    private final boolean priorities;
    private final SimpleFormatter formatter = new SimpleFormatter();

    Lines(PrintStream out, boolean json, boolean priorities) {
      this.out = out;
      this.json = json;
      this.priorities = priorities;
    }

    @Override
    public void publish(LogRecord record) {
      if (isLoggable(record)) {
        String lines = json ? json(record) : text(record);
        out.println(priorities ? withPriority(record.getLevel(), lines) : lines);
      }
    }

    /** As the C library's openlog(3) numbers levels; a stack trace has as many lines of its own. */
    private static String withPriority(Level level, String lines) {
      int value = level.intValue();
      String priority =
          value >= Level.SEVERE.intValue()
              ? "<3>"
              : value >= Level.WARNING.intValue()
                  ? "<4>"
                  : value >= Level.INFO.intValue() ? "<6>" : "<7>";
      return priority + lines.replace("\n", "\n" + priority);
    }

    private String text(LogRecord record) {
      return "%s %-7s %s: %s%s"
          .formatted(
              record.getInstant().truncatedTo(ChronoUnit.MILLIS),
              name(record.getLevel()),
              record.getLoggerName(),
              // What peers say of themselves may be part of it: it makes no lines of its own.
              UNPRINTABLE.matcher(formatter.formatMessage(record)).replaceAll("?"),
              record.getThrown() == null ? "" : "\n" + trace(record.getThrown()));
    }

    private String json(LogRecord record) {
      Map<String, String> fields = new LinkedHashMap<>();
      fields.put("time", record.getInstant().truncatedTo(ChronoUnit.MILLIS).toString());
      fields.put("level", name(record.getLevel()));
      fields.put("logger", String.valueOf(record.getLoggerName()));
      fields.put("message", formatter.formatMessage(record));
      if (record.getThrown() != null) {
        fields.put("trace", trace(record.getThrown()));
      }
      return RestFormat.JSON.writeValueAsString(fields);
    }

    private static String trace(Throwable thrown) {
      java.io.StringWriter text = new java.io.StringWriter();
      thrown.printStackTrace(new java.io.PrintWriter(text));
      return text.toString().stripTrailing();
    }

    private static String name(Level level) {
      return LEVELS.entrySet().stream()
          .filter(entry -> entry.getValue().equals(level))
          .map(Map.Entry::getKey)
          .findFirst()
          .orElse(level.getName().toLowerCase(Locale.ROOT));
    }

    @Override
    public void flush() {
      out.flush();
    }

    @Override
    public void close() {
      flush();
    }
  }
}
