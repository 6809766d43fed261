package io.gantry.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code gantry} command. */
@Command(
    name = "gantry",
    description = "Block storage with token-based copy offload (Windows ODX).",
    version = "gantry 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Try it:",
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
      CopyCommand.class,
      DoctorCommand.class,
      ConformanceCommand.class,
      DsmCommand.class,
      CheckCommand.class
    })
public final class Main implements Callable<Integer> {
  /** Held, for the logging system forgets what nobody holds. */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  @Spec private CommandSpec spec;

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
        .setExecutionExceptionHandler(Main::failed)
        .setParameterExceptionHandler(Main::misused);
    addHelp(line);
    return line;
  }

  private static void addHelp(CommandLine line) {
    line.getCommandSpec().mixinStandardHelpOptions(true).usageMessage().sortOptions(false);
    line.getSubcommands().values().forEach(Main::addHelp);
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
