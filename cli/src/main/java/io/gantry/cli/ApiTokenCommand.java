package io.gantry.cli;

import io.gantry.server.ApiTokenMade;
import io.gantry.server.ApiTokenRequest;
import io.gantry.server.ApiTokenView;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "api-token",
    description = {
      "Make, list and revoke tokens of the REST interface and the console.",
      "These are for people and programs that administer the server; the tokens of copies are"
          + " 'gantry token'."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ApiTokenCommand.Create.class,
      ApiTokenCommand.ListAll.class,
      ApiTokenCommand.Revoke.class
    })
final class ApiTokenCommand {
  /** The roles that a token can have. */
  enum GivenRole {
    VIEWER,
    OPERATOR,
    ADMIN;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Command(
      name = "create",
      description = {
        "Make a token and print it, this once: the server keeps only a digest.",
        "A viewer sees everything that is no secret; an operator creates, changes and deletes"
            + " volumes, snapshots and copies, too; an admin also decides who may do what. Programs"
            + " send the token as 'Authorization: Bearer TOKEN', people give it to the console."
      },
      footer = {
        "",
        "Examples:",
        "  gantry api-token create alice --role admin",
        "  gantry api-token create prometheus --role viewer --expires 365d",
        "  gantry api-token create backup --role operator > backup.token"
      })
  static final class Create extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "Whose it is: events tell it.")
    private String name;

    @Option(
        names = "--role",
        required = true,
        paramLabel = "ROLE",
        description = "viewer, operator or admin.")
    private GivenRole role;

    @Option(
        names = "--expires",
        paramLabel = "WHEN",
        converter = ExpiryConverter.class,
        description = "After a time (12h, 90d) or on a day (2027-01-31). Default: never.")
    private @Nullable Instant expires;

    @Override
    void run(DaemonClient client) throws IOException {
      ApiTokenMade made =
          client.createApiToken(
              new ApiTokenRequest(name, role.text(), expires == null ? null : expires.toString()));
      if (json()) {
        Terminal.printJson(out(), made);
      } else {
        out().println(made.token());
      }
    }
  }

  @Command(
      name = "list",
      description = "List the tokens of the REST interface, oldest first.",
      footer = {"", "Examples:", "  gantry api-token list"})
  static final class ListAll extends DaemonCommand {
    @Override
    void run(DaemonClient client) throws IOException {
      List<ApiTokenView> tokens = client.apiTokens();
      if (json()) {
        Terminal.printJson(out(), tokens);
        return;
      }
      if (tokens.isEmpty()) {
        out().println("no API tokens but the server's own, in daemon.json of its data directory");
        return;
      }
      Terminal.Table table = new Terminal.Table("NAME", "ROLE", "CREATED", "EXPIRES");
      for (ApiTokenView token : tokens) {
        table.row(
            token.name(),
            token.role(),
            token.created(),
            token.expires() == null ? "never" : token.expires());
      }
      table.print(out(), "");
    }
  }

  @Command(
      name = "revoke",
      description = "End a token of the REST interface, and the console logins made with it.",
      footer = {"", "Examples:", "  gantry api-token revoke alice"})
  static final class Revoke extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "As 'gantry api-token list' shows it.")
    private String name;

    @Override
    void run(DaemonClient client) throws IOException {
      client.revokeApiToken(name);
      if (!json()) {
        out().println("revoked " + name);
      }
    }
  }

  static final class ExpiryConverter implements ITypeConverter<Instant> {
    private static final Pattern AFTER = Pattern.compile("([1-9][0-9]{0,4})([hd])");

    @Override
    public Instant convert(String value) {
      Matcher after = AFTER.matcher(value);
      if (after.matches()) {
        long count = Long.parseLong(after.group(1));
        return Instant.now()
            .truncatedTo(ChronoUnit.SECONDS)
            .plus(after.group(2).equals("h") ? Duration.ofHours(count) : Duration.ofDays(count));
      }
      try {
        return LocalDate.parse(value).atStartOfDay(ZoneOffset.UTC).toInstant();
      } catch (DateTimeException e) {
        throw new TypeConversionException(
            "'%s' is no time: write 12h, 90d or 2027-01-31".formatted(value));
      }
    }
  }
}
