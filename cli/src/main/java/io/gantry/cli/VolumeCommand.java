package io.gantry.cli;

import io.gantry.copy.Copier;
import io.gantry.copy.CopyEnd;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.ScsiDevice;
import io.gantry.server.VolumeRequest;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "volume",
    description = "Create, show, fill and delete the volumes of a running daemon.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      VolumeCommand.Create.class,
      VolumeCommand.ListAll.class,
      VolumeCommand.Show.class,
      VolumeCommand.Delete.class,
      VolumeCommand.Import.class,
      VolumeCommand.Export.class
    })
final class VolumeCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which? create, list, show, delete, import or export");
  }

  /** What the subcommands share. */
  abstract static class OnDaemon implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private DaemonClient.Options daemon;
    @Mixin private JsonOption format;

    abstract void run(DaemonClient client) throws IOException;

    @Override
    public Integer call() throws IOException {
      try (DaemonClient client = daemon.connect()) {
        run(client);
      }
      out().flush();
      return 0;
    }

    PrintWriter out() {
      return spec.commandLine().getOut();
    }

    boolean json() {
      return format.json;
    }

    /** Prints a volume: its URL last, for scripts that take the last line. */
    void print(VolumeView volume, String what) {
      if (json()) {
        Terminal.printJson(out(), volume);
      } else {
        out().println(what);
        out().println(volume.url());
      }
    }

    /** Copies between a volume and a file over iSCSI, as any initiator would. */
    CopyResult copy(CopyEnd source, CopyEnd destination) throws IOException {
      try (ProgressLine progress = ProgressLine.onStandardError()) {
        return new Copier(source, destination, progress, System::nanoTime)
            .run(CopyRequest.everything(CopyMethod.RW));
      }
    }

    static ScsiDevice open(VolumeView volume) throws IOException {
      return IscsiSession.open(IscsiUrl.parse(volume.url()));
    }
  }

  @Command(
      name = "create",
      description = "Create a volume. The last line printed is its URL.",
      footer = {"", "Example:", "  gantry volume create disk 10G"})
  static final class Create extends OnDaemon {
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
        description = "512 or 4096 (default: ${DEFAULT-VALUE}).")
    private int blockBytes;

    @Override
    void run(DaemonClient client) throws IOException {
      VolumeView volume = client.create(new VolumeRequest(name, size.bytes(), blockBytes));
      print(volume, "created %s, %s, LUN %d".formatted(name, size, volume.lun()));
    }
  }

  @Command(name = "list", description = "List the volumes.")
  static final class ListAll extends OnDaemon {
    @Override
    void run(DaemonClient client) throws IOException {
      List<VolumeView> volumes = client.volumes();
      if (json()) {
        Terminal.printJson(out(), volumes);
        return;
      }
      if (volumes.isEmpty()) {
        out().println("no volumes; create one: gantry volume create NAME SIZE");
        return;
      }
      Terminal.Table table =
          new Terminal.Table(">LUN", "NAME", ">SIZE", ">MAPPED", ">BLOCK", "URL");
      for (VolumeView volume : volumes) {
        table.row(
            volume.lun(),
            volume.name(),
            Size.human(volume.sizeBytes()),
            Size.human(volume.mappedBytes()),
            volume.blockBytes(),
            volume.url());
      }
      table.print(out(), "");
    }
  }

  @Command(name = "show", description = "Show one volume.")
  static final class Show extends OnDaemon {
    @Parameters(paramLabel = "NAME", description = "The volume.")
    private String name;

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
          .row("block", Size.human(volume.blockBytes()))
          .row("URL", volume.url())
          .print(out(), "");
    }
  }

  @Command(name = "delete", description = "Delete a volume and what is on it.")
  static final class Delete extends OnDaemon {
    @Parameters(paramLabel = "NAME", description = "The volume.")
    private String name;

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

  @Command(
      name = "import",
      description = {
        "Create a volume as long as a file and write the file to it, over iSCSI.",
        "Zeros take no space. The last line printed is the volume's URL."
      },
      footer = {"", "Example:", "  gantry volume import golden windows-server.img"})
  static final class Import extends OnDaemon {
    @Parameters(paramLabel = "NAME", description = "The new volume.")
    private String name;

    @Parameters(paramLabel = "FILE", description = "A raw image, or any file.")
    private Path file;

    @Option(
        names = "--block-size",
        paramLabel = "BYTES",
        defaultValue = "512",
        description = "512 or 4096 (default: ${DEFAULT-VALUE}).")
    private int blockBytes;

    @Override
    void run(DaemonClient client) throws IOException {
      try (FileEnd source = FileEnd.openSource(file)) {
        if (source.sizeBytes() == 0) {
          throw new Failure(file + ": is empty, and a volume has at least one block");
        }
        long sizeBytes =
            blockBytes <= 0 ? 0 : Math.ceilDiv(source.sizeBytes(), blockBytes) * blockBytes;
        VolumeView volume = client.create(new VolumeRequest(name, sizeBytes, blockBytes));
        CopyResult result = fill(client, volume, source);
        print(
            client.volume(name),
            "imported %s, %s, in %s (%s)"
                .formatted(
                    file,
                    Size.human(source.sizeBytes()),
                    Terminal.human(result.duration()),
                    Terminal.rate(result.bytes(), result.duration())));
      }
    }

    /** Fills the new volume, or removes it again. */
    private CopyResult fill(DaemonClient client, VolumeView volume, FileEnd source)
        throws IOException {
      try (DiskEnd destination = DiskEnd.attachBlank(volume.url(), open(volume))) {
        return copy(source, destination);
      } catch (IOException e) {
        try {
          client.delete(volume.name());
        } catch (IOException left) {
          e.addSuppressed(left);
          throw new Failure(
              "%s; volume '%s' is left, incomplete: delete it when the daemon runs again"
                  .formatted(e.getMessage(), volume.name()),
              e);
        }
        throw e;
      }
    }
  }

  @Command(
      name = "export",
      description = "Write a volume to a file, over iSCSI. Zeros take no space in the file.",
      footer = {"", "Example:", "  gantry volume export golden copy.img"})
  static final class Export extends OnDaemon {
    @Parameters(paramLabel = "NAME", description = "The volume.")
    private String name;

    @Parameters(paramLabel = "FILE", description = "Replaced when the export has succeeded.")
    private Path file;

    @Override
    void run(DaemonClient client) throws IOException {
      VolumeView volume = client.volume(name);
      try (DiskEnd source = DiskEnd.attach(volume.url(), open(volume));
          FileEnd destination = FileEnd.create(file)) {
        CopyResult result = copy(source, destination);
        if (json()) {
          Terminal.printJson(out(), volume);
          return;
        }
        out()
            .printf(
                "exported %s to %s, %s, in %s (%s)%n",
                name,
                file,
                Size.human(result.bytes()),
                Terminal.human(result.duration()),
                Terminal.rate(result.bytes(), result.duration()));
      }
    }
  }
}
