package io.gantry.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/*
 * For bash and zsh the script is picocli's, with a function around it that asks the daemon where a
 * volume's name is wanted; that starts the command, which takes a part of a second. picocli knows
 * nothing of fish, whose script is a list of what may come after what.
 */
@Command(
    name = "completion",
    description = {
      "Print a script that makes a shell complete gantry's commands and options, and the names of"
          + " volumes where one is wanted and a daemon runs."
    },
    footer = {
      "",
      "Examples:",
      "  gantry completion bash > /etc/bash_completion.d/gantry",
      "  gantry completion zsh > /usr/share/zsh/site-functions/_gantry",
      "  gantry completion fish > ~/.config/fish/completions/gantry.fish"
    })
final class CompletionCommand implements Callable<Integer> {
  private static final String VOLUMES = "(gantry volume list --names 2>/dev/null)";

  /** Asks picocli's function first; then, where the name of a volume may come, the daemon. */
  private static final String AROUND =
      """

      # The options that say which daemon, as they stand in the line so far.
      __gantry_daemon() {
        local i
        for ((i = 1; i < COMP_CWORD; i++)); do
          case ${COMP_WORDS[i]} in
            --data=* | --server=* | --token-file=*) printf '%s\\n' "${COMP_WORDS[i]}" ;;
            --data | --server | --token-file)
              # readline makes a word of the = in between
              if [ "${COMP_WORDS[i + 1]}" = = ]; then
                printf '%s\\n' "${COMP_WORDS[i]}=${COMP_WORDS[i + 2]}"
              else
                printf '%s\\n' "${COMP_WORDS[i]}=${COMP_WORDS[i + 1]}"
              fi
              ;;
          esac
        done
      }

      __gantry() {
        _complete_gantry "$@"
        local current=${COMP_WORDS[COMP_CWORD]}
        case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in
          @COMMANDS@)
            local before=${COMP_WORDS[COMP_CWORD - 1]}
            case $before in -*=*) before= ;; esac # an option with its value
            if [ "$COMP_CWORD" -ge 3 ] && [ "${current#-}" = "$current" ] &&
              [ "${before#-}" = "$before" ]; then
              local options names
              options=$(__gantry_daemon)
              # shellcheck disable=SC2086 # one word for each option
              names=$(IFS=$'\\n'; gantry volume list --names $options 2>/dev/null)
              COMPREPLY=($(compgen -W "$names" -- "$current"))
            fi
            ;;
        esac
      }
      complete -F __gantry -o default gantry
      """;

  private enum Shell {
    BASH,
    ZSH,
    FISH
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
  private Shell shell;

  @Override
  public Integer call() {
    CommandLine root = spec.root().commandLine();
    PrintWriter out = spec.commandLine().getOut();
    switch (shell) {
      case BASH -> out.print(bash(root));
      case ZSH -> out.print("#compdef gantry\n" + bash(root));
      case FISH -> out.print(fish(root));
    }
    out.flush();
    return 0;
  }

  private static String bash(CommandLine root) {
    List<String> takers = new ArrayList<>();
    leaves(root)
        .forEach((words, command) -> {
          if (takesVolume(command)) {
            takers.add("'%s'".formatted(words));
          }
        });
    return AutoComplete.bash("gantry", root)
        + AROUND.replace("@COMMANDS@", String.join(" | ", takers));
  }

  private static boolean takesVolume(CommandSpec command) {
    return command.positionalParameters().stream().anyMatch(CompletionCommand::isVolume);
  }

  private static boolean isVolume(PositionalParamSpec parameter) {
    return parameter.completionCandidates() instanceof VolumeNames;
  }

  /** All commands that do something, by their words behind {@code gantry}, in order. */
  private static Map<String, CommandSpec> leaves(CommandLine root) {
    Map<String, CommandSpec> leaves = new TreeMap<>();
    collect(root, "", leaves);
    return leaves;
  }

  private static void collect(CommandLine line, String words, Map<String, CommandSpec> leaves) {
    if (line.getSubcommands().isEmpty()) {
      leaves.put(words, line.getCommandSpec());
    }
    line.getSubcommands()
        .forEach(
            (name, each) -> collect(each, words.isEmpty() ? name : words + " " + name, leaves));
  }

  private static String fish(CommandLine root) {
    StringBuilder script = new StringBuilder("complete -c gantry -f\n");
    describe(root, "__fish_use_subcommand", "", script);
    return script.toString();
  }

  private static void describe(
      CommandLine line, String condition, String words, StringBuilder script) {
    line.getSubcommands()
        .forEach((name, each) -> {
          CommandSpec command = each.getCommandSpec();
          script.append(
              "complete -c gantry -n '%s' -a %s -d '%s'%n"
                  .formatted(condition, name, quoted(command)));
          String path = words.isEmpty() ? name : words + " " + name;
          describe(each, seen(path, each), path, script);
          if (each.getSubcommands().isEmpty()) {
            describeLeaf(command, seen(path, each), script);
          }
        });
  }

  /** Whether the words of a command stand in the line, and none of those that may follow them. */
  private static String seen(String words, CommandLine line) {
    StringBuilder condition = new StringBuilder();
    for (String word : words.split(" ", -1)) {
      condition
          .append(condition.isEmpty() ? "" : "; and ")
          .append("__fish_seen_subcommand_from ")
          .append(word);
    }
    if (!line.getSubcommands().isEmpty()) {
      condition
          .append("; and not __fish_seen_subcommand_from ")
          .append(String.join(" ", line.getSubcommands().keySet()));
    }
    return condition.toString();
  }

  private static void describeLeaf(CommandSpec command, String condition, StringBuilder script) {
    for (OptionSpec option : command.options()) {
      String argument = option.arity().max() == 0 ? "" : " -r -F";
      script.append(
          "complete -c gantry -n '%s' -l %s%s -d '%s'%n"
              .formatted(
                  condition,
                  option.longestName().replaceFirst("^--", ""),
                  argument,
                  quoted(option.description())));
    }
    boolean files = command.positionalParameters().stream().anyMatch(each -> !isVolume(each));
    if (takesVolume(command)) {
      script.append("complete -c gantry -n '%s' -a '%s'%n".formatted(condition, VOLUMES));
    }
    if (files) {
      script.append("complete -c gantry -n '%s' -F%n".formatted(condition));
    }
  }

  private static String quoted(CommandSpec command) {
    String[] header = command.usageMessage().header();
    return quoted(header.length > 0 ? header : command.usageMessage().description());
  }

  /** The first sentence, for within single quotes. */
  private static String quoted(String... text) {
    String first = text.length == 0 ? "" : text[0].replaceAll("\\.( .*)?$", "");
    return first.replace("%%", "%").replace("\\", "\\\\").replace("'", "\\'");
  }
}
