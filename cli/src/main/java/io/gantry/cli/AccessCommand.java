package io.gantry.cli;

import io.gantry.server.AccessView;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "access",
    description = "See who may use which volumes, and have the rules read again.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {AccessCommand.ListAll.class, AccessCommand.Reload.class})
final class AccessCommand {
  @Command(
      name = "reload",
      description = {
        "Have the server read users and rules again from the file that 'gantry serve --config'"
            + " names, and show them.",
        "Sessions of those who may not log in any more end, the others go on; what each may do"
            + " changes with its next command. A file that makes no sense changes nothing."
      },
      footer = {"", "Example:", "  gantry access reload"})
  static final class Reload extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      show(client.reloadAccess(), out(), json());
    }
  }

  @Command(
      name = "list",
      description = {
        "List portals, users and rules; secrets are not shown.",
        "For each initiator and volume the first rule counts that is about both. They come from"
            + " the file that 'gantry serve --config' names."
      },
      footer = {"", "Examples:", "  gantry access list", "  gantry access list --json"})
  static final class ListAll extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      show(client.access(), out(), json());
    }
  }

  private static void show(AccessView access, PrintWriter out, boolean json) {
    if (json) {
      Terminal.printJson(out, access);
      return;
    }
    out.println("portals  " + String.join(", ", access.portals()));
    out.println("users    " + (access.users().isEmpty() ? "-" : text(access.users())));
    if (access.rules().isEmpty()) {
      out.println(
          access.users().isEmpty()
              ? "rules    none: this machine may use all volumes, and nobody else gets in"
              : "rules    none: this machine and all users may use all volumes");
      return;
    }
    out.println();
    Terminal.Table table =
        new Terminal.Table(">RULE", "INITIATORS", "USERS", "ADDRESSES", "VOLUMES", "ACCESS");
    int number = 0;
    for (AccessView.Rule rule : access.rules()) {
      table.row(
          ++number,
          anyOr(rule.initiators()),
          anyOr(rule.users()),
          anyOr(rule.addresses()),
          anyOr(rule.volumes()),
          rule.access());
    }
    table.print(out, "");
  }

  private static String text(List<String> list) {
    return String.join(", ", list);
  }

  private static String anyOr(List<String> list) {
    return list.isEmpty() ? "any" : text(list);
  }
}
