package io.gantry.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The documents of the repository, and the blocks and commands in them. */
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

  /** What a fenced block is, by its info string; docs/testing.md tells authors the same. */
  enum Kind {
    /** Commands of a person at the server: run. */
    SH("sh"),
    /** Commands of a person at a Linux initiator: run in a guest. */
    INITIATOR("sh initiator"),
    /** Commands behind {@code $}, and what they print: run and compared. */
    CONSOLE("console"),
    /** What the last command of the block before prints: compared, but for what is measured. */
    OUTPUT("output"),
    /** A configuration file, or a part of one: loaded. */
    TOML("toml"),
    /** Read by a parser. */
    JSON("json"),
    XML("xml"),
    /** Examples of the library: a part of tests. */
    JAVA("java"),
    /** A command of the build: names modules and tests that there are. */
    MAVEN("mvn"),
    /** What is not run here, block by block with its reason in {@code DocumentsTest}. */
    ELSEWHERE("sh elsewhere"),
    POWERSHELL("powershell"),
    ESXCLI("esxcli"),
    JAVASCRIPT("js"),
    YAML("yaml"),
    /** Pictures, layouts, grammars. */
    TEXT("text");

    private final String info;

    Kind(String info) {
      this.info = info;
    }

    static Optional<Kind> of(String info) {
      return Stream.of(values()).filter(kind -> kind.info.equals(info)).findAny();
    }
  }

  /**
   * A fenced block.
   *
   * @param info what stands behind the fence
   * @param line where the fence is, counted from 1
   */
  record Block(String info, String text, int line) {
    Optional<Kind> kind() {
      return Kind.of(info);
    }

    boolean is(Kind kind) {
      return kind().filter(kind::equals).isPresent();
    }
  }

  /**
   * A document.
   *
   * @param name its path from the root
   */
  record Document(String name, String text) {
    List<Block> blocks() {
      List<Block> blocks = new ArrayList<>();
      Matcher matcher = FENCE.matcher(text);
      while (matcher.find()) {
        int line =
            1 + (int) text.substring(0, matcher.start()).chars().filter(c -> c == '\n').count();
        blocks.add(new Block(matcher.group(1).strip(), matcher.group(2), line));
      }
      return blocks;
    }

    List<Block> blocks(Kind kind) {
      return blocks().stream().filter(block -> block.is(kind)).toList();
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

    @Override
    public String toString() {
      return name;
    }
  }

  private static String filledIn(String shell) {
    String filled = shell;
    for (String[] placeholder : PLACEHOLDERS) {
      filled = filled.replaceAll(placeholder[0], placeholder[1]);
    }
    return filled;
  }

  /** What stands at the root, and everything below docs. */
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
