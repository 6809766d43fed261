package io.gantry.cli;

import io.gantry.cli.Demo.Measured;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyResult;
import io.gantry.copy.FileEnd;
import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.store.Volume;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    header = "Show a copy by token end to end, and measure it.",
    description = {
      "Serves a fresh pool, writes a file to a volume over iSCSI, copies it to a second volume by"
          + " offload read and write, compares every byte, and copies it again by reading and"
          + " writing.",
      "Everything is removed at the end."
    },
    exitCodeList = {
      "0:every byte is right, no block crossed the wire during the offload, and the copy took no"
          + " storage",
      "1:one of that is not so",
      "2:wrong usage"
    },
    footer = {"", "Examples:", "  gantry demo", "  gantry demo ubuntu.img"})
final class DemoCommand implements Callable<Integer> {
  private static final HostPort ANY_PORT = new HostPort("127.0.0.1", 0);

  /** What takes a millisecond either way tells nothing. */
  private static final long TELLING_BYTES = 1 << 20;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "What to copy (default: lib/modules of the JDK, a large file).")
  private @Nullable Path file;

  @Mixin private JsonOption format;

  /**
   * What was found, for programs.
   *
   * @param bytes length of the file
   * @param volumeBytes length of the volumes
   * @param byToken the offloaded copy
   * @param byReadAndWrite the same copy the usual way
   * @param identical the offloaded copy holds the file's bytes
   * @param timesFaster how many times less the offloaded copy took
   */
  record Report(
      long bytes,
      long volumeBytes,
      Measured byToken,
      Measured byReadAndWrite,
      boolean identical,
      double timesFaster) {}

  @Override
  public Integer call() throws IOException {
    Path path =
        file != null ? file : Path.of(System.getProperty("java.home", "/"), "lib", "modules");
    try (FileEnd source = FileEnd.openSource(path)) {
      if (source.sizeBytes() == 0) {
        throw new Failure(path + ": is empty; name a file with something in it");
      }
      try (TemporaryDirectory directory = TemporaryDirectory.create("gantry-demo-")) {
        requireSpace(directory, source);
        DaemonSettings settings =
            DaemonSettings.of(directory.path().resolve("pool"), ANY_PORT, ANY_PORT);
        try (Daemon daemon = Daemon.start(settings)) {
          run(daemon, source, new Demo(daemon, source));
        }
      }
    }
    return 0;
  }

  /** The file is stored twice: as it came, and as reading and writing copied it. */
  private static void requireSpace(TemporaryDirectory directory, FileEnd source)
      throws IOException {
    long needed = 2 * source.sizeBytes() + (64 << 20);
    if (directory.freeBytes() < needed) {
      throw new Failure(
          "%s: the demo needs %s and %s are free; set TMPDIR to a place with more"
              .formatted(
                  directory.path().getParent(),
                  Size.human(needed),
                  Size.human(directory.freeBytes())));
    }
  }

  private void run(Daemon daemon, FileEnd source, Demo demo) throws IOException {
    say(
        "Serving a fresh pool on iscsi://%s, for %s"
            .formatted(daemon.contact().iscsi(), source.name()));
    say("");
    Volume original = demo.createVolume("original");
    CopyResult filled = demo.fill(original);
    say(
        "  1  wrote the file's %s to volume 'original' over iSCSI in %s (%s)"
            .formatted(
                Size.human(source.sizeBytes()),
                Terminal.human(filled.duration()),
                Terminal.rate(filled.bytes(), filled.duration())));
    demo.warmUp();
    Volume byToken = demo.createVolume("by-token");
    Measured offloaded = demo.copy(original, byToken, CopyMethod.ODX);
    say(
        "  2  copied 'original' to 'by-token' by offload read and write in %s"
            .formatted(Terminal.human(offloaded.copy().duration())));
    Duration comparison = demo.compare(byToken);
    say(
        "  3  read 'by-token' back and compared it with the file: all bytes are right (%s)"
            .formatted(Terminal.human(comparison)));
    Volume byReadAndWrite = demo.createVolume("by-read-and-write");
    Measured moved = demo.copy(original, byReadAndWrite, CopyMethod.RW);
    say(
        "  4  copied 'original' to 'by-read-and-write' by reading and writing in %s"
            .formatted(Terminal.human(moved.copy().duration())));
    say("");
    double timesFaster =
        (double) moved.copy().duration().toNanos() / offloaded.copy().duration().toNanos();
    Report report =
        new Report(
            source.sizeBytes(),
            original.sizeBytes(),
            offloaded,
            moved,
            true, // or the comparison would have thrown
            timesFaster);
    print(report);
    requireThatItHeld(daemon, report);
  }

  private void print(Report report) {
    PrintWriter out = spec.commandLine().getOut();
    if (format.json) {
      Terminal.printJson(out, report);
      return;
    }
    CopyResult token = report.byToken.copy();
    CopyResult moved = report.byReadAndWrite.copy();
    new Terminal.Table("", ">by token", ">by reading and writing")
        .row("time", Terminal.human(token.duration()), Terminal.human(moved.duration()))
        .row(
            "blocks over the wire",
            Size.human(token.traffic().blockBytes()),
            Size.human(moved.traffic().blockBytes()))
        .row("tokens and parameters", overhead(report.byToken), overhead(report.byReadAndWrite))
        .row("SCSI commands", token.traffic().commands(), moved.traffic().commands())
        .row(
            "shared with the original",
            Size.human(Math.max(0, report.volumeBytes - report.byToken.newBytes())),
            Size.human(Math.max(0, report.volumeBytes - report.byReadAndWrite.newBytes())))
        .row(
            "new storage",
            Size.human(report.byToken.newBytes()),
            Size.human(report.byReadAndWrite.newBytes()))
        .print(out, "  ");
    out.println();
    out.println(
        report.volumeBytes < TELLING_BYTES
            ? "The copy by token moved no data over the wire. A file of this size is read and"
                + " written about as fast: try a larger one."
            : "The copy by token was %,.0f times faster: it moved no data and stored none twice."
                .formatted(report.timesFaster));
    out.flush();
  }

  private static String overhead(Measured measured) {
    return Size.human(measured.wireBytes() - measured.copy().traffic().blockBytes());
  }

  /** What the demo claims; a claim that does not hold is a failure. */
  private static void requireThatItHeld(Daemon daemon, Report report) throws IOException {
    CopyResult copy = report.byToken.copy();
    if (copy.bytesOffloaded() != report.volumeBytes || copy.traffic().blockBytes() != 0) {
      throw new Failure(
          "the copy by token moved %s of blocks over the wire instead of none"
              .formatted(Size.human(copy.traffic().blockBytes())));
    }
    if (report.byToken.wireBytes() > copy.traffic().parameterBytes()) {
      throw new Failure(
          "the sessions moved %,d bytes during the copy by token, and its commands account for %,d"
              .formatted(report.byToken.wireBytes(), copy.traffic().parameterBytes()));
    }
    int chunkBytes = daemon.pool().chunkBytes();
    // The end of a volume that ends within a chunk may have to be moved.
    long allowed = report.volumeBytes % chunkBytes == 0 ? 0 : chunkBytes;
    if (report.byToken.newBytes() > allowed) {
      throw new Failure(
          "the copy by token took %s of storage instead of sharing what is there"
              .formatted(Size.human(report.byToken.newBytes())));
    }
  }

  private void say(String line) {
    if (!format.json) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(line);
      out.flush();
    }
  }
}
