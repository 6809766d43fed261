package io.gantry.cli;

import io.gantry.copy.Copier;
import io.gantry.copy.CopyEnd;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "copy",
    header = "Copy between logical units and files.",
    description =
        "By token if the storage offers it (ODX), by reading and writing if not; says which it was"
            + " and why.",
    footer = {
      "",
      "SRC and DST are iscsi://[USER[%%PASSWORD]@]HOST[:PORT]/TARGET/LUN, a file, or"
          + " pool:DIR/VOLUME for a pool that no daemon serves.",
      "",
      "Examples:",
      "  gantry copy iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0 \\",
      "              iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/1",
      "  gantry copy iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0 a.img"
    })
final class CopyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SRC",
      converter = LocationConverter.class,
      description = "Where to copy from.")
  private Location source;

  @Parameters(
      paramLabel = "DST",
      converter = LocationConverter.class,
      description = "Where to copy to. A file is replaced, unless --dst-offset is given.")
  private Location destination;

  @Option(
      names = "--offset",
      paramLabel = "BYTES",
      converter = Size.Converter.class,
      defaultValue = "0",
      description = "First byte of the source (default: ${DEFAULT-VALUE}).")
  private Size offset;

  @Option(
      names = "--length",
      paramLabel = "BYTES",
      converter = Size.Converter.class,
      description = "Bytes to copy (default: up to the end of the source).")
  private @Nullable Size length;

  @Option(
      names = "--dst-offset",
      paramLabel = "BYTES",
      converter = Size.Converter.class,
      description = "First byte of the destination (default: 0).")
  private @Nullable Size destinationOffset;

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      defaultValue = "auto",
      description = "auto, odx (by token or not at all) or rw (default: ${DEFAULT-VALUE}).")
  private CopyMethod method;

  @Option(names = "--verify", description = "Read both afterwards and compare them.")
  private boolean verify;

  @Mixin private JsonOption format;

  @Override
  public Integer call() throws IOException {
    CopyRequest request =
        new CopyRequest(
            offset.bytes(),
            length == null ? OptionalLong.empty() : OptionalLong.of(length.bytes()),
            destinationOffset == null ? 0 : destinationOffset.bytes(),
            method,
            verify);
    try (Devices devices = new Devices();
        CopyEnd from = openSource(devices);
        CopyEnd to = openDestination(devices)) {
      print(copy(from, to, request));
    }
    return 0;
  }

  private static CopyResult copy(CopyEnd from, CopyEnd to, CopyRequest request) throws IOException {
    try (ProgressLine progress = ProgressLine.onStandardError()) {
      return new Copier(from, to, progress, System::nanoTime).run(request);
    }
  }

  private CopyEnd openSource(Devices devices) throws IOException {
    return source instanceof Location.File file
        ? FileEnd.openSource(file.path())
        : DiskEnd.attach(source.name(), devices.open(source));
  }

  private CopyEnd openDestination(Devices devices) throws IOException {
    if (destination instanceof Location.File file) {
      return destinationOffset != null && Files.exists(file.path())
          ? FileEnd.openDestination(file.path())
          : FileEnd.create(file.path());
    }
    return DiskEnd.attach(destination.name(), devices.open(destination));
  }

  private void print(CopyResult result) {
    PrintWriter out = spec.commandLine().getOut();
    if (format.json) {
      Terminal.printJson(out, result);
      return;
    }
    out.printf(
        "copied %s in %s (%s)%n",
        Size.human(result.bytes()),
        Terminal.human(result.duration()),
        Terminal.rate(result.bytes(), result.duration()));
    Terminal.Table table =
        new Terminal.Table("", "")
            .row("offloaded", Size.human(result.bytesOffloaded()))
            .row("read and written", Size.human(result.bytesReadWritten()));
    result.notOffloaded().ifPresent(reason -> table.row("why not offloaded", reason));
    table
        .row("SCSI commands", result.traffic().commands())
        .row("blocks moved", Size.human(result.traffic().blockBytes()))
        .row("parameters moved", Size.human(result.traffic().parameterBytes()));
    if (verify) {
      table.row("verified", "both ends read and compared, every byte is the same");
    }
    table.print(out, "  ");
    out.flush();
  }

  static final class LocationConverter implements ITypeConverter<Location> {
    @Override
    public Location convert(String value) {
      try {
        return Location.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
