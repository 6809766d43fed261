package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Tokens of the REST interface, made and used on the command line. */
@NullUnmarked
class ApiTokenCommandsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  @TempDir private Path directory;
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY));
  }

  @AfterEach
  void stop() throws IOException {
    daemon.close();
  }

  private static String execute(int exitCode, List<String> arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
    assertThat(line.execute(arguments.toArray(String[]::new)))
        .as(out.toString())
        .isEqualTo(exitCode);
    return out.toString();
  }

  /** As who owns the data directory. */
  private String run(int exitCode, String... arguments) {
    return execute(
        exitCode,
        Stream.concat(
                Stream.of(arguments), Stream.of("--data", directory.resolve("data").toString()))
            .toList());
  }

  /** As who has a token in a file. */
  private String runWith(Path token, int exitCode, String... arguments) {
    Stream<String> remote =
        Stream.of(
            "--server", "http://" + daemon.contact().http(), "--token-file", token.toString());
    return execute(exitCode, Stream.concat(Stream.of(arguments), remote).toList());
  }

  @Test
  void tokensDoWhatTheirRolesMay() throws IOException {
    assertThat(run(0, "api-token", "list")).contains("no API tokens");
    Path viewer = directory.resolve("viewer");
    Files.writeString(viewer, run(0, "api-token", "create", "eve", "--role", "viewer"));
    Path operator = directory.resolve("operator");
    Files.writeString(
        operator, run(0, "api-token", "create", "bob", "--role", "operator", "--expires", "2d"));

    assertThat(runWith(operator, 0, "volume", "create", "disk", "1M")).contains("iscsi://");
    assertThat(runWith(viewer, 0, "volume", "list")).contains("disk");
    assertThat(runWith(viewer, 1, "volume", "delete", "disk"))
        .contains("eve has the role viewer; this needs operator");
    assertThat(runWith(operator, 1, "api-token", "list")).contains("this needs admin");

    assertThat(run(0, "api-token", "list"))
        .containsPattern("eve +viewer +20\\S+Z +never")
        .containsPattern("bob +operator +20\\S+Z +20\\S+Z")
        .doesNotContain(Files.readString(viewer).strip());
    assertThat(run(0, "api-token", "revoke", "eve")).isEqualTo("revoked eve\n");
    assertThat(runWith(viewer, 1, "volume", "list")).contains("does not know the token");
    assertThat(run(1, "api-token", "revoke", "eve")).contains("no API token 'eve'");
  }

  @Test
  void mistakesAreNamed() {
    assertThat(run(2, "api-token", "create", "x")).contains("--role");
    assertThat(run(2, "api-token", "create", "x", "--role", "root")).contains("root");
    assertThat(run(2, "api-token", "create", "x", "--role", "admin", "--expires", "soon"))
        .contains("12h, 90d or 2027-01-31");
    assertThat(run(1, "api-token", "create", "x", "--role", "admin", "--expires", "2020-01-01"))
        .contains("which is over");
    assertThat(run(1, "api-token", "create", "local", "--role", "admin")).contains("'local'");
  }
}
