package io.gantry.cli;

import io.gantry.copy.Connector;
import io.gantry.copy.doctor.Bench;
import io.gantry.copy.doctor.Examination;
import io.gantry.copy.doctor.Rule;
import io.gantry.copy.doctor.Rules;
import io.gantry.copy.doctor.Verdict.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

@Command(
    name = "conformance",
    header = "Check every rule of copy offload on a logical unit.",
    description = {
      "Tokens, their results and their life, EXTENDED COPY and what page 8Fh says of them, each"
          + " rule with the clause that it is from. Commands are put together byte by byte from the"
          + " standards' tables.",
      "No data are changed, unless --scratch names a range that may be. Exit code: 0 if every rule"
          + " that could be checked is met, else 1; 2 wrong usage."
    },
    footer = {
      "",
      "Examples:",
      "  gantry conformance --scratch 0:4M iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0",
      "  gantry conformance --scratch 0:4M --other iscsi://array/iqn.2010-01.com.example:x/3 \\",
      "                     --restart-command 'ssh array systemctl restart target' \\",
      "                     iscsi://array/iqn.2010-01.com.example:y/0",
      "  gantry conformance --rule W4 --rule T2 --scratch 0:4M \\",
      "                     iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0"
    })
final class ConformanceCommand extends RuleCommand {
  @Option(
      names = "--rule",
      paramLabel = "NAME",
      description = "Check this rule only, such as W4; can be given several times.")
  private List<String> names = List.of();

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

  @Override
  List<Rule> rules() {
    if (names.isEmpty()) {
      return Rules.all();
    }
    List<Rule> chosen = new ArrayList<>();
    for (String name : names) {
      chosen.add(
          Rules.all().stream()
              .filter(rule -> rule.id().equalsIgnoreCase(name))
              .findFirst()
              .orElseThrow(() ->
                  new ParameterException(
                      spec.commandLine(), "there is no rule '%s'".formatted(name))));
    }
    return chosen;
  }

  @Override
  Bench.Surroundings surroundings(Devices devices, @Nullable Connector nexus) {
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

  @Override
  boolean isPassed(Examination examination) {
    return examination.isPassed();
  }

  @Override
  String conclusion(Examination examination) {
    long broken = examination.count(Kind.NOT_MET);
    return examination
        .lost()
        .map(why -> "The disk was lost in the middle (%s).".formatted(why))
        .orElse(
            broken == 0
                ? "Every rule that could be checked is met."
                : broken == 1 ? "One rule is not met." : "%d rules are not met.".formatted(broken));
  }
}
