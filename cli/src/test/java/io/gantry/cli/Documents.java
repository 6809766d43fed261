package io.gantry.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The documents of the repository, and the commands in them. */
final class Documents {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern FENCE = Pattern.compile("(?ms)^ *```([^\\n]*)\\n(.*?)^ *```$");
  private static final Pattern SPAN = Pattern.compile("`([^`\\n]+)`");

  /** Words in capitals that stand for what the reader has. */
  private static final List<String[]> PLACEHOLDERS =
      List.of(
          new String[] {"\\bURL\\b", "iscsi://192.0.2.10/iqn.2026-11.io.gantry:default/0"},
          new String[] {"\\bSIZE\\b", "1G"},
          new String[] {"\\bVOLUME@SNAPSHOT\\b", "volume@snapshot"});

  private Documents() {}

  /**
   * A document.
   *
   * @param name its path from the root
   */
  record Document(String name, String text) {

    /** A fenced block: what stands behind the fence, and what is in it. */
    record Block(String info, String text) {}

    List<Block> blocks() {
      List<Block> blocks = new ArrayList<>();
      Matcher matcher = FENCE.matcher(text);
      while (matcher.find()) {
        blocks.add(new Block(matcher.group(1).strip(), matcher.group(2)));
      }
      return blocks;
    }

    /** The blocks of shell that can be run as they stand, in order. */
    List<String> runnable() {
      return blocks().stream()
          .filter(block -> block.info().equals("sh run"))
          .map(Block::text)
          .toList();
    }

    /** What picocli says against the commands in the document; as many as there are. */
    List<String> problems() {
      List<String> problems = new ArrayList<>();
      for (Block block : blocks()) {
        for (List<String> command : ShellText.commands(filledIn(block.text()))) {
          problems.add(ShellText.problem(command, false));
        }
      }
      Matcher span = SPAN.matcher(FENCE.matcher(text).replaceAll(""));
      while (span.find()) {
        String mentioned = span.group(1);
        if (mentioned.matches("(\\./|sudo )?gantry [a-z-].*")) {
          for (List<String> command : ShellText.commands(filledIn(mentioned))) {
            problems.add(ShellText.problem(command, true));
          }
        }
      }
      return problems;
    }
  }

  private static String filledIn(String shell) {
    String filled = shell;
    for (String[] placeholder : PLACEHOLDERS) {
      filled = filled.replaceAll(placeholder[0], placeholder[1]);
    }
    return filled;
  }

  /** README, and everything below docs. */
  static List<Document> all() {
    try (Stream<Path> root = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(root, docs)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .map(Documents::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Document read(Path file) {
    try {
      return new Document(ROOT.relativize(file).toString(), Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
