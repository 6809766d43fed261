package io.gantry.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code gantry} command. */
@Command(
    name = "gantry",
    description = "Block storage with token-based copy offload (Windows ODX).",
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  gantry demo",
      "  gantry serve --data /srv/gantry &",
      "  gantry volume create disk 10G --data /srv/gantry"
    },
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      VolumeCommand.class,
      SnapshotCommand.class,
      PoolCommand.class,
      StatsCommand.class,
      TokenCommand.class,
      CopiesCommand.class,
      FaultCommand.class,
      SessionCommand.class,
      AccessCommand.class,
      ApiTokenCommand.class,
      EventsCommand.class,
      ConfigCommand.class,
      CopyCommand.class,
      DoctorCommand.class,
      ConformanceCommand.class,
      DsmCommand.class,
      CheckCommand.class,
      CompletionCommand.class
    })
public final class Main implements Callable<Integer> {
  /** Held, for the logging system forgets what nobody holds. */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  private static final Map<String, String> EXIT_CODES = exitCodes();

  @Spec private CommandSpec spec;

  /** What they mean where a command says nothing else; in order. */
  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "done");
    codes.put("1", "not done; standard error says in one line what, where and what to do");
    codes.put("2", "wrong usage");
    return codes;
  }

  /** Without a command there is only one thing to say. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return 2;
  }

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    HELIDON.setLevel(Level.WARNING);
    System.exit(commandLine().execute(arguments));
  }

  /** The command line: exit code 0 for success, 1 for failure, 2 for wrong usage. */
  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.ansi()))
        .setExecutionExceptionHandler(Main::failed)
        .setParameterExceptionHandler(Main::misused);
    addHelp(line);
    return line;
  }

  private static void addHelp(CommandLine line) {
    CommandSpec spec = line.getCommandSpec().mixinStandardHelpOptions(true);
    spec.versionProvider(new Version());
    line.getSubcommands().values().forEach(Main::addHelp);
    UsageMessageSpec usage = spec.usageMessage().sortOptions(false);
    usage.exitCodeListHeading("%nExit code:%n");
    if (usage.exitCodeList().isEmpty()) {
      usage.exitCodeList(EXIT_CODES);
    }
    if (usage.footer().length == 0) {
      usage.footer(examplesOf(line).toArray(String[]::new));
    }
  }

  /** A command that only has others in it has the first example of each. */
  private static List<String> examplesOf(CommandLine line) {
    List<String> examples = new ArrayList<>(List.of("", "Examples:"));
    for (CommandLine each : line.getSubcommands().values()) {
      Stream.of(each.getCommandSpec().usageMessage().footer())
          .filter(text -> text.startsWith("  gantry ") && !text.endsWith("\\"))
          .findFirst()
          .ifPresent(examples::add);
    }
    return examples;
  }

  private static int failed(Exception e, CommandLine line, ParseResult result) throws Exception {
    if (!(e instanceof IOException)) {
      throw e; // a defect of Gantry: its stack trace is wanted
    }
    line.getErr().println("gantry: " + message(e));
    line.getErr().flush();
    return 1;
  }

  private static String message(Exception e) {
    return switch (e) {
      case NoSuchFileException file -> file.getFile() + ": no such file or directory";
      case AccessDeniedException file -> file.getFile() + ": permission denied";
      case FileAlreadyExistsException file -> file.getFile() + ": exists already";
      case FileSystemException file ->
          file.getFile() + ": " + (file.getReason() == null ? file.getClass() : file.getReason());
      default -> String.valueOf(e.getMessage());
    };
  }

  /** What is wrong, without where picocli counted it. */
  private static String reason(ParameterException e) {
    return switch (e) {
      case UnmatchedArgumentException unmatched when !unmatched.isUnknownOption() ->
          "'%s' is no command, or one argument too many"
              .formatted(unmatched.getUnmatched().getFirst());
      case ParameterException conversion
          when conversion.getCause() instanceof TypeConversionException ->
          String.valueOf(conversion.getCause().getMessage());
      default -> String.valueOf(e.getMessage()).replaceFirst("^Error: ", "");
    };
  }

  private static int misused(ParameterException e, String[] arguments) {
    CommandLine line = e.getCommandLine();
    line.getErr()
        .printf("gantry: %s; see %s --help%n", reason(e), line.getCommandSpec().qualifiedName());
    line.getErr().flush();
    return 2;
  }
}
