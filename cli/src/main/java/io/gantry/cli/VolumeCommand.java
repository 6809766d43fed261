package io.gantry.cli;

import io.gantry.server.CloneRequest;
import io.gantry.server.RangeView;
import io.gantry.server.VolumeChange;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "volume",
    description = "Create, show, change, clone, fill and delete the volumes of a running daemon.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      VolumeCommand.Create.class,
      VolumeCommand.ListAll.class,
      VolumeCommand.Show.class,
      VolumeCommand.Map.class,
      VolumeCommand.Resize.class,
      VolumeCommand.Rename.class,
      VolumeCommand.Protect.class,
      VolumeCommand.Clone.class,
      VolumeCommand.Delete.class,
      VolumeImportCommand.class,
      VolumeExportCommand.class
    })
final class VolumeCommand {
  /** A command on one volume. */
  abstract static class OnVolume extends DaemonCommand {
    @Parameters(
        index = "0",
        paramLabel = "NAME",
        completionCandidates = VolumeNames.class,
        description = "The volume.")
    String name;
  }

  @Command(
      name = "create",
      description = "Create a volume. The last line printed is its URL.",
      footer = {"", "Example:", "  gantry volume create disk 10G"})
  static final class Create extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "Letters, digits, dots, dashes, underscores.")
    private String name;

    @Parameters(
        paramLabel = "SIZE",
        converter = Size.Converter.class,
        description = "Bytes, or with K, M, G, T: 4096, 512M, 10G.")
    private Size size;

    @Option(
        names = "--block-size",
        paramLabel = "BYTES",
        defaultValue = "512",
        converter = BlockSize.Converter.class,
        description =
            "512, 512e (and physical blocks of 4096) or 4096 (default: ${DEFAULT-VALUE}).")
    private BlockSize block;

    @Override
    void run(DaemonClient client) throws IOException {
      VolumeView volume = client.create(block.request(name, size.bytes()));
      print(volume, "created %s, %s, LUN %d".formatted(name, size, volume.lun()));
    }
  }

  @Command(
      name = "list",
      description = "List the volumes.",
      footer = {"", "Examples:", "  gantry volume list", "  gantry volume list --json"})
  static final class ListAll extends DaemonCommand {
    @Option(names = "--names", description = "Only their names, one on a line.")
    private boolean names;

    @Override
    void run(DaemonClient client) throws IOException {
      List<VolumeView> volumes = client.volumes();
      if (names) {
        List<String> all = volumes.stream().map(VolumeView::name).toList();
        if (json()) {
          Terminal.printJson(out(), all);
        } else {
          all.forEach(out()::println);
        }
        return;
      }
      if (json()) {
        Terminal.printJson(out(), volumes);
        return;
      }
      if (volumes.isEmpty()) {
        out().println("no volumes; create one: gantry volume create NAME SIZE");
        return;
      }
      Terminal.Table table =
          new Terminal.Table(">LUN", "NAME", ">SIZE", ">MAPPED", ">UNIQUE", ">BLOCK", "URL");
      for (VolumeView volume : volumes) {
        String faults = volume.faults().isEmpty() ? "" : " FAULTS ON PURPOSE: " + volume.faults();
        table.row(
            volume.lun(),
            volume.name(),
            Size.human(volume.sizeBytes()),
            Size.human(volume.mappedBytes()),
            Size.human(volume.uniqueBytes()),
            volume.blockBytes(),
            faults.isEmpty() ? volume.url() : Terminal.painted("yellow", volume.url() + faults));
      }
      table.print(out(), "");
    }
  }

  @Command(
      name = "show",
      description = "Show one volume.",
      footer = {"", "Example:", "  gantry volume show golden"})
  static final class Show extends OnVolume {
    @Override
    void run(DaemonClient client) throws IOException {
      VolumeView volume = client.volume(name);
      if (json()) {
        Terminal.printJson(out(), volume);
        return;
      }
      new Terminal.Table("", "")
          .row("name", volume.name())
          .row("LUN", volume.lun())
          .row(
              "size",
              "%s (%,d bytes)".formatted(Size.human(volume.sizeBytes()), volume.sizeBytes()))
          .row("mapped", Size.human(volume.mappedBytes()))
          .row("unique", Size.human(volume.uniqueBytes()) + " that deleting it would free")
          .row("access", volume.readOnly() ? "read-only" : "read and write")
          .row("block", BlockSize.human(volume))
          .row("faults", volume.faults().isEmpty() ? "none" : volume.faults())
          .row("URL", volume.url())
          .print(out(), "");
    }
  }

  @Command(
      name = "map",
      description = {
        "Show which ranges of a volume are its own, shared, or holes.",
        "Shared: with a clone, a snapshot, a token or another range of the same volume."
      },
      footer = {"", "Example:", "  gantry volume map win11"})
  static final class Map extends OnVolume {
    @Override
    void run(DaemonClient client) throws IOException {
      List<RangeView> ranges = new ArrayList<>();
      long size = client.volume(name).sizeBytes();
      for (long from = 0; from < size; ) {
        List<RangeView> more = client.map(name, from);
        if (more.isEmpty()) {
          break; // it was made smaller meanwhile
        }
        ranges.addAll(more);
        from = more.getLast().offset() + more.getLast().lengthBytes();
      }
      if (json()) {
        Terminal.printJson(out(), ranges);
        return;
      }
      Terminal.Table table = new Terminal.Table(">OFFSET", ">LENGTH", "", "STATE");
      for (RangeView range : ranges) {
        table.row(
            range.offset(), range.lengthBytes(), Size.human(range.lengthBytes()), range.state());
      }
      table.print(out(), "");
    }
  }

  @Command(
      name = "resize",
      description = "Make a volume larger or smaller.",
      footer = {"", "Example:", "  gantry volume resize disk 20G"})
  static final class Resize extends OnVolume {
    @Parameters(
        index = "1",
        paramLabel = "SIZE",
        converter = Size.Converter.class,
        description = "Bytes, or with K, M, G, T: 4096, 512M, 10G.")
    private Size size;

    @Option(names = "--force", description = "Cut off data behind the new end.")
    private boolean force;

    @Override
    void run(DaemonClient client) throws IOException {
      VolumeView volume = client.change(name, new VolumeChange(null, size.bytes(), force, null));
      print(volume, "%s is %s now".formatted(name, size));
    }
  }

  @Command(
      name = "rename",
      description = "Give a volume another name; its LUN stays.",
      footer = {"", "Example:", "  gantry volume rename disk disk-old"})
  static final class Rename extends OnVolume {
    @Parameters(index = "1", paramLabel = "NEW", description = "Its new name.")
    private String to;

    @Override
    void run(DaemonClient client) throws IOException {
      print(
          client.change(name, new VolumeChange(to, null, null, null)),
          "%s is called %s now".formatted(name, to));
    }
  }

  @Command(
      name = "protect",
      description = "Make a volume read-only, or writable again with --off.",
      footer = {"", "Example:", "  gantry volume protect golden"})
  static final class Protect extends OnVolume {
    @Option(names = "--off", description = "Make it writable again.")
    private boolean off;

    @Override
    void run(DaemonClient client) throws IOException {
      print(
          client.change(name, new VolumeChange(null, null, null, !off)),
          "%s is %s now".formatted(name, off ? "writable" : "read-only"));
    }
  }

  @Command(
      name = "clone",
      description = {
        "Make a writable copy of a volume or snapshot at once; it shares everything with it until"
            + " one of them is written to.",
        "The last line printed is the new volume's URL."
      },
      footer = {
        "",
        "Examples:",
        "  gantry volume clone golden vm7",
        "  gantry volume clone golden@patched vm8"
      })
  static final class Clone extends DaemonCommand {
    @Parameters(
        paramLabel = "SRC",
        completionCandidates = VolumeNames.class,
        description = "VOLUME, or VOLUME@SNAPSHOT.")
    private String source;

    @Parameters(paramLabel = "NAME", description = "The new volume.")
    private String name;

    @Override
    void run(DaemonClient client) throws IOException {
      int at = source.indexOf('@');
      String snapshot = at < 0 ? null : source.substring(at + 1);
      VolumeView volume =
          client.clone(at < 0 ? source : source.substring(0, at), new CloneRequest(name, snapshot));
      print(volume, "cloned %s to %s, LUN %d".formatted(source, name, volume.lun()));
    }
  }

  @Command(
      name = "delete",
      description = "Delete a volume and what is on it.",
      footer = {"", "Example:", "  gantry volume delete disk"})
  static final class Delete extends OnVolume {
    @Override
    void run(DaemonClient client) throws IOException {
      VolumeView volume = client.volume(name);
      client.delete(name);
      if (json()) {
        Terminal.printJson(out(), volume);
      } else {
        out().println("deleted " + name);
      }
    }
  }
}
