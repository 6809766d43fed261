package io.gantry.cli;

import io.gantry.server.ConfigView;
import io.gantry.server.Configuration;
import io.gantry.server.ReloadView;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "config",
    description = {
      "Check a configuration file, see the settings of the server, have it read them again.",
      "docs/configuration.md has all keys."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ConfigCommand.Check.class, ConfigCommand.Show.class, ConfigCommand.Reload.class})
final class ConfigCommand {
  @Command(
      name = "check",
      description = {
        "Read a configuration file as 'gantry serve --config' does, and say what is wrong with it:"
            + " file, line, column and key.",
        "Exit code 0 if nothing is."
      },
      footer = {"", "Examples:", "  gantry config check /etc/gantry.toml"})
  static final class Check implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private JsonOption format;

    @Parameters(paramLabel = "FILE", description = "The file.")
    private Path file;

    /**
     * What is printed for programs.
     *
     * @param problem what is wrong, where; null if nothing is
     */
    record Finding(String file, @Nullable String problem) {}

    @Override
    public Integer call() throws IOException {
      try {
        var _ = Configuration.of(file).read();
        print(null);
        return 0;
      } catch (IOException e) {
        if (format.json) {
          print(Main.message(e));
        }
        throw e;
      }
    }

    private void print(@Nullable String problem) {
      PrintWriter out = spec.commandLine().getOut();
      if (format.json) {
        Terminal.printJson(out, new Finding(file.toString(), problem));
      } else {
        out.println(file + ": nothing is wrong");
      }
      out.flush();
    }
  }

  @Command(
      name = "show",
      description = {
        "Show the settings that are in force, and where each comes from: the command line, a"
            + " variable of the environment, the file with line and column, or default.",
        "Secrets are not shown."
      },
      footer = {"", "Examples:", "  gantry config show"})
  static final class Show extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      ConfigView view = client.config();
      if (json()) {
        Terminal.printJson(out(), view);
        return;
      }
      Terminal.Table table = new Terminal.Table("KEY", "VALUE", "FROM", "CHANGES");
      for (ConfigView.Value value : view.values()) {
        table.row(
            value.key(),
            value.value(),
            value.source(),
            value.reload() ? "by reload" : "by restart");
      }
      table.print(out(), "");
    }
  }

  @Command(
      name = "reload",
      description = {
        "Have the server read its configuration again, as SIGHUP does, and show what has changed.",
        "Access, limits, copies, log and certificates change at once; sessions go on, but for those"
            + " that would not get in any more. The rest waits for a restart. A file that makes no"
            + " sense changes nothing."
      },
      footer = {"", "Examples:", "  gantry config reload"})
  static final class Reload extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      ReloadView view = client.reloadConfig();
      if (json()) {
        Terminal.printJson(out(), view);
        return;
      }
      out().println("changed:         " + text(view.changed()));
      out().println("after a restart: " + text(view.restart()));
    }

    private static String text(java.util.List<String> keys) {
      return keys.isEmpty() ? "-" : String.join(", ", keys);
    }
  }
}
