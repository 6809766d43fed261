package io.gantry.cli;

import io.gantry.server.SessionView;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "session",
    description = "See and end the sessions of initiators.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {SessionCommand.ListAll.class, SessionCommand.Drop.class})
final class SessionCommand {
  @Command(
      name = "list",
      description = {
        "List the sessions that are open, oldest first.",
        "INITIATOR is what the host says of itself; USER is what it has proved."
      },
      footer = {"", "Examples:", "  gantry session list", "  gantry session list --json"})
  static final class ListAll extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      List<SessionView> sessions = client.sessions();
      if (json()) {
        Terminal.printJson(out(), sessions);
        return;
      }
      if (sessions.isEmpty()) {
        out().println("no sessions are open");
        return;
      }
      Terminal.Table table =
          new Terminal.Table(
              ">ID",
              "INITIATOR",
              "USER",
              "ADDRESS",
              "SINCE",
              ">COMMANDS",
              ">READ",
              ">WRITTEN",
              "DIGESTS");
      for (SessionView session : sessions) {
        table.row(
            session.id(),
            session.initiator() + (session.discovery() ? " (discovery)" : ""),
            session.user() == null ? "-" : session.user(),
            session.address(),
            Instant.parse(session.since()).truncatedTo(ChronoUnit.SECONDS),
            "%,d".formatted(session.commands()),
            Size.human(session.readBytes()),
            Size.human(session.writtenBytes()),
            digests(session));
      }
      table.print(out(), "");
    }

    private static String digests(SessionView session) {
      return session.headerDigest()
          ? session.dataDigest() ? "header, data" : "header"
          : session.dataDigest() ? "data" : "none";
    }
  }

  @Command(
      name = "drop",
      description = {
        "End a session: its commands end, and its connection is closed.",
        "Most initiators log in again at once; to keep one out, change the rules."
      },
      footer = {"", "Example:", "  gantry session drop 3"})
  static final class Drop extends DaemonCommand {
    @Parameters(paramLabel = "ID", description = "As 'gantry session list' shows it.")
    private int id;

    @Override
    void run(DaemonClient client) throws IOException {
      client.dropSession(id);
      done("dropped", id);
    }
  }
}
