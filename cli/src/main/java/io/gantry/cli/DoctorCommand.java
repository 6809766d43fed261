package io.gantry.cli;

import io.gantry.copy.doctor.Examination;
import io.gantry.copy.doctor.Rule;
import io.gantry.copy.doctor.Rules;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "doctor",
    header = "Find out why Windows does not offload copies (ODX).",
    description = {
      "Checks what Windows requires of a logical unit before and while it offloads, rule by rule,"
          + " and says what follows where a rule is not met. The last line says it all.",
      "No data are changed, unless --scratch names a range that may be; with it, copies are made"
          + " and compared, which takes some seconds. Without it tokens are made of some blocks:"
          + " that reads, and changes nothing."
    },
    exitCodeList = {
      "0:Windows will offload copies here, as far as was checked",
      "1:it will not, or the logical unit could not be reached to the end",
      "2:wrong usage"
    },
    footer = {
      "",
      "Examples:",
      "  gantry doctor iscsi://array/iqn.2010-01.com.example:x/3",
      "  gantry doctor --scratch 10G:2M iscsi://array/iqn.2010-01.com.example:x/3",
      "  gantry doctor --json iscsi://array/iqn.2010-01.com.example:x/3 \\",
      "    | jq .conclusion"
    })
final class DoctorCommand extends RuleCommand {
  @Override
  List<Rule> rules() {
    return Rules.forWindows();
  }

  @Override
  boolean isPassed(Examination examination) {
    return examination.isOffloading();
  }

  @Override
  String conclusion(Examination examination) {
    return examination.conclusion();
  }
}
