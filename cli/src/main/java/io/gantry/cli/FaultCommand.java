package io.gantry.cli;

import io.gantry.server.FaultView;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "fault",
    description = "Make copies go wrong on purpose, to see how a host takes it.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      FaultCommand.SetFaults.class,
      FaultCommand.ListAll.class,
      FaultCommand.Clear.class
    })
final class FaultCommand {
  @Command(
      name = "set",
      description = {
        "Say what is to go wrong with the copies of a volume, in place of what went wrong before.",
        "It lasts until it is cleared or the daemon ends, and 'gantry volume list' shows it."
      },
      footer = {
        "",
        "Examples:",
        "  gantry fault set scratch --expire-tokens",
        "  gantry fault set scratch --truncate 2048 --delay 6000",
        "  gantry fault set scratch --status 4 --lose-answers 1"
      })
  static final class SetFaults extends DaemonCommand {
    @Parameters(
        paramLabel = "VOLUME",
        completionCandidates = VolumeNames.class,
        description = "Its name.")
    private String volume;

    @Option(names = "--expire-tokens", description = "Tokens made of it are expired at once.")
    private boolean expireTokens;

    @Option(
        names = "--truncate",
        paramLabel = "BLOCKS",
        description = "Copies to it, and tokens made of it, end after so many blocks.")
    private @Nullable Long truncate;

    @Option(
        names = "--lose-answers",
        paramLabel = "N",
        description = "So many answers to RECEIVE ROD TOKEN INFORMATION never come.")
    private @Nullable Integer loseAnswers;

    @Option(
        names = "--status",
        paramLabel = "CODE",
        description = "What RECEIVE ROD TOKEN INFORMATION tells as status, as in 4 or 0x60.")
    private @Nullable String status;

    @Option(
        names = "--delay",
        paramLabel = "MILLISECONDS",
        description = "How much longer each copy command takes.")
    private @Nullable Long delay;

    @Override
    void run(DaemonClient client) throws IOException {
      FaultView wanted =
          new FaultView(null, expireTokens, truncate, loseAnswers, code(), delay, null);
      FaultView set = client.setFaults(volume, wanted);
      if (json()) {
        Terminal.printJson(out(), set);
      } else {
        out().println("%s: %s".formatted(volume, describe(set)));
      }
    }

    private @Nullable Integer code() throws Failure {
      try {
        return status == null ? null : Integer.decode(status);
      } catch (NumberFormatException e) {
        throw new Failure("'%s' is no status: write 4 or 0x60".formatted(status), e);
      }
    }
  }

  private static String describe(FaultView faults) {
    String text = faults.description();
    return text == null || text.isEmpty() ? "nothing goes wrong on purpose" : text;
  }

  @Command(
      name = "list",
      description = "Show which volumes' copies go wrong on purpose, and how.",
      footer = {"", "Example:", "  gantry fault list"})
  static final class ListAll extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      List<FaultView> faults = new ArrayList<>();
      for (VolumeView volume : client.volumes()) {
        if (!volume.faults().isEmpty()) {
          faults.add(client.faults(volume.name()));
        }
      }
      if (json()) {
        Terminal.printJson(out(), faults);
      } else if (faults.isEmpty()) {
        out().println("nothing goes wrong on purpose");
      } else {
        faults.forEach(fault -> out().println("%s: %s".formatted(fault.volume(), describe(fault))));
      }
    }
  }

  @Command(
      name = "clear",
      description = "Let the copies of a volume go right again.",
      footer = {"", "Example:", "  gantry fault clear scratch"})
  static final class Clear extends DaemonCommand {
    @Parameters(
        paramLabel = "VOLUME",
        completionCandidates = VolumeNames.class,
        description = "Its name.")
    private String volume;

    @Override
    void run(DaemonClient client) throws IOException {
      client.clearFaults(volume);
      if (json()) {
        done("cleared", volume);
      } else {
        out().println("%s: nothing goes wrong on purpose".formatted(volume));
      }
    }
  }
}
