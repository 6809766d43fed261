package io.gantry.cli;

import io.gantry.cli.Documents.Block;
import io.gantry.cli.Documents.Document;
import io.gantry.cli.Documents.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A document as its reader lives it: what is to be typed, in order, and what should then be seen.
 * The script {@code story} carries the steps out.
 */
final class Story {
  private static final Path SCRIPTS = Path.of("src/test/documents").toAbsolutePath();

  /** The script's exit status where no machine of its own can be made. */
  static final int NO_MACHINE = 77;

  /** Stories take seconds; machines that are busy with something else, minutes. */
  private static final Duration LIMIT = Duration.ofMinutes(8);

  /** Words in commands, and the programs that they need: those that not every machine has. */
  private static final Map<String, String> PROGRAMS =
      Map.of(
          "gantry", "ip",
          "array", "tgtd",
          "curl", "curl",
          "jq", "jq",
          "iscsi-ls", "iscsi-ls",
          "qemu-img", "qemu-img",
          "qemu-system-x86_64", "qemu-system-x86_64",
          "mkfs.ext4", "mkfs.ext4");

  /** What measures differ in from run to run: a number with its unit, or without one in a table. */
  private static final Pattern MEASURED =
      Pattern.compile("\\d[\\d.,]*(?: (?:[KMGT]i)?B(?:/s)?\\b| [mµu]?s\\b)?");

  private final Document document;
  private final List<Step> steps = new ArrayList<>();

  /**
   * One thing to do.
   *
   * @param file the name of its file: in their order, which is the document's
   * @param line where it is in the document; 0: before it
   * @param shown what the document says that it prints
   */
  record Step(String file, int line, String commands, Optional<Pattern> shown) {}

  Story(Document document) throws IOException {
    this.document = document;
    String name = Path.of(document.name()).getFileName().toString().replace(".md", ".sh");
    Path before = SCRIPTS.resolve("before").resolve(name);
    String first = Files.exists(before) ? Files.readString(before) : "gantry serve\n";
    steps.add(new Step("00000.sh", 0, first, Optional.empty()));
    for (Block block : document.blocks()) {
      add(block);
    }
  }

  private void add(Block block) {
    switch (block.kind().orElse(Kind.TEXT)) {
      case SH -> add(block, ".sh", block.text());
      case INITIATOR -> add(block, ".initiator", block.text());
      case CONSOLE -> addTranscript(block);
      case OUTPUT -> addOutput(block);
      case TOML -> addConfiguration(block);
      case JSON, XML, JAVA, MAVEN, ELSEWHERE, POWERSHELL, ESXCLI, JAVASCRIPT, YAML, TEXT -> {}
    }
  }

  private void add(Block block, String extension, String commands) {
    String file = "%05d%s".formatted(block.line(), extension);
    steps.add(new Step(file, block.line(), commands, Optional.empty()));
  }

  /** Each command is a step, which may fail if it prints what it should. */
  private void addTranscript(Block block) {
    Matcher command =
        Pattern.compile("(?ms)^\\$ ((?:[^\\n]*\\\\\\n)*[^\\n]*\\n)(.*?)(?=^\\$ |\\z)")
            .matcher(block.text());
    for (int i = 0; command.find(); i++) {
      String file = "%05d-%03d.any".formatted(block.line(), i);
      Pattern shown = pattern(command.group(2), false);
      steps.add(new Step(file, block.line(), command.group(1), Optional.of(shown)));
    }
  }

  private void addOutput(Block block) {
    Step last = steps.removeLast();
    Optional<Pattern> shown = Optional.of(pattern(block.text(), true));
    steps.add(new Step(last.file(), last.line(), last.commands(), shown));
  }

  /** A file is put where its first line says, and read by the daemon's own loader. */
  private void addConfiguration(Block block) {
    Matcher path = Pattern.compile("\\A# (/[\\w/.-]+)").matcher(block.text());
    String file = path.find() ? path.group(1) : "part.toml";
    String commands =
        "(umask 077 && cat >%1$s <<'END'\n%2$sEND\n)\ngantry config check %1$s\n"
            .formatted(file, block.text());
    add(block, ".sh", commands);
  }

