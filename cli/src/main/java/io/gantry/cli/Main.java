package io.gantry.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
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
    StandardOutput out = StandardOutput.install();
    // Around the stream itself, or the writer would not hear that nobody reads any more.
    PrintWriter writer = new PrintWriter(System.out, true, System.out.charset());
    int exitCode = commandLine().setOut(writer).execute(arguments);
    writer.flush();
    System.out.flush();
    System.exit(out.exitCode(exitCode, System.err));
  }

  /** The command line: exit code 0 for success, 1 for failure, 2 for wrong usage. */
  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .registerConverter(Path.class, Main::path)
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
    complain(line, message(e));
    return 1;
  }

  /** Says what is wrong, in one line whatever names are in it. */
  static void complain(CommandLine line, String message) {
    line.getErr().println("gantry: " + Terminal.printable(message));
    line.getErr().flush();
  }

  /** What is wrong, where. */
  static String message(Exception e) {
    return switch (e) {
      case FileSystemException file when file.getFile() == null -> String.valueOf(e.getMessage());
      case FileSystemException file when file.getReason() != null ->
          file.getFile() + ": " + file.getReason();
      case NoSuchFileException file -> file.getFile() + ": no such file or directory";
      case AccessDeniedException file -> file.getFile() + ": permission denied";
      case FileAlreadyExistsException file -> file.getFile() + ": exists already";
      case FileSystemException file -> file.getFile() + ": " + file.getClass().getSimpleName();
      default -> String.valueOf(e.getMessage());
    };
  }

  /** What is wrong, without where picocli counted it. */
  private static String reason(ParameterException e) {
    CommandLine line = e.getCommandLine();
    return switch (e) {
      case UnmatchedArgumentException unmatched when !unmatched.isUnknownOption() ->
          unmatched(unmatched, line);
      case ParameterException conversion
          when conversion.getCause() instanceof TypeConversionException cause ->
          notConverted(conversion, String.valueOf(cause.getMessage()));
      case ParameterException missing
          when String.valueOf(missing.getMessage()).equals("Missing required subcommand") ->
          "which? " + alternatives(List.copyOf(line.getSubcommands().keySet()));
      default -> String.valueOf(e.getMessage()).replaceFirst("^Error: ", "");
    };
  }

  private static String unmatched(UnmatchedArgumentException e, CommandLine line) {
    String first = e.getUnmatched().getFirst();
    if (line.getSubcommands().isEmpty()) {
      return "'%s' is one argument too many".formatted(first);
    }
    return e.getSuggestions().stream()
        .filter(name -> !first.isEmpty() && name.startsWith(first.substring(0, 1)))
        .findFirst()
        .map(name -> "'%s' is no command; did you mean '%s'?".formatted(first, name))
        .orElse("'%s' is no command".formatted(first));
  }

  /** Our own converters say what they want; picocli's know it in terms of Java. */
  private static String notConverted(ParameterException e, String message) {
    ArgSpec argument = e.getArgSpec();
    if (argument == null) {
      return message;
    }
    String name =
        argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    Class<?> type = argument.auxiliaryTypes()[0];
    if (type.isEnum()) {
      return "%s is %s, not '%s'"
          .formatted(
              name,
              alternatives(
                  Stream.of(type.getEnumConstants())
                      .map(each -> ((Enum<?>) each).name().toLowerCase(Locale.ROOT))
                      .toList()),
              e.getValue());
    }
    return message.contains(" is not a")
        ? "%s is a number, not '%s'".formatted(name, e.getValue())
        : message;
  }

  /** {@code one, another or a third}. */
  private static String alternatives(List<String> names) {
    int last = names.size() - 1;
    return last == 0
        ? names.getFirst()
        : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }

  private static int misused(ParameterException e, String[] arguments) {
    CommandLine line = e.getCommandLine();
    complain(line, "%s; see %s --help".formatted(reason(e), line.getCommandSpec().qualifiedName()));
    return 2;
  }

  /** A file or directory; an empty name would be the directory in which the command runs. */
  static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("an empty name is no file or directory");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "'%s' cannot be the name of a file here: %s; LC_ALL=C.UTF-8 allows any character"
              .formatted(text, e.getReason()));
    }
  }
}
