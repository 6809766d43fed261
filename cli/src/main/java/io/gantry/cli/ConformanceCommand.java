package io.gantry.cli;

import io.gantry.copy.doctor.Examination;
import io.gantry.copy.doctor.Rule;
import io.gantry.copy.doctor.Rules;
import io.gantry.copy.doctor.Verdict.Kind;
import java.util.ArrayList;
import java.util.List;
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
      "No data are changed, unless --scratch names a range that may be."
    },
    exitCodeList = {
      "0:every rule that could be checked is met",
      "1:one is not, or the logical unit could not be reached to the end",
      "2:wrong usage"
    },
    footer = {
      "",
      "Examples:",
      "  gantry conformance --scratch 0:4M \\",
      "                     iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0",
      "  gantry conformance --scratch 0:4M \\",
      "                     --other iscsi://array/iqn.2010-01.com.example:x/3 \\",
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
