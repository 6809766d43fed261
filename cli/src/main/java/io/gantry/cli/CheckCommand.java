package io.gantry.cli;

import io.gantry.store.FileMedium;
import io.gantry.store.PoolCheck;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "check",
    header = "Prove that a pool is consistent.",
    description = {
      "Reads the root record and the journal of a pool that nobody has open, and counts every"
          + " reference anew. Changes nothing.",
      "Exit code 0 if the pool is consistent, 1 with a list of findings if it is not."
    },
    footer = {"", "Example:", "  gantry check /srv/gantry"})
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private JsonOption output;

  @Parameters(index = "0", paramLabel = "DIR", description = "Directory of the pool.")
  private Path directory;

  @Override
  public Integer call() throws IOException {
    PoolCheck check;
    try (FileMedium medium = FileMedium.open(directory)) {
      check = PoolCheck.of(medium, PoolOptions.defaults());
    }
    PrintWriter out = spec.commandLine().getOut();
    if (output.json) {
      Terminal.printJson(out, check);
    } else {
      check.findings().forEach(finding -> out.println("finding: " + finding));
      check.notes().forEach(note -> out.println("note: " + note));
      out.printf(
          "%s: %s; %d volumes, %d snapshots, %d tokens, %,d chunks in use%n",
          directory,
          check.isConsistent() ? "consistent" : "NOT consistent",
          check.volumes(),
          check.snapshots(),
          check.tokens(),
          check.usedChunks());
    }
    out.flush();
    return check.isConsistent() ? 0 : 1;
  }
}
