package io.gantry.cli;

import io.gantry.copy.conformance.Examination;
import io.gantry.copy.conformance.Rule;
import io.gantry.copy.conformance.Rules;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "doctor",
    header = "Find out why Windows does not offload copies (ODX).",
    description = {
      "Tries what Windows requires of a logical unit before and while it offloads, rule by rule,"
          + " and says what follows where a rule is broken. The last line says it all.",
      "Nothing is written, unless --scratch names a range that may be; with it, copies are made and"
          + " compared.",
      "Exit code: 0 if every rule that could be tried is kept, else 1."
    },
    footer = {
      "",
      "Examples:",
      "  gantry doctor iscsi://array/iqn.2010-01.com.example:x/3",
      "  gantry doctor --scratch 10G:2M iscsi://array/iqn.2010-01.com.example:x/3"
    })
final class DoctorCommand extends RuleCommand {
  @Override
  List<Rule> rules() {
    return Rules.forWindows();
  }

  @Override
  String conclusion(Examination examination) {
    return examination.conclusion();
  }
}
