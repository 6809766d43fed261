package io.gantry.cli;

import io.gantry.copy.Connector;
import io.gantry.copy.Copier;
import io.gantry.copy.CopyEnd;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.copy.CopyStoppedException;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "copy",
    header = "Copy between logical units and files.",
    description = {
      "By token if the storage offers it (ODX), else by EXTENDED COPY, else by reading and writing;"
          + " says which it was and why, also when a part of the copy went another way. Holes of"
          + " the source are not read, and become holes of the destination.",
      "When this command says that it has copied, the bytes are on stable storage."
    },
    exitCodeList = {"0:copied", "1:not all was copied", "2:wrong usage", "130:interrupted"},
    footer = {
      "",
      "SRC and DST are iscsi://[USER[%%PASSWORD]@]HOST[:PORT]/TARGET/LUN, a file, or"
          + " pool:DIR/VOLUME for a pool that no daemon serves. Credentials for CHAP are read from"
          + " LIBISCSI_CHAP_USERNAME and LIBISCSI_CHAP_PASSWORD, too.",
      "",
      "With --json there is one object on standard output at the end, also after a failure;"
          + " --progress json prints one a second on standard error.",
      "",
      "Examples:",
      "  gantry copy iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0 \\",
      "              iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/1",
      "  gantry copy --verify iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0 a.img",
      "  gantry copy --resume a.state --rate 50M a.img \\",
      "              iscsi://array/iqn.2010-01.com.example:x/3",
      "  gantry copy --json --progress json a.img b.img"
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
      description =
          "auto, odx (by token or not at all), xcopy (by EXTENDED COPY or not at all) or rw"
              + " (default: ${DEFAULT-VALUE}).")
  private CopyMethod method;

  @Option(
      names = "--verify",
      description =
          "Read both afterwards and compare them. What both call a hole is not read: it is zeros.")
  private boolean verify;

  @Option(
      names = "--resume",
      paramLabel = "FILE",
      description =
          "Note in FILE what is done, and go on from there if it is there already. It is deleted"
              + " when the copy has succeeded. Refused if an end has another size or is another"
              + " one, or if a source that is a file was written; what was written to a source that"
              + " is a logical unit cannot be seen.")
  private @Nullable Path resume;

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "" + CopyRequest.DEFAULT_IN_FLIGHT,
      description = "Pieces that are worked on at a time, 1 to 64 (default: ${DEFAULT-VALUE}).")
  private int inFlight;

  @Option(
      names = "--rate",
      paramLabel = "BYTES",
      converter = Size.Converter.class,
      description = "Most bytes a second, offloaded ones too (default: no limit).")
  private @Nullable Size rate;

  @Option(
      names = "--reconnect",
      paramLabel = "SECONDS",
      defaultValue = "45",
      description =
          "How long a server that was lost in the middle may be away. When it is there again, what"
              + " it had not yet written to stable storage is copied once more (default:"
              + " ${DEFAULT-VALUE}; 0: a lost server ends the copy).")
  private int reconnectSeconds;

  @Option(
      names = "--progress",
      paramLabel = "STYLE",
      defaultValue = "auto",
      description =
          "On standard error: auto (a bar on a terminal, else nothing), bar, lines (one every five"
              + " seconds), json or none (default: ${DEFAULT-VALUE}).")
  private ProgressLine.Style style;

  @Mixin private JsonOption format;

  private boolean isReported;

  /**
   * What is printed for programs.
   *
   * @param done whether all is copied and on stable storage
   * @param error why not; null if it is
   * @param standing how far it is; null if nothing was begun
   * @param result what this run did; null if nothing was begun
   */
  record Report(
      boolean done,
      String source,
      String destination,
      @Nullable String error,
      Copier.@Nullable Standing standing,
      @Nullable CopyResult result) {}

  @Override
  public Integer call() throws IOException {
    CopyRequest request = request();
    try (Devices devices = new Devices();
        CopyEnd from = openSource(devices);
        CopyEnd to = openDestination(devices);
        ProgressLine progress = ProgressLine.onStandardError(style)) {
      return copy(new Copier(from, to, progress, System::nanoTime), progress, request);
    } catch (IOException e) {
      if (format.json && !isReported) { // an end could not be opened
        print(new Report(false, source.name(), destination.name(), Main.message(e), null, null));
      }
      throw e;
    }
  }

  private CopyRequest request() {
    if (inFlight < 1 || inFlight > 64) {
      throw new ParameterException(
          spec.commandLine(), "--in-flight %d is not between 1 and 64".formatted(inFlight));
    }
    if (reconnectSeconds < 0 || reconnectSeconds > 86_400) {
      throw new ParameterException(
          spec.commandLine(),
          "--reconnect %d is not between 0 and 86400".formatted(reconnectSeconds));
    }
    if (rate != null && rate.bytes() == 0) {
      throw new ParameterException(
          spec.commandLine(), "--rate 0 would copy nothing; leave it out for no limit");
    }
    return new CopyRequest(
        offset.bytes(),
        length == null ? OptionalLong.empty() : OptionalLong.of(length.bytes()),
        destinationOffset == null ? 0 : destinationOffset.bytes(),
        method,
        verify,
        inFlight,
        rate == null ? 0 : rate.bytes(),
        Optional.ofNullable(resume).map(CopyRequest.Resume::new),
        Duration.ofSeconds(reconnectSeconds));
  }

  private CopyEnd openSource(Devices devices) throws IOException {
    return source instanceof Location.File file
        ? FileEnd.openSource(file.path())
        : openDisk(devices, source);
  }

  /** A session that breaks can be made anew; a pool that is open here cannot be lost. */
  private static DiskEnd openDisk(Devices devices, Location location) throws IOException {
    if (location instanceof Location.Iscsi(var url, _)) {
      Connector connector = Devices.connector(url);
      return DiskEnd.attach(location.name(), Devices.first(connector), connector);
    }
    return DiskEnd.attach(location.name(), devices.open(location));
  }

  private CopyEnd openDestination(Devices devices) throws IOException {
    if (!(destination instanceof Location.File file)) {
      return openDisk(devices, destination);
    }
    if (destinationOffset != null && Files.exists(file.path())) {
      return FileEnd.openDestination(file.path());
    }
    return resume == null
        ? FileEnd.create(file.path())
        : FileEnd.createResumable(file.path(), Files.exists(resume));
  }

  /** Copies; an interrupt lets it end in order. */
  private int copy(Copier copier, ProgressLine progress, CopyRequest request) throws IOException {
    try (Interrupts interrupts = new Interrupts()) {
      interrupts.onSignal(copier::stop);
      return copyUnlessStopped(copier, progress, request);
    }
  }

  private int copyUnlessStopped(Copier copier, ProgressLine progress, CopyRequest request)
      throws IOException {
    try {
      CopyResult result = copier.run(request);
      progress.close();
      print(copier, result);
      return 0;
    } catch (IOException e) {
      progress.close();
      String problem = describe(e, copier);
      if (format.json) {
        Copier.Standing standing = copier.standing().orElse(null);
        print(
            new Report(
                false,
                source.name(),
                destination.name(),
                problem,
                standing,
                standing == null ? null : copier.soFar()));
      }
      if (!(e instanceof CopyStoppedException)) {
        throw new Failure(problem, e);
      }
      // Here and not in Main, for the process ends as soon as the hook does.
      Main.complain(spec.commandLine(), problem);
      return Interrupts.EXIT_CODE;
    }
  }

  /** What went wrong, how far it was, and how to go on. */
  private String describe(IOException e, Copier copier) {
    Copier.Standing standing = copier.standing().orElse(null);
    if (standing == null) {
      return Main.message(e);
    }
    if (standing.done() == 0 && resume == null) {
      return Main.message(e) + "; nothing was copied";
    }
    if (destination instanceof Location.File && destinationOffset == null && resume == null) {
      return "%s; of the %s of %s that were copied nothing is kept (with --resume FILE it is)"
          .formatted(Main.message(e), Size.human(standing.done()), Size.human(standing.total()));
    }
    String far =
        "%s; %s of %s were copied, %s"
            .formatted(
                Main.message(e),
                Size.human(standing.done()),
                Size.human(standing.total()),
                standing.durable() == standing.done()
                    ? "which are on stable storage"
                    : "of which %s are known to be on stable storage"
                        .formatted(Size.human(standing.durable())));
    if (resume != null) {
      return far + "; the same command goes on from there";
    }
    long start = standing.durableFromStart();
    return start == 0
        ? far + "; with --resume FILE the same command could go on"
        : "%s; --offset %d --dst-offset %d goes on behind the first %s"
            .formatted(
                far,
                offset.bytes() + start,
                (destinationOffset == null ? 0 : destinationOffset.bytes()) + start,
                Size.human(start));
  }

  private void print(Report report) {
    isReported = true;
    PrintWriter out = spec.commandLine().getOut();
    Terminal.printJson(out, report);
    out.flush();
  }

  private void print(Copier copier, CopyResult result) {
    PrintWriter out = spec.commandLine().getOut();
    if (format.json) {
      print(
          new Report(
              true,
              source.name(),
              destination.name(),
              null,
              copier.standing().orElse(null),
              result));
      return;
    }
    out.printf(
        "copied %s in %s (%s); it is on stable storage%n",
        Size.human(result.bytes()),
        Terminal.human(result.duration()),
        Terminal.rate(result.bytes(), result.duration()));
    String instants =
        result.tokens() == 1 ? "of one instant" : "of %d instants".formatted(result.tokens());
    Terminal.Table table = new Terminal.Table("", "", "", "");
    row(table, "offloaded by token", result.bytesByToken(), result, instants);
    row(table, "offloaded by EXTENDED COPY", result.bytesByExtendedCopy(), result, "");
    row(table, "read and written", result.bytesMoved(), result, "");
    row(table, "holes", result.bytesZeroed(), result, "not read");
    if (result.bytesResumed() > 0) {
      table.row("done before", Size.human(result.bytesResumed()), "", "");
    }
    if (result.losses() > 0) {
      table.row(
          "copied once more",
          Size.human(result.bytesRepeated()),
          "",
          result.losses() == 1
              ? "a server was lost, and came back"
              : "%d times a server was lost, and came back".formatted(result.losses()));
    }
    table
        .row("SCSI commands", result.traffic().commands(), "", "")
        .row("blocks moved", Size.human(result.traffic().blockBytes()), "", "")
        .row("parameters moved", Size.human(result.traffic().parameterBytes()), "", "")
        .print(out, "  ");
    result.fallbacks().forEach(fallback -> out.println("  " + describe(fallback)));
    result.comparison().ifPresent(made -> out.println("  " + describe(made)));
    out.flush();
  }

  private static void row(
      Terminal.Table table, String name, long bytes, CopyResult result, String note) {
    if (bytes > 0) {
      table.row(name, Size.human(bytes), Terminal.rate(bytes, result.duration()), note);
    }
  }

  private static String describe(CopyResult.Fallback fallback) {
    return "not %s: %s (%s from byte %,d on)"
        .formatted(
            switch (fallback.method()) {
              case ODX -> "by token";
              case XCOPY -> "by EXTENDED COPY";
              case AUTO, RW -> "offloaded";
            },
            fallback.reason(),
            Size.human(fallback.bytes()),
            fallback.offset());
  }

  private static String describe(CopyResult.Comparison made) {
    String read =
        "verified: %s read from both ends and compared, every byte is the same"
            .formatted(Size.human(made.bytesRead()));
    return made.bytesOfHoles() == 0
        ? read
        : "%s; %s are holes of both, which read as zeros"
            .formatted(read, Size.human(made.bytesOfHoles()));
  }

  static final class LocationConverter implements ITypeConverter<Location> {
    @Override
    public Location convert(String value) {
      try {
        return Location.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(String.valueOf(e.getMessage()));
      }
    }
  }
}
