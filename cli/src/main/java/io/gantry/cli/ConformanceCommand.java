package io.gantry.cli;

import io.gantry.copy.conformance.Examination;
import io.gantry.copy.conformance.Rule;
import io.gantry.copy.conformance.Rules;
import io.gantry.copy.conformance.Verdict.Kind;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "conformance",
    header = "Try every rule of copy offload on a logical unit.",
    description = {
      "Tokens, their results and their life, EXTENDED COPY and what page 8Fh says of them, each"
          + " rule with the clause that it is from. Commands are put together byte by byte from the"
          + " standards' tables.",
      "Nothing is written, unless --scratch names a range that may be. Exit code: 0 if every rule"
          + " that could be tried is kept, else 1."
    },
    footer = {
      "",
      "Example:",
      "  gantry conformance --scratch 0:2M iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0"
    })
final class ConformanceCommand extends RuleCommand {
  @Override
  List<Rule> rules() {
    return Rules.all();
  }

  @Override
  String conclusion(Examination examination) {
    return examination.isPassed()
        ? "No rule is broken, of those that could be tried."
        : "%d rules are broken.".formatted(examination.count(Kind.NOT_MET));
  }
}
