package io.gantry.cli;

import io.gantry.copy.conformance.Bench;
import io.gantry.copy.conformance.Examination;
import io.gantry.copy.conformance.Examination.Finding;
import io.gantry.copy.conformance.Rule;
import io.gantry.copy.conformance.Verdict;
import io.gantry.copy.conformance.Verdict.Kind;
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

/** Tries rules on a logical unit and tells what was found. */
abstract class RuleCommand implements Callable<Integer> {
  private static final int VERDICT_WIDTH = 11;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "URL",
      converter = CopyCommand.LocationConverter.class,
      description = "A logical unit: iscsi://[USER[%%PASSWORD]@]HOST[:PORT]/TARGET/LUN.")
  private Location location;

  @Option(
      names = "--scratch",
      paramLabel = "OFFSET:LENGTH",
      converter = ScratchConverter.class,
      description =
          "Bytes of the logical unit that may be overwritten, at least 256 blocks: 0:1M. Without"
              + " this nothing is written, and what needs writing is not tested.")
  private Bench.@Nullable Scratch scratch;

  @Mixin private JsonOption format;

  /** Finding and rule for programs. */
  record Line(
      String id,
      String title,
      String clause,
      String effect,
      String verdict,
      String found,
      String otherwise) {
    static Line of(Finding finding) {
      Rule rule = finding.rule();
      return new Line(
          rule.id(),
          rule.title(),
          rule.clause(),
          rule.effect().name().toLowerCase(Locale.ROOT),
          finding.verdict().kind().name().toLowerCase(Locale.ROOT),
          finding.verdict().found(),
          rule.otherwise());
    }
  }

  /**
   * All of it for programs.
   *
   * @param passed whether no rule is broken, and the logical unit was there to the end
   * @param conclusion what Windows will do, for people
   */
  record Result(String url, boolean passed, String conclusion, List<Line> findings) {}

  abstract List<Rule> rules();

  /** What stands at the end. */
  abstract String conclusion(Examination examination);

  @Override
  public Integer call() throws IOException {
    try (Devices devices = new Devices()) {
      Bench.Connector connector =
          location instanceof Location.Iscsi(var url, _) ? () -> Devices.open(url) : null;
      try (Bench bench = open(devices, connector)) {
        return examine(bench) ? 0 : 1;
      }
    }
  }

  private Bench open(Devices devices, Bench.@Nullable Connector connector) throws IOException {
    var device = devices.open(location);
    try {
      return Bench.open(device, connector, Optional.ofNullable(scratch), System::nanoTime);
    } catch (IOException e) {
      device.close();
      throw new Failure("%s: %s".formatted(location.name(), e.getMessage()), e);
    }
  }

  private boolean examine(Bench bench) {
    PrintWriter out = spec.commandLine().getOut();
    Examination examination =
        Examination.run(
            rules(),
            bench,
            finding -> {
              if (!format.json) {
                print(out, finding);
                out.flush();
              }
            });
    if (format.json) {
      Terminal.printJson(
          out,
          new Result(
              location.name(),
              examination.isPassed(),
              conclusion(examination),
              examination.findings().stream().map(Line::of).toList()));
    } else {
      out.printf(
          "%n%d met, %d not met, %d not offered, %d not tested%n%n%s%n",
          examination.count(Kind.MET),
          examination.count(Kind.NOT_MET),
          examination.count(Kind.NOT_OFFERED),
          examination.count(Kind.NOT_TESTED),
          conclusion(examination));
    }
    out.flush();
    return examination.isPassed();
  }

  private static void print(PrintWriter out, Finding finding) {
    Rule rule = finding.rule();
    Verdict verdict = finding.verdict();
    String words = verdict.kind().words();
    String blanks = " ".repeat(VERDICT_WIDTH - words.length());
    String found = verdict.found().isEmpty() ? "" : ": " + verdict.found();
    out.printf("%s%s  %-4s %s%s%n", words, blanks, rule.id(), rule.title(), found);
    if (verdict.kind() == Kind.NOT_MET) {
      String follows = rule.otherwise().isEmpty() ? "" : "; so " + rule.otherwise();
      out.printf("%s  %-4s (%s%s)%n", " ".repeat(VERDICT_WIDTH), "", rule.clause(), follows);
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
