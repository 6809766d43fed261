package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.server.Configuration;
import io.gantry.server.Daemon;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Who is there and who may be, as the command line shows it. */
@NullUnmarked
class SessionCommandsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  private static final String CONFIG =
      """
      [[user]]
      name = "alice"
      secret = "alice's secret"

      [[access]]
      users = ["alice"]
      addresses = ["127.0.0.0/8", "::1"]
      volumes = ["disk*"]

      [[access]]
      access = "read-only"
      """;

  @TempDir private Path directory;
  private Path file;
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    file = directory.resolve("gantry.toml");
    Files.writeString(file, CONFIG);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    daemon =
        Daemon.start(
            Configuration.of(file)
                .with("data", directory.resolve("data").toString())
                .with("iscsi", ANY.toString())
                .with("http", ANY.toString()),
            _ -> {});
    daemon.pool().createVolume("disk", 1 << 20, 512);
  }

  @AfterEach
  void stop() throws IOException {
    daemon.close();
  }

  private String run(int exitCode, String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
    String[] all = List.of(arguments).toArray(new String[arguments.length + 2]);
    all[arguments.length] = "--data";
    all[arguments.length + 1] = directory.resolve("data").toString();
    assertThat(line.execute(all)).as(out.toString()).isEqualTo(exitCode);
    assertThat(out.toString()).doesNotContain("alice's secret");
    return out.toString();
  }

  private IscsiSession open() throws IOException {
    String url = daemon.url(0).replace("//", "//alice%alice's secret@");
    SessionOptions options =
        SessionOptions.standard()
            .withInitiatorName("iqn.2026-11.test:host")
            .withDigests(SessionOptions.Digests.BOTH);
    return IscsiSession.open(IscsiUrl.parse(url), options);
  }

  @Test
  void sessions() throws IOException {
    assertThat(run(0, "session", "list")).isEqualTo("no sessions are open\n");
    try (IscsiSession session = open()) {
      ByteBuffer data = ByteBuffer.allocate(8192);
      session.execute(ScsiRequest.out(Cdb.Transfer.write(0, 16), data));
      assertThat(run(0, "session", "list"))
          .contains("iqn.2026-11.test:host", "alice", "127.0.0.1", "8.00 KiB", "header, data");
      JsonNode listed = new JsonMapper().readTree(run(0, "session", "list", "--json"));
      assertThat(listed).hasSize(1);
      assertThat(listed.get(0).get("user").asString()).isEqualTo("alice");
      assertThat(listed.get(0).get("writtenBytes").asLong()).isEqualTo(8192);
      assertThat(listed.get(0).get("headerDigest").asBoolean()).isTrue();
      String id = listed.get(0).get("id").asString();
      assertThat(run(0, "session", "drop", id)).isEqualTo("dropped %s\n".formatted(id));
      assertThatThrownBy(
              () -> {
                while (true) {
                  session.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
                }
              })
          .isInstanceOf(IOException.class);
    }
    assertThat(run(1, "session", "drop", "60000")).contains("there is no session '60000'");
  }

  @Test
  void access() throws IOException {
    assertThat(run(0, "access", "list"))
        .contains("portals  127.0.0.1:", "users    alice", "127.0.0.0/8, ::1", "disk*")
        .containsPattern("2 +any +any +any +any +read-only");
    JsonNode shown = new JsonMapper().readTree(run(0, "access", "list", "--json"));
    assertThat(shown.get("users").get(0).asString()).isEqualTo("alice");
    assertThat(shown.get("rules").get(1).get("access").asString()).isEqualTo("read-only");
  }

  private static String write(IscsiSession session) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(512);
    return session.execute(ScsiRequest.out(Cdb.Transfer.write(0, 1), data)).describe();
  }

  /** Rules change under a session that goes on, until they do not let its user in any more. */
  @Test
  void reload() throws IOException {
    try (IscsiSession session = open()) {
      session.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      assertThat(write(session)).isEqualTo("GOOD");
      Files.writeString(file, CONFIG.replace("disk*", "other*"));
      assertThat(run(0, "access", "reload")).contains("other*").doesNotContain("disk*");
      assertThat(run(0, "access", "list")).contains("other*");
      assertThat(write(session)).contains("write protected");

      Files.writeString(file, CONFIG.replace("read-only", "anything"));
      assertThat(run(1, "access", "reload")).contains("gantry.toml", "anything");
      assertThat(run(0, "access", "list")).contains("other*");

      Files.writeString(file, CONFIG);
      assertThat(run(0, "access", "reload")).contains("disk*");
      assertThat(write(session)).isEqualTo("GOOD");

      Files.writeString(file, CONFIG.replace("alice", "bob"));
      assertThat(run(0, "access", "reload")).contains("bob");
      assertThatThrownBy(
              () -> {
                while (true) {
                  write(session);
                }
              })
          .isInstanceOf(IOException.class);
    }
    assertThatThrownBy(this::open).hasMessageContaining("0201");
  }
}
