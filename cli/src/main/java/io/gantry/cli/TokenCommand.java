package io.gantry.cli;

import io.gantry.server.TokenView;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "token",
    description = "See the tokens that hosts hold, and what they pin.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {TokenCommand.ListAll.class, TokenCommand.Revoke.class})
final class TokenCommand {
  @Command(
      name = "list",
      description = {
        "List the tokens that are alive, oldest first.",
        "UNIQUE is what nothing else maps: ending that token alone frees so much. What several"
            + " tokens pin together, 'gantry pool status' shows."
      },
      footer = {"", "Examples:", "  gantry token list", "  gantry token list --json"})
  static final class ListAll extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      List<TokenView> tokens = client.tokens();
      if (json()) {
        Terminal.printJson(out(), tokens);
        return;
      }
      if (tokens.isEmpty()) {
        out().println("no tokens are alive");
        return;
      }
      Terminal.Table table =
          new Terminal.Table(
              "ID", "VOLUME", "CREATED", ">LENGTH", ">UNIQUE", ">EXPIRES IN", "KIND", "OWNER");
      for (TokenView token : tokens) {
        table.row(
            token.id(),
            token.volume().isEmpty() ? "(deleted)" : token.volume(),
            Instant.parse(token.created()).truncatedTo(ChronoUnit.SECONDS),
            Size.human(token.lengthBytes()),
            Size.human(token.uniqueBytes()),
            Terminal.human(Duration.ofSeconds(token.expiresInSeconds())),
            token.persistent() ? "persistent" : token.kind().replace('_', ' '),
            token.owner());
      }
      table.print(out(), "");
    }
  }

  @Command(
      name = "revoke",
      description = "End a token: its holder is told that it was revoked, and its space is freed.",
      footer = {"", "Example:", "  gantry token revoke 00c0ffee00c0ffee"})
  static final class Revoke extends DaemonCommand {
    @Parameters(paramLabel = "ID", description = "As 'gantry token list' shows it.")
    private String id;

    @Override
    void run(DaemonClient client) throws IOException {
      client.revoke(id);
      done("revoked", id);
    }
  }
}
