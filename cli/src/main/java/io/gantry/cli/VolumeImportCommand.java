package io.gantry.cli;

import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import io.gantry.server.VolumeChange;
import io.gantry.server.VolumeRequest;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/*
 * Until all of it is there the volume has another name, so nobody takes half an image for a whole
 * one, not even after this process was killed: what it leaves then says by its name what it is. An
 * import that fails or is interrupted in order removes it.
 */
@Command(
    name = "import",
    description = {
      "Create a volume as long as an image, and write the image to it, over iSCSI.",
      "Raw images are read here; qcow2, VHD and VHDX are made raw first, by qemu-img (which has to"
          + " be installed) in a file in TMPDIR that takes as much space as the data in them. Zeros"
          + " take no space, neither there nor in the pool.",
      "Until the import is complete the volume is called NAME.importing. If it fails or is"
          + " interrupted the volume is removed; if this command is killed it stays, under that"
          + " name. The last line printed is the volume's URL."
    },
    exitCodeList = {
      "0:imported, and on stable storage",
      "1:nothing was imported",
      "2:wrong usage",
      "130:interrupted, and nothing was imported"
    },
    footer = {
      "",
      "Examples:",
      "  gantry volume import golden windows-server.img",
      "  gantry volume import vm7 vm7.vhdx",
      "  gantry volume import data data.img --format raw --block-size 4096"
    })
final class VolumeImportCommand extends DaemonCommand {
  private static final String UNFINISHED = ".importing";

  @Parameters(paramLabel = "NAME", description = "The new volume.")
  private String name;

  @Parameters(paramLabel = "FILE", description = "The image, or any file.")
  private Path file;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "raw, qcow2, vhd or vhdx (default: what the file begins or ends with; of a raw image that"
              + " a guest has written, say raw).")
  private @Nullable ImageFormat format;

  @Option(
      names = "--block-size",
      paramLabel = "BYTES",
      defaultValue = "512",
      converter = BlockSize.Converter.class,
      description = "512, 512e (and physical blocks of 4096) or 4096 (default: ${DEFAULT-VALUE}).")
  private BlockSize block;

  @Override
  void run(DaemonClient client) throws IOException {
    requireFree(client);
    FileEnd.openSource(file).close(); // or it says what is wrong with it
    ImageFormat actual = format == null ? ImageFormat.of(file) : format;
    interruptibly(
        (progress, interrupts) -> {
          if (actual == ImageFormat.RAW) {
            store(client, file, progress, interrupts);
          } else {
            convert(client, actual, progress, interrupts);
          }
        },
        "nothing was imported");
  }

  private void convert(
      DaemonClient client, ImageFormat actual, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    QemuImage image = QemuImage.open(file, actual, interrupts);
    try (TemporaryDirectory directory = TemporaryDirectory.create("gantry-import-")) {
      if (directory.freeBytes() < image.actualBytes()) {
        throw new Failure(
            "%s: the raw image takes about %s for a while and %s are free; set TMPDIR to a place"
                    .formatted(
                        directory.path().getParent(),
                        Size.human(image.actualBytes()),
                        Size.human(directory.freeBytes()))
                + " with more");
      }
      Path raw = directory.path().resolve("raw");
      image.toRaw(raw, progress, interrupts);
      store(client, raw, progress, interrupts);
    }
  }

  /** Before hours of work, not after them. */
  private void requireFree(DaemonClient client) throws IOException {
    if (!VolumeRequest.isName(name + UNFINISHED)) {
      throw new Failure(
          "'%s' is no name for a volume that is imported: a letter or digit, then letters, digits, dots, dashes and underscores, %d in all at most"
              .formatted(name, VolumeRequest.MAXIMUM_NAME - UNFINISHED.length()));
    }
    List<String> names = client.volumes().stream().map(VolumeView::name).toList();
    if (names.contains(name)) {
      throw new Failure(
          "there is a volume %s already; import under another name, or 'gantry copy' to it"
              .formatted(name));
    }
    if (names.contains(name + UNFINISHED)) {
      throw new Failure(
          "another import of %s runs, or was killed; if none runs: gantry volume delete %s"
              .formatted(name, name + UNFINISHED));
    }
  }

  private void store(DaemonClient client, Path raw, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    try (FileEnd source = FileEnd.openSource(raw)) {
      store(client, source, progress, interrupts);
    }
  }

  private void store(
      DaemonClient client, FileEnd source, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    if (source.sizeBytes() == 0) {
      throw new Failure(file + ": is empty, and a volume has at least one block");
    }
    long sizeBytes = Math.ceilDiv(source.sizeBytes(), block.bytes()) * block.bytes();
    VolumeView unfinished = client.create(block.request(name + UNFINISHED, sizeBytes));
    CopyResult result;
    VolumeView volume;
    try {
      result = fill(unfinished, source, progress, interrupts);
      volume = client.change(unfinished.name(), new VolumeChange(name, null, null, null));
    } catch (IOException e) {
      throw removed(client, unfinished, e);
    }
    progress.close();
    print(
        volume,
        "imported %s, %s, in %s (%s)"
            .formatted(
                file,
                Size.human(source.sizeBytes()),
                Terminal.human(result.duration()),
                Terminal.rate(result.bytes(), result.duration())));
  }

  private static CopyResult fill(
      VolumeView volume, FileEnd source, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    try (DiskEnd destination = DiskEnd.attachBlank(volume.url(), open(volume))) {
      return copy(source, destination, progress, interrupts);
    }
  }

  /** The failure, when the volume is gone; else one that says that it is not. */
  private static IOException removed(DaemonClient client, VolumeView volume, IOException e) {
    try {
      client.delete(volume.name());
      return e;
    } catch (IOException left) {
      e.addSuppressed(left);
      return new Failure(
          "%s; volume '%s' is left, incomplete: delete it when the daemon runs again"
              .formatted(e.getMessage(), volume.name()),
          e);
    }
  }
}
