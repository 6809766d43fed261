package io.gantry.cli;

import io.gantry.server.SnapshotView;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "snapshot",
    description = "Keep what a volume holds at an instant, and go back to it.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SnapshotCommand.Create.class,
      SnapshotCommand.ListAll.class,
      SnapshotCommand.Rollback.class,
      SnapshotCommand.Delete.class
    })
final class SnapshotCommand {
  /** A command on one snapshot. */
  abstract static class OnSnapshot extends DaemonCommand {
    @Parameters(
        index = "0",
        paramLabel = "VOLUME",
        completionCandidates = VolumeNames.class,
        description = "The volume.")
    String volume;

    @Parameters(index = "1", paramLabel = "NAME", description = "The snapshot.")
    String name;
  }

  @Command(
      name = "create",
      description = "Make a snapshot: at once, and without space of its own.",
      footer = {"", "Example:", "  gantry snapshot create golden before-update"})
  static final class Create extends OnSnapshot {
    @Override
    void run(DaemonClient client) throws IOException {
      SnapshotView snapshot = client.createSnapshot(volume, name);
      if (json()) {
        Terminal.printJson(out(), snapshot);
      } else {
        out().printf("created %s@%s%n", volume, name);
      }
    }
  }

  @Command(
      name = "list",
      description = "List the snapshots of a volume, or of all.",
      footer = {"", "Examples:", "  gantry snapshot list", "  gantry snapshot list golden --json"})
  static final class ListAll extends DaemonCommand {
    @Parameters(
        paramLabel = "VOLUME",
        arity = "0..1",
        completionCandidates = VolumeNames.class,
        description = "The volume.")
    private @Nullable String volume;

    @Override
    void run(DaemonClient client) throws IOException {
      List<SnapshotView> snapshots = new ArrayList<>();
      if (volume != null) {
        snapshots.addAll(client.snapshots(volume));
      } else {
        for (VolumeView each : client.volumes()) {
          snapshots.addAll(client.snapshots(each.name()));
        }
      }
      if (json()) {
        Terminal.printJson(out(), snapshots);
        return;
      }
      if (snapshots.isEmpty()) {
        out().println("no snapshots; make one: gantry snapshot create VOLUME NAME");
        return;
      }
      Terminal.Table table =
          new Terminal.Table("VOLUME", "NAME", ">SIZE", ">MAPPED", ">UNIQUE", "CREATED");
      for (SnapshotView snapshot : snapshots) {
        table.row(
            snapshot.volume(),
            snapshot.name(),
            Size.human(snapshot.sizeBytes()),
            Size.human(snapshot.mappedBytes()),
            Size.human(snapshot.uniqueBytes()),
            snapshot.created());
      }
      table.print(out(), "");
    }
  }

  @Command(
      name = "rollback",
      description = {
        "Make the volume hold what the snapshot holds. What was written since is gone, unless"
            + " another snapshot has it.",
        "Initiators must not have the volume mounted."
      },
      footer = {"", "Example:", "  gantry snapshot rollback golden before-update"})
  static final class Rollback extends OnSnapshot {
    @Override
    void run(DaemonClient client) throws IOException {
      print(client.rollBack(volume, name), "%s is as it was at %s".formatted(volume, name));
    }
  }

  @Command(
      name = "delete",
      description = "Delete a snapshot; clones made of it stay.",
      footer = {"", "Example:", "  gantry snapshot delete golden before-update"})
  static final class Delete extends OnSnapshot {
    @Override
    void run(DaemonClient client) throws IOException {
      client.deleteSnapshot(volume, name);
      done("deleted", volume + "@" + name);
    }
  }
}