  /**
   * What output fits what a document shows: line by line but for white space; {@code ...} stands
   * for anything, as a line for any lines.
   *
   * @param measured whether numbers may be others
   */
  static Pattern pattern(String shown, boolean measured) {
    StringBuilder pattern = new StringBuilder("(?s)\\A\\s*");
    for (String line : shown.lines().map(String::strip).filter(s -> !s.isEmpty()).toList()) {
      if (line.equals("...")) {
        pattern.append(".*");
        continue;
      }
      String[] parts = line.split("\\.\\.\\.", -1);
      for (int i = 0; i < parts.length; i++) {
        pattern.append(i == 0 ? "" : "[^\\n]*");
        pattern.append(words(parts[i], measured));
      }
      pattern.append("\\s*?(?:\\n\\s*|\\z)");
    }
    return Pattern.compile(pattern.append("\\z").toString());
  }

  private static String words(String text, boolean measured) {
    StringBuilder pattern = new StringBuilder();
    Matcher number = MEASURED.matcher(text);
    int from = 0;
    while (measured && number.find()) {
      pattern.append(spaced(text.substring(from, number.start())));
      pattern.append(MEASURED.pattern());
      from = number.end();
    }
    return pattern.append(spaced(text.substring(from))).toString();
  }

  private static String spaced(String text) {
    StringBuilder pattern = new StringBuilder();
    for (String piece : text.split("(?<=\\s)(?=\\S)|(?<=\\S)(?=\\s)", -1)) {
      pattern.append(piece.isBlank() ? piece.isEmpty() ? "" : "[ \\t]+" : Pattern.quote(piece));
    }
    return pattern.toString();
  }

  /** Whether a block is something to do at the server. */
  static boolean isForTheServer(Block block) {
    return block.is(Kind.SH) || block.is(Kind.CONSOLE) || block.is(Kind.TOML);
  }

  /** Programs that it needs and that are not installed. */
  List<String> missing() {
    String all = steps.stream().map(Step::commands).collect(Collectors.joining("\n"));
    return PROGRAMS.entrySet().stream()
        .filter(
            program -> Pattern.compile("\\b%s\\b".formatted(program.getKey())).matcher(all).find())
        .map(Map.Entry::getValue)
        .filter(program -> !Launcher.has(program))
        .toList();
  }

  /** Whether there is nothing to do. */
  boolean isEmpty() {
    return steps.size() == 1;
  }

  List<Step> steps() {
    return List.copyOf(steps);
  }

  boolean needsInitiator() {
    return steps.stream().anyMatch(step -> step.file().endsWith(".initiator"));
  }

  /**
   * What came of it.
   *
   * @param status of the script
   * @param problems what did not work, or printed something else; or what is missing
   */
  record Outcome(int status, List<String> problems) {}

  /**
   * Carries the steps out.
   *
   * @param directory where they, and what they print, are written to
   * @param guest where the guest's files are
   */
  Outcome run(Path directory, Path guest) throws IOException, InterruptedException {
    for (Step step : steps) {
      Files.writeString(directory.resolve(step.file()), step.commands());
    }
    List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve("story").toString()));
    command.addAll(List.of(Documents.ROOT.toString(), directory.toString()));
    if (needsInitiator()) {
      command.add(guest.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Path log = directory.resolve("log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    process.getOutputStream().close();
    try {
      process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } finally {
      process.destroyForcibly(); // and all that it started
    }
    int status = process.waitFor();
    if (status == NO_MACHINE) {
      return new Outcome(status, List.of("a machine of its own: " + Files.readString(log)));
    }
    List<String> problems = new ArrayList<>();
    for (Step step : steps) {
      problem(directory, step).ifPresent(problems::add);
      if (!hasEnded(directory, step)) {
        break;
      }
    }
    if (status != 0 && problems.isEmpty()) {
      problems.add("%s: the story ended with %d".formatted(document, status));
    }
    if (!problems.isEmpty()) {
      problems.add(Files.readString(log));
    }
    return new Outcome(status, problems);
  }

  private static boolean hasEnded(Path directory, Step step) {
    return Files.exists(directory.resolve(step.file() + ".ended"));
  }

  private Optional<String> problem(Path directory, Step step) throws IOException {
    Path file = directory.resolve(step.file() + ".out");
    String where = "%s:%d".formatted(document, step.line());
    String out = Files.exists(file) ? Files.readString(file) : "";
    if (!hasEnded(directory, step)) {
      return Optional.of("%s: failed, or did not end:%n%s".formatted(where, out));
    }
    return step.shown()
        .filter(shown -> !shown.matcher(out).matches())
        .map(_ -> "%s: prints something else:%n%s%n%s".formatted(where, step.commands(), out));
  }
}
