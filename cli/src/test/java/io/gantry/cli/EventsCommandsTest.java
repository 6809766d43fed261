package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What initiators and administrators do, as events tell it. */
@NullUnmarked
class EventsCommandsTest {
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

  private static String execute(int exitCode, Stream<String> arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
    assertThat(line.execute(arguments.toArray(String[]::new)))
        .as(out.toString())
        .isEqualTo(exitCode);
    return out.toString();
  }

  private String run(int exitCode, String... arguments) {
    return execute(
        exitCode,
        Stream.concat(
            Stream.of(arguments), Stream.of("--data", directory.resolve("data").toString())));
  }

  private List<JsonNode> events() {
    List<JsonNode> events = new ArrayList<>();
    new JsonMapper().readTree(run(0, "events", "--json", "-n", "1000")).forEach(events::add);
    return events;
  }

  /** The first event of a type, as soon as there is one. */
  private JsonNode event(String type) {
    while (true) {
      for (JsonNode event : events()) {
        if (event.path("type").asString().equals(type)) {
          return event;
        }
      }
    }
  }

  @Test
  void aCopyIsToldWithItsMethod() throws IOException {
    daemon.pool().createVolume("from", 64 << 20, 512).write(0, ByteBuffer.allocate(1 << 20));
    daemon.pool().createVolume("to", 64 << 20, 512);
    execute(0, Stream.of("copy", daemon.url(0), daemon.url(1), "--method", "odx"));

    JsonNode loggedIn = event("session.logged-in");
    String initiator = loggedIn.path("who").asString();
    assertThat(initiator).startsWith("iqn.");
    assertThat(loggedIn.path("address").asString()).isEqualTo("127.0.0.1");
    JsonNode token = event("token.created");
    assertThat(token.path("who").asString()).isEqualTo(initiator);
    assertThat(token.path("details").path("source").asString()).contains("from");
    JsonNode copy = event("copy.ended");
    assertThat(copy.path("who").asString()).isEqualTo(initiator);
    Map<String, String> details =
        Map.of("command", "WRITE_USING_TOKEN", "state", "completed", "destination", "to");
    details.forEach(
        (name, value) -> assertThat(copy.path("details").path(name).asString()).contains(value));
    JsonNode out = event("session.logged-out");
    assertThat(out.path("details").path("commands").asLong()).isPositive();
    assertThat(run(0, "events"))
        .containsPattern("Z  session.logged-in +" + initiator + " \\(127.0.0.1\\): ");
  }

  @Test
  void oneCanFollow() throws Exception {
    StringWriter out = new StringWriter();
    Thread follower =
        Thread.ofVirtual()
            .start(() ->
                Main.commandLine()
                    .setOut(new PrintWriter(out))
                    .setErr(new PrintWriter(out))
                    .execute(
                        "events",
                        "--follow",
                        "--json",
                        "--data",
                        directory.resolve("data").toString()));
    run(0, "volume", "create", "seen", "1M");
    while (!out.toString().contains("volume.created")) {
      Thread.onSpinWait();
    }
    daemon.close(); // and the follower, which asks again, says how it finds that out
    follower.join();
    List<String> lines = out.toString().lines().toList();
    assertThat(lines.getLast())
        .containsPattern(
            "the daemon (stops|at .* (does|did) not answer)|connection to the daemon .* broke");
    assertThat(lines.subList(0, lines.size() - 1))
        .allSatisfy(
            line -> assertThat(new JsonMapper().readTree(line).path("id").asLong()).isPositive())
        .hasSizeGreaterThan(1);
  }

  @Test
  void thereAreNoMoreThanSoMany() {
    assertThat(run(2, "events", "-n", "1001")).contains("--limit is 1 to 1000");
  }
}
