package io.gantry.cli;

import io.gantry.server.CopiesView;
import io.gantry.server.CopyView;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "copies",
    description = "See and stop the copies that hosts ask the storage for.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CopiesCommand.ListAll.class,
      CopiesCommand.Watch.class,
      CopiesCommand.Cancel.class
    })
final class CopiesCommand {
  private static void show(DaemonCommand command, CopiesView view) {
    if (command.json()) {
      Terminal.printJson(command.out(), view);
      return;
    }
    if (view.copies().isEmpty()) {
      command.out().println("no copies since the daemon's start");
      return;
    }
    Terminal.Table table =
        new Terminal.Table(
            ">ID",
            "INITIATOR",
            "COMMAND",
            "FROM",
            "TO",
            "STATE",
            ">BYTES",
            ">SHARED",
            ">MOVED",
            ">ZEROED",
            "STARTED",
            ">TOOK",
            "REMARK");
    for (CopyView copy : view.copies()) {
      table.row(
          copy.id(),
          copy.initiator(),
          copy.command().toLowerCase(Locale.ROOT).replace('_', ' '),
          copy.source(),
          copy.destination(),
          Terminal.painted(
              style(copy.state()), copy.state() + (copy.background() ? " (background)" : "")),
          Size.human(copy.wantedBytes()),
          Size.human(copy.sharedBytes()),
          Size.human(copy.copiedBytes()),
          Size.human(copy.zeroedBytes()),
          Instant.parse(copy.started()).truncatedTo(ChronoUnit.SECONDS),
          Terminal.human(Duration.ofNanos((long) (copy.tookSeconds() * 1e9))),
          String.join("; ", remarks(copy)));
    }
    table.print(command.out(), "");
    command
        .out()
        .printf(
            "since the start: %,d tokens, %,d copies (%,d of them partial), %,d failed, %,d"
                + " aborted; %s shared, %s moved, %s zeroed%n",
            view.tokens(),
            view.copied(),
            view.partial(),
            view.failed(),
            view.aborted(),
            Size.human(view.sharedBytes()),
            Size.human(view.copiedBytes()),
            Size.human(view.zeroedBytes()));
  }

  private static String style(String state) {
    return switch (state) {
      case "failed", "aborted" -> "red";
      case "running" -> "green";
      default -> "reset";
    };
  }

  private static List<String> remarks(CopyView copy) {
    return List.of(
            copy.outcome(), copy.notOffloaded().isEmpty() ? "" : "moved: " + copy.notOffloaded())
        .stream()
        .filter(text -> !text.isEmpty())
        .toList();
  }

  @Command(
      name = "list",
      description = {
        "List the copy operations that run, and the last ones that have ended, newest first.",
        "SHARED cost nothing; MOVED had to be read and written, and REMARK says why; ZEROED are"
            + " holes."
      },
      footer = {"", "Examples:", "  gantry copies list", "  gantry copies list --json"})
  static final class ListAll extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      show(this, client.copies());
    }
  }

  @Command(
      name = "watch",
      description =
          "Show the list again and again, until interrupted. With --json a line for each time.",
      footer = {"", "Example:", "  gantry copies watch --interval 5"})
  static final class Watch extends DaemonCommand {
    @Mixin private Repetition repetition;

    @Override
    void run(DaemonClient client) throws IOException {
      long times = repetition.times(Long.MAX_VALUE);
      for (long i = 0; i < times && isRead(); i++) {
        if (i > 0) {
          repetition.pause();
        }
        CopiesView view = client.copies();
        if (json()) {
          print(view, true);
        } else {
          Terminal.beginAgain(out(), i == 0);
          show(this, view);
        }
      }
    }
  }

  @Command(
      name = "cancel",
      description = {
        "Stop a copy where it is.",
        "Its initiator is told how much was done; what was done stays."
      },
      footer = {"", "Example:", "  gantry copies cancel 17"})
  static final class Cancel extends DaemonCommand {
    @Parameters(paramLabel = "ID", description = "As 'gantry copies list' shows it.")
    private long id;

    @Override
    void run(DaemonClient client) throws IOException {
      client.cancelCopy(id);
      done("cancelled", id);
    }
  }
}
