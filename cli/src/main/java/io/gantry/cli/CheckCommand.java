package io.gantry.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.gantry.store.FileMedium;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "check",
    header = "Prove that a pool is consistent.",
    description = {
      "Reads the root record, the checkpoint and the journal of a pool that nobody has open, counts"
          + " every reference anew, and compares every chunk that has a checksum. Changes nothing,"
          + " unless it is told to repair."
    },
    exitCodeList = {
      "0:the pool is consistent",
      "1:it is not, and the findings are listed; or it could not be read",
      "2:wrong usage"
    },
    footer = {
      "",
      "Examples:",
      "  gantry check /srv/gantry",
      "  gantry check --quick --json /srv/gantry",
      "  gantry check --repair /srv/gantry"
    })
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private JsonOption output;

  @Option(names = "--quick", description = "Do not read the chunks themselves.")
  private boolean quick;

  @Option(
      names = "--repair",
      description = {
        "If the pool is consistent, cut a torn end of the journal off, give back the room that"
            + " nothing uses, and write a fresh checkpoint. A pool with findings is left as it is:"
            + " what is damaged is not guessed."
      })
  private boolean repair;

  @Parameters(index = "0", paramLabel = "DIR", description = "Directory of the pool.")
  private Path directory;

  /** What is printed as JSON: the check, and what was repaired after it. */
  private record Result(@JsonUnwrapped PoolCheck check, List<String> repaired) {}

  @Override
  public Integer call() throws IOException {
    PoolCheck check;
    List<String> repaired = List.of();
    try (FileMedium medium = Devices.openMedium(directory, "stop it first")) {
      check = quick ? PoolCheck.of(medium, PoolOptions.defaults()) : readAll(medium);
      if (repair && check.isConsistent()) {
        repaired = PoolCheck.repair(medium, PoolOptions.defaults());
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    if (output.json) {
      Terminal.printJson(out, new Result(check, repaired));
    } else {
      print(out, check, repaired);
    }
    out.flush();
    return check.isConsistent() ? 0 : 1;
  }

  private static PoolCheck readAll(FileMedium medium) throws IOException {
    try (ProgressLine line = ProgressLine.onStandardError()) {
      long[] before = {0};
      return PoolCheck.withChunks(
          medium,
          PoolOptions.defaults(),
          (read, total) -> {
            line.compared(read - before[0], total);
            before[0] = read;
            return true;
          });
    }
  }

  private void print(PrintWriter out, PoolCheck check, List<String> repaired) {
    check.findings().forEach(finding -> out.println("finding: " + finding));
    check.notes().forEach(note -> out.println("note: " + note));
    repaired.forEach(what -> out.println("repaired: " + what));
    if (repair && !check.isConsistent()) {
      out.println("note: nothing was repaired: what is damaged cannot be known");
    }
    out.printf(
        "%s: %s; %d volumes, %d snapshots, %d tokens, %,d chunks in use, %,d compared%n",
        directory,
        check.isConsistent() ? "consistent" : "NOT consistent",
        check.volumes(),
        check.snapshots(),
        check.tokens(),
        check.usedChunks(),
        check.verifiedChunks());
  }
}
