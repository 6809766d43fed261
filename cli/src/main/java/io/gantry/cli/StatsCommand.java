package io.gantry.cli;

import io.gantry.server.StatisticsView;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "stats",
    description = {
      "Show what goes on: rates and latencies of each volume, the busiest first.",
      "They are those of one interval. Latencies are from when a command and its data are there"
          + " until its answer is made, within a factor of two; half of the commands (P50) or all"
          + " but a hundredth (P99) were not slower."
    },
    footer = {
      "",
      "Examples:",
      "  gantry stats",
      "  gantry stats --watch --interval 2",
      "  gantry stats --initiators",
      "  gantry stats --count 60 --json      # one object a line"
    })
final class StatsCommand extends DaemonCommand {
  private static final String HOME_AND_CLEAR = "\033[H\033[2J";

  @Option(names = "--watch", description = "Go on until interrupted.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Length of an interval, 0.1 to 3600 s (default: ${DEFAULT-VALUE}).")
  private double interval;

  @Option(names = "--initiators", description = "A line for each initiator instead.")
  private boolean initiators;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "End after so many intervals (default: 1; with --watch: none).")
  private @Nullable Long count;

  @Spec private CommandSpec spec;

  @Override
  void run(DaemonClient client) throws IOException {
    if (!(interval >= 0.1 && interval <= 3600)) {
      throw new ParameterException(
          spec.commandLine(), "'%s' is no interval: 0.1 to 3600 s".formatted(interval));
    }
    long intervals = count != null ? count : watch ? Long.MAX_VALUE : 1;
    if (intervals < 1) {
      throw new ParameterException(spec.commandLine(), "--count: 1 or more");
    }
    StatisticsView before = client.statistics();
    for (long i = 0; i < intervals; i++) {
      pause();
      StatisticsView after = client.statistics();
      show(Rates.between(before, after, initiators), intervals > 1);
      before = after;
    }
  }

  private void pause() throws IOException {
    try {
      Thread.sleep(Duration.ofNanos((long) (interval * 1e9)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", e);
    }
  }

  private void show(Rates rates, boolean more) {
    if (json()) {
      if (more) {
        out().println(Terminal.jsonLine(rates));
      } else {
        Terminal.printJson(out(), rates);
      }
    } else {
      if (more && isTerminal()) {
        out().print(HOME_AND_CLEAR);
      }
      print(rates);
      if (more && !isTerminal()) {
        out().println();
      }
    }
    out().flush();
  }

  private static boolean isTerminal() {
    return Objects.requireNonNull(System.console()).isTerminal(); // there is one, always
  }

  private void print(Rates rates) {
    Terminal.Table table =
        new Terminal.Table(
            initiators ? "INITIATOR" : "VOLUME",
            ">READS/s",
            ">READ",
            ">P50",
            ">P99",
            ">WRITES/s",
            ">WRITTEN",
            ">P50",
            ">P99",
            ">FLUSHES/s",
            ">P99",
            ">OTHERS/s",
            ">ERRORS/s");
    rates.rows().forEach(row -> add(table, row));
    if (rates.rows().size() != 1) {
      add(table, rates.total());
    }
    table.print(out(), "");
    out()
        .printf(
            "%,d sessions, %,d tokens; %,d copies run, %s/s shared, %s/s moved%n",
            rates.sessions(),
            rates.tokens(),
            rates.copiesRunning(),
            Size.human((long) rates.sharedBytesPerSecond()),
            Size.human((long) rates.copiedBytesPerSecond()));
    rates.warnings().forEach(warning -> out().println("warning: " + warning));
  }

  private static void add(Terminal.Table table, Rates.Row row) {
    double others = row.unmap().operationsPerSecond() + row.other().operationsPerSecond();
    double errors =
        row.read().errorsPerSecond()
            + row.write().errorsPerSecond()
            + row.flush().errorsPerSecond()
            + row.unmap().errorsPerSecond()
            + row.other().errorsPerSecond();
    table.row(
        row.name(),
        count(row.read().operationsPerSecond()),
        bytes(row.read()),
        latency(row.read().p50Micros()),
        latency(row.read().p99Micros()),
        count(row.write().operationsPerSecond()),
        bytes(row.write()),
        latency(row.write().p50Micros()),
        latency(row.write().p99Micros()),
        count(row.flush().operationsPerSecond()),
        latency(row.flush().p99Micros()),
        count(others),
        count(errors));
  }

  private static String count(double perSecond) {
    return perSecond == 0 ? "-" : (perSecond < 9.95 ? "%.1f" : "%,.0f").formatted(perSecond);
  }

  private static String bytes(Rates.Flow flow) {
    return flow.bytesPerSecond() == 0 ? "-" : Size.human((long) flow.bytesPerSecond()) + "/s";
  }

  private static String latency(@Nullable Double micros) {
    if (micros == null) {
      return "-";
    }
    return micros < 1000
        ? "%.0f us".formatted(Math.max(1, micros))
        : Terminal.human(Duration.ofNanos((long) (micros * 1000)));
  }
}
