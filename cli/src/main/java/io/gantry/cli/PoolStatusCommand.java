package io.gantry.cli;

import io.gantry.server.PoolView;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Command;

@Command(
    name = "status",
    description = {
      "Show what the pool can hold, what it holds, its limits, and what is wrong with it.",
      "What is shared, and what only tokens have ('pinned'), is measured in the background and"
          + " some seconds old."
    },
    footer = {"", "Examples:", "  gantry pool status", "  gantry pool status --json"})
final class PoolStatusCommand extends DaemonCommand {
  @Override
  void run(DaemonClient client) throws IOException {
    PoolView pool = client.pool();
    if (json()) {
      Terminal.printJson(out(), pool);
    } else {
      print(pool, out());
    }
  }

  private static void print(PoolView pool, PrintWriter out) {
    long unique = Math.max(0, pool.usedBytes() - pool.sharedBytes() - pool.pinnedBytes());
    Terminal.Table table = new Terminal.Table("", ">", "");
    table.row("capacity", Size.human(pool.capacityBytes()), "");
    table.row(
        "used",
        Size.human(pool.usedBytes()),
        "%s; warning at %s, limit %s"
            .formatted(
                percent(pool.usedBytes(), pool.capacityBytes()),
                limit(pool.lowLimit()),
                limit(pool.usedLimit())));
    table.row("  unique", Size.human(unique), "in one volume or snapshot");
    table.row("  shared", Size.human(pool.sharedBytes()), "in several, stored once");
    table.row(
        "  pinned",
        Size.human(pool.pinnedBytes()),
        "in tokens only; limit %s; of one initiator %s"
            .formatted(limit(pool.pinnedLimit()), limit(pool.pinnedLimitOfInitiator())));
    table.row("free", Size.human(pool.freeBytes()), "on the medium, its reserve included");
    table.row("volumes", pool.volumes(), "");
    table.row(
        "tokens",
        pool.tokens(),
        "limit %,d; of one initiator %,d"
            .formatted(pool.maximumTokens(), pool.maximumTokensOfInitiator()));
    table.row("journal", Size.human(pool.journalBytes()), "");
    table.row(
        "checkpoint",
        pool.checkpoint() == 0 ? "none" : "" + pool.checkpoint(),
        pool.checkpointed() == null
            ? pool.checkpoint() == 0 ? "" : "before the daemon was started"
            : pool.checkpointed());
    table.print(out, "");
    pool.warnings()
        .forEach(warning -> out.println(Terminal.paint("yellow", "warning: ") + warning));
  }

  private static String percent(long part, long whole) {
    return whole == 0 ? "100 %" : "%.0f %%".formatted(100.0 * part / whole);
  }

  /** {@code 12345 bytes} in units that people read. */
  private static String limit(String text) {
    return text.endsWith(" bytes")
        ? Size.human(Long.parseLong(text.substring(0, text.indexOf(' '))))
        : text;
  }
}
