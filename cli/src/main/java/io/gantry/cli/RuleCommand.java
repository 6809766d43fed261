package io.gantry.cli;

import io.gantry.copy.Connector;
import io.gantry.copy.doctor.Bench;
import io.gantry.copy.doctor.Examination;
import io.gantry.copy.doctor.Examination.Finding;
import io.gantry.copy.doctor.Rule;
import io.gantry.copy.doctor.Verdict;
import io.gantry.copy.doctor.Verdict.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Checks rules on a logical unit and tells what was found. */
abstract class RuleCommand implements Callable<Integer> {
  private static final int VERDICT_WIDTH = 11;

  @Spec CommandSpec spec;

  @Parameters(
      paramLabel = "URL",
      converter = CopyCommand.LocationConverter.class,
      description =
          "A logical unit: iscsi://[USER[%%PASSWORD]@]HOST[:PORT]/TARGET/LUN, or pool:DIR/VOLUME.")
  private Location location;

  @Option(
      names = "--scratch",
      paramLabel = "OFFSET:LENGTH",
      converter = ScratchConverter.class,
      description =
          "Bytes of the logical unit that are OVERWRITTEN, at least 256 blocks: 10G:2M. Without"
              + " this no data are changed, and what needs writing is not checked.")
  private Bench.@Nullable Scratch scratch;

  @Option(
      names = "--other",
      paramLabel = "URL",
      converter = CopyCommand.LocationConverter.class,
      description =
          "A logical unit of another target with tokens; it is read, and never written. Without"
              + " this it is not checked what becomes of its tokens here.")
  private @Nullable Location other;

  @Option(
      names = "--restart-command",
      paramLabel = "COMMAND",
      description =
          "Run by the shell in the middle, to RESTART THE TARGET; it may also wait for somebody who"
              + " does, as in 'echo restart the array, then press Enter; read x'. The examination"
              + " goes on when the target is back. Without this it is not checked what becomes of"
              + " tokens over a restart.")
  private @Nullable String restartCommand;

  @Mixin private JsonOption format;

  /** Finding and rule for programs. */
  record Line(
      String rule,
      String group,
      String title,
      String clause,
      String effect,
      boolean needed,
      String verdict,
      String found,
      String otherwise) {
    static Line of(Finding finding) {
      Rule rule = finding.rule();
      return new Line(
          rule.id(),
          word(rule.group()),
          rule.title(),
          rule.clause(),
          word(rule.effect()),
          rule.isNeeded(),
          word(finding.verdict().kind()),
          finding.verdict().found(),
          rule.otherwise());
    }

    private static String word(Enum<?> value) {
      return value.name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * All of it for programs.
   *
   * @param passed what the exit code says
   * @param conclusion what follows, for people
   */
  record Result(String url, boolean passed, String conclusion, List<Line> findings) {}

  abstract List<Rule> rules();

  /** Whether the exit code is 0. */
  abstract boolean isPassed(Examination examination);

  /** What stands at the end. */
  abstract String conclusion(Examination examination);

  @Override
  public Integer call() throws IOException {
    List<Rule> rules = rules();
    try (Devices devices = new Devices()) {
      Connector nexus =
          location instanceof Location.Iscsi(var url, _) ? () -> Devices.open(url) : null;
      try (Bench bench = open(devices, surroundings(devices, nexus))) {
        return examine(rules, bench) ? 0 : 1;
      }
    }
  }

  /**
   * What rules may use besides the logical unit.
   *
   * @param nexus makes another I_T nexus with it; null if there can be none
   */
  private Bench.Surroundings surroundings(Devices devices, @Nullable Connector nexus) {
    Location named = other;
    String command = restartCommand;
    return new Bench.Surroundings(
        nexus,
        named == null ? null : () -> devices.open(named),
        command == null ? null : () -> runByShell(command));
  }

  /** Runs a command to its end. What it prints goes to standard error, for ours is for findings. */
  private static void runByShell(String command) throws IOException {
    try {
      int exit =
          new ProcessBuilder("sh", "-c", "exec 1>&2\n" + command).inheritIO().start().waitFor();
      if (exit != 0) {
        throw new IOException("'%s' ended with exit code %d".formatted(command, exit));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while '%s' ran".formatted(command), e);
    }
  }

  private Bench open(Devices devices, Bench.Surroundings surroundings) throws IOException {
    var device = devices.open(location);
    try {
      return Bench.open(device, surroundings, Optional.ofNullable(scratch), System::nanoTime);
    } catch (IOException e) {
      device.close();
      throw new Failure("%s: %s".formatted(location.name(), e.getMessage()), e);
    }
  }

  private boolean examine(List<Rule> rules, Bench bench) {
    PrintWriter out = spec.commandLine().getOut();
    Printer printer = new Printer(out);
    Examination examination =
        Examination.run(rules, bench, format.json ? finding -> {} : printer::print);
    boolean passed = isPassed(examination);
    if (format.json) {
      Terminal.printJson(
          out,
          new Result(
              location.name(),
              passed,
              conclusion(examination),
              examination.findings().stream().map(Line::of).toList()));
    } else {
      out.printf(
          "%n%d met, %d not met, %d not offered, %d not checked%n%n",
          examination.count(Kind.MET),
          examination.count(Kind.NOT_MET),
          examination.count(Kind.NOT_OFFERED),
          examination.count(Kind.NOT_CHECKED));
      out.println(Terminal.paint(passed ? "bold,green" : "bold,red", conclusion(examination)));
    }
    out.flush();
    return passed;
  }

  /** Prints what was found of one rule after the other, under the headings of their groups. */
  private static final class Printer {
    private final PrintWriter out;
    private Rule.@Nullable Group group;

    Printer(PrintWriter out) {
      this.out = out;
    }

    void print(Finding finding) {
      Rule rule = finding.rule();
      if (group != rule.group()) {
        out.println((group == null ? "" : "\n") + Terminal.paint("bold", rule.group().words()));
        group = rule.group();
      }
      Verdict verdict = finding.verdict();
      String words = verdict.kind().words();
      String found = verdict.found().isEmpty() ? "" : ": " + verdict.found();
      out.printf(
          "  %s%s  %-3s  %s%s%n",
          Terminal.paint(style(finding), words),
          " ".repeat(VERDICT_WIDTH - words.length()),
          rule.id(),
          rule.title(),
          found);
      if (verdict.kind() == Kind.NOT_MET) {
        String indent = " ".repeat(VERDICT_WIDTH + 9);
        if (!rule.otherwise().isEmpty()) {
          out.printf("%s-> %s%n", indent, rule.otherwise());
        }
        out.printf("%s   %s%n", indent, rule.clause());
      }
      out.flush();
    }

    private static String style(Finding finding) {
      return switch (finding.verdict().kind()) {
        case MET -> "green";
        case NOT_MET -> finding.rule().isNeeded() ? "bold,red" : "yellow";
        case NOT_OFFERED, NOT_CHECKED -> "faint";
      };
    }
  }

  static final class ScratchConverter implements ITypeConverter<Bench.Scratch> {
    @Override
    public Bench.Scratch convert(String value) {
      int colon = value.indexOf(':');
      try {
        if (colon > 0) {
          return new Bench.Scratch(
              Size.parse(value.substring(0, colon)).bytes(),
              Size.parse(value.substring(colon + 1)).bytes());
        }
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
      throw new TypeConversionException(
          "'%s' is no range: write OFFSET:LENGTH, as in 0:1M".formatted(value));
    }
  }
}
