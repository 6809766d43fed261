package io.gantry.cli;

import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = {
      "Write a volume to a file, over iSCSI. Holes of the volume take no space in the file.",
      "As qcow2, VHD or VHDX with the help of qemu-img, which has to be installed, and of a raw"
          + " file in TMPDIR that takes as much space as the volume's data.",
      "What is written to the volume meanwhile may be in the file or not. Of a volume in use,"
          + " export a clone of a snapshot."
    },
    exitCodeList = {
      "0:exported, and on stable storage",
      "1:not exported; a file that was there before is as it was",
      "2:wrong usage",
      "130:interrupted; a file that was there before is as it was"
    },
    footer = {
      "",
      "Examples:",
      "  gantry volume export golden copy.img",
      "  gantry volume export vm7 vm7.vhdx",
      "  gantry volume export vm7 vm7.disk --format qcow2"
    })
final class VolumeExportCommand extends VolumeCommand.OnVolume {
  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "Replaced when the export has succeeded.")
  private Path file;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "raw, qcow2, vhd or vhdx (default: what FILE ends with, else raw).")
  private @Nullable ImageFormat format;

  /**
   * What was done, for programs.
   *
   * @param bytes of the disk
   * @param fileBytes of the file
   */
  record Exported(String volume, String file, String format, long bytes, long fileBytes) {}

  @Override
  void run(DaemonClient client) throws IOException {
    VolumeView volume = client.volume(name);
    ImageFormat actual = format == null ? ImageFormat.ofName(file) : format;
    interruptibly(
        (progress, interrupts) -> {
          CopyResult result =
              actual == ImageFormat.RAW
                  ? read(volume, file, progress, interrupts)
                  : convert(volume, actual, progress, interrupts);
          progress.close();
          report(volume, actual, result);
        },
        "nothing was exported");
  }

  private static CopyResult read(
      VolumeView volume, Path raw, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    try (DiskEnd source = DiskEnd.attach(volume.url(), open(volume));
        FileEnd destination = FileEnd.create(raw)) {
      return copy(source, destination, progress, interrupts);
    }
  }

  private CopyResult convert(
      VolumeView volume, ImageFormat wanted, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new Failure(file + ": is no file; only raw images go anywhere else");
    }
    FileEnd.requireWritableDirectory(file); // before hours of work, not after them
    Path unfinished =
        file.resolveSibling(
            "%s.%d.part".formatted(file.getFileName(), ProcessHandle.current().pid()));
    try (TemporaryDirectory directory = TemporaryDirectory.create("gantry-export-")) {
      if (directory.freeBytes() < volume.mappedBytes()) {
        throw new Failure(
            "%s: the raw image takes up to %s for a while and %s are free; set TMPDIR to a place"
                    .formatted(
                        directory.path().getParent(),
                        Size.human(volume.mappedBytes()),
                        Size.human(directory.freeBytes()))
                + " with more");
      }
      Path raw = directory.path().resolve("raw");
      CopyResult result = read(volume, raw, progress, interrupts);
      QemuImage.ofRaw(raw, unfinished, wanted, progress, interrupts);
      try (FileChannel image = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
        image.force(true); // qemu-img does not wait for the disk
      }
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      return result;
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private void report(VolumeView volume, ImageFormat actual, CopyResult result) throws IOException {
    if (json()) {
      Terminal.printJson(
          out(),
          new Exported(
              name, file.toString(), actual.toString(), volume.sizeBytes(), Files.size(file)));
      return;
    }
    out()
        .printf(
            "exported %s to %s (%s), %s, in %s (%s)%n",
            name,
            file,
            actual,
            Size.human(result.bytes()),
            Terminal.human(result.duration()),
            Terminal.rate(result.bytes(), result.duration()));
  }
}
