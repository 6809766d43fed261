package io.gantry.cli;

import io.gantry.server.ScrubView;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "pool",
    description = "See to the pool as a whole.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {PoolStatusCommand.class, PoolCommand.RunScrub.class})
final class PoolCommand {
  @Command(
      name = "scrub",
      header = "Read everything in the pool, and find what the disk has spoiled.",
      description = {
        "Compares every chunk that has a checksum, and gives one to what is shared or kept by a"
            + " snapshot or token. The volumes can be used meanwhile. Interrupting the command"
            + " does not end the scrub."
      },
      exitCodeList = {
        "0:nothing was wrong",
        "1:something was, and the findings are listed; or the scrub could not be started",
        "2:wrong usage"
      },
      footer = {
        "",
        "Examples:",
        "  gantry pool scrub",
        "  gantry pool scrub --rate 100M",
        "  gantry pool scrub --status",
        "  gantry pool scrub --stop"
      })
  static final class RunScrub extends DaemonCommand {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    @Option(
        names = "--rate",
        paramLabel = "SIZE",
        converter = Size.Converter.class,
        description = "Read at most so many bytes a second.")
    private @Nullable Size rate;

    @Option(names = "--status", description = "Only tell how the last scrub went or goes.")
    private boolean status;

    @Option(names = "--stop", description = "Stop the scrub that runs.")
    private boolean stop;

    private boolean clean = true;

    @Override
    public Integer call() throws IOException {
      super.call();
      return clean ? 0 : 1;
    }

    @Override
    void run(DaemonClient client) throws IOException {
      if (stop) {
        client.stopScrub();
      } else if (!status) {
        client.startScrub(rate == null ? 0 : rate.bytes());
      }
      ScrubView view = status ? client.scrub() : await(client);
      clean = view.findings().isEmpty();
      if (json()) {
        Terminal.printJson(out(), view);
        return;
      }
      view.findings().forEach(finding -> out().println("finding: " + finding));
      out()
          .printf(
              "scrub: %s; read %s of %s, compared %,d chunks, %,d got a checksum, %s%n",
              view.state(),
              Size.human(view.readBytes()),
              Size.human(view.usedBytes()),
              view.verifiedChunks(),
              view.summedChunks(),
              clean ? "nothing wrong" : view.findings().size() + " findings");
    }

    private static ScrubView await(DaemonClient client) throws IOException {
      try (ProgressLine line = ProgressLine.onStandardError()) {
        long read = 0;
        ScrubView view = client.scrub();
        while (view.state().equals("running")) {
          LockSupport.parkNanos(POLL_NANOS);
          view = client.scrub();
          line.compared(view.readBytes() - read, view.usedBytes());
          read = view.readBytes();
        }
        return view;
      }
    }
  }
}
