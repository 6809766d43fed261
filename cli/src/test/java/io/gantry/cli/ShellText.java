package io.gantry.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/** Finds the gantry commands in what people are told to type, and has picocli read them. */
final class ShellText {
  private static final Pattern HEREDOC = Pattern.compile("<<-?\\s*['\"]?(\\w+)['\"]?");

  private ShellText() {}

  /** The arguments of each gantry command in a piece of shell, without the name itself. */
  static List<List<String>> commands(String shell) {
    List<List<String>> commands = new ArrayList<>();
    String end = null;
    StringBuilder line = new StringBuilder();
    for (String part : shell.lines().toList()) {
      if (end != null) {
        end = part.strip().equals(end) ? null : end;
        continue;
      }
      if (part.endsWith("\\")) {
        line.append(part, 0, part.length() - 1).append(' ');
        continue;
      }
      line.append(part);
      Matcher heredoc = HEREDOC.matcher(line);
      if (heredoc.find()) {
        end = heredoc.group(1);
      }
      commands.addAll(ofLine(line.toString()));
      line.setLength(0);
    }
    return commands;
  }

  /** Words; what separates commands is a word of its own. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        inWord = true;
      } else if (c == '#' && !inWord) {
        break;
      } else if (c == ' ' || c == '\t' || "|&;<>()".indexOf(c) >= 0) {
        if (inWord) {
          words.add(word.toString());
          word.setLength(0);
          inWord = false;
        }
        if (c != ' ' && c != '\t') {
          words.add(String.valueOf(c));
        }
      } else {
        word.append(c);
        inWord = true;
      }
    }
    if (inWord) {
      words.add(word.toString());
    }
    return words;
  }

  private static List<List<String>> ofLine(String line) {
    List<List<String>> commands = new ArrayList<>();
    List<String> current = new ArrayList<>();
    boolean redirected = false;
    for (String word : words(line.strip().replaceFirst("^[$#] ", ""))) {
      switch (word) {
        case "|", "&", ";", "(", ")" -> {
          add(commands, current);
          current = new ArrayList<>();
          redirected = false;
        }
        case "<", ">" -> {
          if (!current.isEmpty() && current.getLast().matches("\\d")) {
            current.removeLast();
          }
          redirected = true;
        }
        default -> {
          if (!redirected) {
            current.add(word);
          }
          redirected = false;
        }
      }
    }
    add(commands, current);
    return commands;
  }

  private static void add(List<List<String>> commands, List<String> words) {
    int at = 0;
    while (at < words.size()
        && (words.get(at).equals("sudo") || words.get(at).matches("\\w+=.*"))) {
      at++;
    }
    if (at < words.size() && words.get(at).matches("(.*/)?gantry")) {
      commands.add(List.copyOf(words.subList(at + 1, words.size())));
    }
  }

  /**
   * Why picocli does not take a command; empty if it does. Nothing is carried out.
   *
   * @param mention whether the command is only mentioned, and need not have its parameters
   */
  static String problem(List<String> arguments, boolean mention) {
    CommandLine line = Main.commandLine();
    try {
      line.parseArgs(arguments.toArray(String[]::new));
      return "";
    } catch (MissingParameterException e) {
      return mention ? "" : explain(arguments, e);
    } catch (ParameterException e) {
      return explain(arguments, e);
    }
  }

  private static String explain(List<String> arguments, ParameterException e) {
    return "gantry %s: %s".formatted(String.join(" ", arguments), e.getMessage());
  }
}
