package io.gantry.cli;

import io.gantry.server.EventView;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "events",
    description = {
      "See what happened: who created, deleted, copied, logged in or was refused, and what the"
          + " server warns of.",
      "The server remembers the last 4096 events until it stops; what somebody did is also in"
          + " audit.log of its data directory."
    },
    footer = {
      "",
      "Examples:",
      "  gantry events",
      "  gantry events --follow",
      "  gantry events --follow --json | jq 'select(.type == \"session.refused\")'"
    })
final class EventsCommand extends DaemonCommand {
  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      defaultValue = "50",
      description = "How many to begin with, at most 1000 (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Option(
      names = {"-f", "--follow"},
      description =
          "Go on with what happens, until interrupted. With --json a line for each event.")
  private boolean follow;

  @Spec private CommandSpec spec;

  @Override
  void run(DaemonClient client) throws IOException {
    if (limit < 1 || limit > 1000) {
      throw new ParameterException(spec.commandLine(), "--limit is 1 to 1000, not " + limit);
    }
    List<EventView> events = client.events(limit);
    if (json() && !follow) {
      Terminal.printJson(out(), events);
      return;
    }
    events.forEach(this::print);
    long last = events.isEmpty() ? 0 : events.getLast().id();
    while (follow && isRead()) {
      last =
          client.follow(
              last,
              event -> {
                print(event);
                return isRead();
              });
    }
  }

  private void print(EventView event) {
    if (json()) {
      out().println(Terminal.jsonLine(event));
      return;
    }
    String who =
        (event.who() == null ? "" : event.who())
            + (event.address() == null ? "" : " (" + event.address() + ")");
    // What initiators say of themselves is part of it.
    out()
        .println(
            Terminal.printable(
                "%s  %-18s  %s%s"
                    .formatted(
                        event.time(),
                        event.type(),
                        who.isEmpty() ? "" : who.strip() + ": ",
                        event.message())));
  }
}
