package io.gantry.cli;

import io.gantry.server.StatisticsView;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
  @Option(names = "--watch", description = "Go on until interrupted.")
  private boolean watch;

  @Option(names = "--initiators", description = "A line for each initiator instead.")
  private boolean initiators;

  @Mixin private Repetition repetition;

  @Override
  void run(DaemonClient client) throws IOException {
    long intervals = repetition.times(watch ? Long.MAX_VALUE : 1);
    StatisticsView before = client.statistics();
    for (long i = 0; i < intervals && isRead(); i++) {
      repetition.pause();
      StatisticsView after = client.statistics();
      show(Rates.between(before, after, initiators), i, intervals > 1);
      before = after;
    }
  }

  private void show(Rates rates, long number, boolean more) {
    if (json()) {
      print(rates, more);
      return;
    }
    if (more) {
      Terminal.beginAgain(out(), number == 0);
    }
    print(rates);
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
