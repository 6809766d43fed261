package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What {@code --help} says, of all commands that there are. */
class HelpTest {

  /** What answers with bytes or a script, or not at all. */
  private static final Set<String> WITHOUT_JSON =
      Set.of("gantry serve", "gantry completion", "gantry dsm ioctl", "gantry dsm encode");

  static Stream<CommandLine> commands() {
    return below(Main.commandLine());
  }

  private static Stream<CommandLine> below(CommandLine line) {
    return Stream.concat(
        Stream.of(line), line.getSubcommands().values().stream().flatMap(HelpTest::below));
  }

  private static String name(CommandLine line) {
    return line.getCommandSpec().qualifiedName();
  }

  @Test
  void thereAreCommands() {
    assertThat(commands()).hasSizeGreaterThan(40);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandSaysWhatItDoesAndHowItEnds(CommandLine line) {
    CommandSpec spec = line.getCommandSpec();
    assertThat(spec.usageMessage().description()).as(name(line)).isNotEmpty();
    assertThat(spec.usageMessage().exitCodeList()).as(name(line)).containsKeys("0", "1", "2");
    String help = line.getUsageMessage(CommandLine.Help.Ansi.OFF);
    assertThat(help).contains("--help", "--version", "Exit code:", "Example");
    assertThat(spec.options())
        .allSatisfy(option -> assertThat(option.description()).as(option.toString()).isNotEmpty());
    assertThat(spec.positionalParameters())
        .allSatisfy(each -> assertThat(each.description()).as(each.toString()).isNotEmpty());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasAnExampleOfItself(CommandLine line) {
    String footer =
        Stream.of(line.getCommandSpec().usageMessage().footer())
            .map(text -> text.replace("%%", "%"))
            .collect(Collectors.joining("\n"));
    List<List<String>> examples = ShellText.commands(footer);
    assertThat(examples).as(footer).isNotEmpty();
    assertThat(examples).allSatisfy(each -> assertThat(ShellText.problem(each, false)).isEmpty());
    assertThat(examples)
        .as(name(line))
        .anyMatch(each -> ("gantry " + String.join(" ", each)).startsWith(name(line)));
  }

  /** What is cut into lines cannot be typed. */
  @ParameterizedTest
  @MethodSource("commands")
  void examplesFitOnATerminal(CommandLine line) {
    assertThat(line.getCommandSpec().usageMessage().footer())
        .filteredOn(text -> text.startsWith("  "))
        .allSatisfy(text -> assertThat(text.formatted()).hasSizeLessThan(80));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandSpeaksToPrograms(CommandLine line) {
    if (line.getSubcommands().isEmpty() && !WITHOUT_JSON.contains(name(line))) {
      assertThat(line.getCommandSpec().findOption("--json")).as(name(line)).isNotNull();
    }
  }

  @Test
  void aWrongExampleWouldBeFound() {
    assertThat(ShellText.commands("  gantry volume crate disk 10G # wrong"))
        .singleElement()
        .satisfies(command -> assertThat(ShellText.problem(command, true)).contains("crate"));
    assertThat(ShellText.problem(List.of("volume", "create"), false)).contains("NAME");
    assertThat(ShellText.problem(List.of("volume", "create"), true)).isEmpty();
    assertThat(ShellText.problem(List.of("volume", "list", "--colour"), true)).isNotEmpty();
  }

  @Test
  void commandsAreFoundInShell() {
    assertThat(
            ShellText.commands(
                """
                $ sudo ./gantry serve --data '/srv/a b' > log 2>&1 &
                X=1 gantry volume list --json | jq . # gantry nothing
                gantry copy a \\
                  b
                gantry dsm encode <<END | gantry dsm decode X
                gantry is not run here
                END
                echo gantry
                """))
        .containsExactly(
            List.of("serve", "--data", "/srv/a b"),
            List.of("volume", "list", "--json"),
            List.of("copy", "a", "b"),
            List.of("dsm", "encode"),
            List.of("dsm", "decode", "X"));
  }

  @Test
  void theVersionSaysWhichBuildItIs() {
    assertThat(new Version().getVersion()[0])
        .matches("gantry \\d+\\.\\d+\\.\\d+ \\(commit \\S+\\)");
    assertThat(new Version().getVersion()[1]).startsWith("Java 25");
  }
}
