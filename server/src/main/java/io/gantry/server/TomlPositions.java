package io.gantry.server;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the keys of a TOML file are, for messages: the parser gives a tree that has forgotten it.
 * What is within inline tables is where the table is.
 */
final class TomlPositions {
  private static final String NAME = "(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')";
  private static final String NAMES = NAME + "(?:\\s*\\.\\s*" + NAME + ")*";
  private static final Pattern REPEATED = Pattern.compile("\\s*\\[\\[\\s*(" + NAMES + ")\\s*]].*");
  private static final Pattern TABLE = Pattern.compile("\\s*\\[\\s*(" + NAMES + ")\\s*].*");
  private static final Pattern KEY = Pattern.compile("\\s*(" + NAMES + ")\\s*=.*");

  /**
   * A place in a file.
   *
   * @param line counted from 1
   * @param column counted from 1
   */
  record Position(int line, int column) {}

  private final Map<String, Position> positions = new HashMap<>();

  TomlPositions(String text) {
    Map<String, Integer> counts = new HashMap<>();
    String prefix = "";
    int number = 0;
    boolean inText = false;
    for (String line : text.split("\n", -1)) {
      number++;
      boolean wasInText = inText;
      inText ^= (count(line, "\"\"\"") + count(line, "'''")) % 2 == 1;
      if (wasInText) {
        continue;
      }
      Matcher repeated = REPEATED.matcher(line);
      Matcher table = TABLE.matcher(line);
      Matcher key = KEY.matcher(line);
      if (repeated.matches()) {
        String name = plain(repeated.group(1));
        prefix = "%s[%d].".formatted(name, counts.merge(name, 1, Integer::sum) - 1);
        put(prefix.substring(0, prefix.length() - 1), number, repeated.start(1));
      } else if (table.matches()) {
        prefix = plain(table.group(1)) + ".";
        put(plain(table.group(1)), number, table.start(1));
      } else if (key.matches()) {
        put(prefix + plain(key.group(1)), number, key.start(1));
      }
    }
  }

  private static int count(String line, String mark) {
    return (line.length() - line.replace(mark, "").length()) / mark.length();
  }

  private static String plain(String names) {
    return names.replaceAll("[\"'\\s]", "");
  }

  private void put(String path, int line, int index) {
    positions.putIfAbsent(path, new Position(line, index + 1));
  }

  /** Where a key is, or the innermost table around it that is known. */
  Position of(String path) {
    for (String known = path; !known.isEmpty(); known = parent(known)) {
      Position position = positions.get(known);
      if (position != null) {
        return position;
      }
    }
    return new Position(1, 1);
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))));
  }
}
