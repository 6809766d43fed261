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
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.server.LogSettings;
import io.gantry.server.TlsSettings;
import io.gantry.store.SpaceLimit;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

/** Settings and TLS, as the command line sees them. */
@NullUnmarked
class ConfigCommandsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  private static final String CONFIG =
      """
      [[user]]
      name = "alice"
      secret = "alice's secret"
      [pool.limits]
      pinned = "40%"
      [copy]
      depth = 3
      """;

  @TempDir private Path directory;

  private static String execute(int exitCode, Stream<String> arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
    assertThat(line.execute(arguments.toArray(String[]::new)))
        .as(out.toString())
        .isEqualTo(exitCode);
    assertThat(out.toString()).doesNotContain("alice's secret");
    return out.toString();
  }

  private String run(int exitCode, String... arguments) {
    return execute(
        exitCode,
        Stream.concat(
            Stream.of(arguments), Stream.of("--data", directory.resolve("data").toString())));
  }

  private Path file(String content) throws IOException {
    Path file = directory.resolve("gantry.toml");
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  @Test
  void check() throws IOException {
    assertThat(execute(0, Stream.of("config", "check", file(CONFIG).toString())))
        .contains("nothing is wrong");
    assertThat(execute(1, Stream.of("config", "check", file(CONFIG + "dept = 3\n").toString())))
        .contains("gantry.toml:8:1: copy.dept: there is no such key; there are", "depth");

    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out));
    assertThat(line.execute("config", "check", "--json", file("dept = 3\n").toString()))
        .isEqualTo(1);
    assertThat(new JsonMapper().readTree(out.toString()).path("problem").asString())
        .contains("gantry.toml:1:1: dept: there is no such key");
  }

  @Test
  void whatIsNoTextIsToldWithItsName() throws IOException {
    Path file = Files.write(directory.resolve("noise.toml"), new byte[] {-1, -2, 0});
    assertThat(execute(1, Stream.of("config", "check", file.toString())))
        .isEqualTo("gantry: %s: is no TOML, which is text in UTF-8\n".formatted(file));
    assertThat(execute(1, Stream.of("config", "check", directory.toString())))
        .isEqualTo("gantry: %s: Is a directory\n".formatted(directory));
  }

  /** What can change does, and the session of who may stay goes on. */
  @Test
  void reload() throws IOException {
    Path file = file(CONFIG);
    List<LogSettings> logs = new ArrayList<>();
    Configuration configuration =
        Configuration.of(file)
            .with("data", directory.resolve("data").toString())
            .with("iscsi", ANY.toString())
            .with("http", ANY.toString());
    try (Daemon daemon = Daemon.start(configuration, logs::add)) {
      daemon.pool().createVolume("disk", 1 << 20, 512);
      String url = daemon.url(0).replace("//", "//alice%alice's secret@");
      try (IscsiSession session =
          IscsiSession.open(IscsiUrl.parse(url), SessionOptions.standard())) {
        assertThat(run(0, "config", "show"))
            .containsPattern("copy.depth +3 +\\S+gantry.toml:7:1 +by reload")
            .containsPattern("user\\[0\\].secret +\\(secret\\)")
            .containsPattern("http +\"127.0.0.1:0\" +the command line +by restart")
            .containsPattern("pool.chunkBytes +65536 +default +by restart");

        file(
            CONFIG.replace("40%", "10%").replace("depth = 3", "depth = 9\n[log]\nlevel = \"info\"")
                + "[audit]\nkept = 7\n");
        assertThat(run(0, "config", "reload"))
            .contains("changed:         copy.depth, log.level, pool.limits.pinned\n")
            .contains("after a restart: audit.kept\n");
        assertThat(daemon.pool().statistics().limits().pinned())
            .isEqualTo(SpaceLimit.ofPercent(10));
        assertThat(logs.getLast().level()).isEqualTo(Level.INFO);
        assertThat(run(0, "config", "show"))
            .containsPattern("copy.depth +9 ")
            .containsPattern("audit.kept +4 +default");
        assertThat(session.execute(ScsiRequest.of(new Cdb.TestUnitReady())).describe())
            .contains("GOOD");

        file(CONFIG.replace("10%", "lots").replace("40%", "lots"));
        assertThat(run(1, "config", "reload")).contains("gantry.toml:5:1: pool.limits", "'lots'");
        assertThat(daemon.pool().statistics().limits().pinned())
            .isEqualTo(SpaceLimit.ofPercent(10));

        file(CONFIG.replace("\"alice\"", "\"bob\""));
        run(0, "config", "reload");
        assertThatThrownBy(
                () -> {
                  while (true) {
                    session.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
                  }
                })
            .isInstanceOf(IOException.class);
      }
    }
  }

  /** Where the target is now, and what goes wrong on purpose: without a restart, too. */
  @Test
  void reloadRedirectsAndTurnsFaultsOn() throws IOException {
    Path file = file("");
    Configuration configuration =
        Configuration.of(file)
            .with("data", directory.resolve("data").toString())
            .with("iscsi", ANY.toString())
            .with("http", ANY.toString());
    Path elsewhere = directory.resolve("elsewhere");
    try (Daemon other = Daemon.start(DaemonSettings.of(elsewhere, ANY, ANY));
        Daemon daemon = Daemon.start(configuration, _ -> {})) {
      other.pool().createVolume("there", 1 << 20, 4096);
      daemon.pool().createVolume("here", 1 << 20, 512);
      IscsiUrl url = IscsiUrl.parse(daemon.url(0));
      try (IscsiSession session = IscsiSession.open(url, SessionOptions.standard())) {
        file(
            "[redirect]\naddress = \"%s\"\n[[fault]]\nvolume = \"here\"\nexpireTokens = true\n"
                .formatted(other.contact().iscsi()));
        assertThat(run(0, "config", "reload"))
            .contains("changed:         fault[0].expireTokens, fault[0].volume, redirect.address")
            .doesNotContain("restart: fault", "restart: redirect");
        assertThat(session.execute(ScsiRequest.of(new Cdb.TestUnitReady())).isGood()).isTrue();
        assertThat(run(0, "fault", "list")).isEqualTo("here: tokens expire\n");
        try (IscsiSession moved = IscsiSession.open(url, SessionOptions.standard())) {
          assertThat(blockBytes(moved)).isEqualTo(4096);
        }
        run(0, "fault", "clear", "here");
        run(0, "config", "reload"); // what was done by hand stays
        assertThat(run(0, "fault", "list")).contains("nothing goes wrong");
        file("");
        run(0, "config", "reload");
        try (IscsiSession back = IscsiSession.open(url, SessionOptions.standard())) {
          assertThat(blockBytes(back)).isEqualTo(512);
        }
      }
    }
  }

  private static int blockBytes(IscsiSession session) throws IOException {
    session.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
    ByteBuffer capacity = ByteBuffer.allocate(32);
    assertThat(
            session
                .execute(ScsiRequest.in(new Cdb.ReadCapacity16(0, 32, false), capacity))
                .isGood())
        .isTrue();
    return capacity.getInt(8);
  }

  @Test
  void overTls() throws IOException {
    Path data = directory.resolve("data");
    try (Daemon daemon =
        Daemon.start(DaemonSettings.of(data, ANY, ANY).withTls(TlsSettings.SELF_SIGNED))) {
      assertThat(run(0, "volume", "list")).contains("no volumes");
      Path token = directory.resolve("token");
      Files.writeString(token, daemon.contact().token());
      String[] remote = {
        "volume",
        "list",
        "--server",
        daemon.contact().url().toString(),
        "--token-file",
        token.toString()
      };
      String fingerprint = daemon.contact().fingerprint();
      assertThat(with(0, remote, "--fingerprint", fingerprint)).contains("no volumes");
      assertThat(with(0, remote, "--ca-file", data.resolve("tls-certificate.pem").toString()))
          .contains("no volumes");
      assertThat(with(1, remote)).contains("cannot be trusted", "--fingerprint");
      String other = fingerprint.startsWith("00") ? "11" : "00";
      assertThat(with(1, remote, "--fingerprint", other + fingerprint.substring(2)))
          .contains("cannot be trusted", fingerprint);
      assertThat(with(1, remote, "--fingerprint", "AB:CD")).contains("is no fingerprint");
      assertThat(with(1, remote, "--fingerprint", fingerprint, "--ca-file", token.toString()))
          .contains("not both");
    }
  }

  private static String with(int exitCode, String[] arguments, String... more) {
    return execute(exitCode, Stream.concat(Stream.of(arguments), Stream.of(more)));
  }
}
