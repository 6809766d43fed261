package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.initiator.ChapEnvironment;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.server.Configuration;
import io.gantry.server.Daemon;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon with users and rules; our own initiator, and clients that nobody here wrote. */
@SuppressWarnings("NullAway.Init")
class LoginIT {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  private static final String CONFIG =
      """
      [[user]]
      name = "alice"
      secret = "alice's secret"
      targetName = "storage"
      targetSecret = "the target's secret"

      [[user]]
      name = "bob"
      secretFile = "bob.secret"

      [[access]]
      users = ["bob"]
      access = "read-only"

      [[access]]
      users = ["alice"]
      volumes = ["disk*"]
      """;

  @TempDir private Path directory;
  private Daemon daemon;

  private void start(String config, HostPort... portals) throws IOException {
    Path file = directory.resolve("gantry.toml");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, config);
    Files.createFile(
        directory.resolve("bob.secret"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(directory.resolve("bob.secret"), "bob's long secret\n");
    daemon =
        Daemon.start(
            Configuration.of(file)
                .with("data", directory.resolve("data").toString())
                .with("iscsi", Stream.of(portals).map(HostPort::toString).toList())
                .with("http", ANY.toString()),
            _ -> {});
    daemon.pool().createVolume("disk", 64 << 20, 512);
    daemon.pool().createVolume("other", 64 << 20, 512);
  }

  @AfterEach
  void stop() throws IOException {
    if (daemon != null) {
      daemon.close();
    }
  }

  private String url(String credentials, int lun) {
    return daemon.url(lun).replace("iscsi://", "iscsi://" + credentials);
  }

  private static IscsiSession open(String url, Map<String, String> environment) throws IOException {
    IscsiUrl parsed = IscsiUrl.parse(url);
    return IscsiSession.open(
        parsed, SessionOptions.standard().withUser(ChapEnvironment.user(parsed, environment)));
  }

  private static String write(IscsiSession session) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(512);
    return session.execute(ScsiRequest.out(Cdb.Transfer.write(0, 1), data)).describe();
  }

  @Test
  void ourOwnInitiator() throws IOException {
    start(CONFIG, ANY);
    assertThatThrownBy(() -> open(url("", 0), Map.of()))
        .hasMessageContaining("0201h")
        .hasMessageContaining("wants a user and a secret");
    assertThatThrownBy(() -> open(url("alice%wrong secret@", 0), Map.of()))
        .hasMessageContaining("does not take this user and secret")
        .hasMessageNotContaining("wrong secret");
    try (IscsiSession session = open(url("alice%alice's secret@", 0), Map.of())) {
      assertThat(write(session)).contains("GOOD");
    }
    Map<String, String> mutual =
        Map.of(
            "LIBISCSI_CHAP_USERNAME", "alice",
            "LIBISCSI_CHAP_PASSWORD", "alice's secret",
            "LIBISCSI_CHAP_TARGET_USERNAME", "storage",
            "LIBISCSI_CHAP_TARGET_PASSWORD", "the target's secret");
    try (IscsiSession session = open(url("", 0), mutual)) {
      assertThat(write(session)).contains("GOOD");
    }
    assertThatThrownBy(() -> open(url("alice%alice's secret@", 1), Map.of()))
        .hasMessageContaining("no LUN 1");
    try (IscsiSession session = open(url("bob%bob's long secret@", 1), Map.of())) {
      assertThat(write(session)).doesNotContain("GOOD");
    }
  }

  @Test
  void digests() throws IOException {
    start("", ANY);
    SessionOptions options = SessionOptions.standard().withDigests(SessionOptions.Digests.BOTH);
    byte[] content = new byte[1 << 20];
    Arrays.fill(content, (byte) 0x5A);
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(daemon.url(0)), options)) {
      session.execute(ScsiRequest.out(Cdb.Transfer.write(0, 2048), ByteBuffer.wrap(content)));
      ByteBuffer read = ByteBuffer.allocate(content.length);
      session.execute(ScsiRequest.in(Cdb.Transfer.read(0, 2048), read));
      assertThat(read.array()).isEqualTo(content);
    }
  }

  @Test
  void aTargetThatHasMoved() throws IOException {
    start("", ANY);
    Daemon here = daemon;
    Path file = directory.resolve("moved.toml");
    Files.writeString(file, "[redirect]\naddress = \"%s\"\n".formatted(here.contact().iscsi()));
    Configuration elsewhere =
        Configuration.of(file)
            .with("data", directory.resolve("elsewhere").toString())
            .with("iscsi", ANY.toString())
            .with("http", ANY.toString());
    try (Daemon moved = Daemon.start(elsewhere, _ -> {});
        IscsiSession session = open(moved.url(0), Map.of())) {
      assertThat(write(session)).contains("GOOD");
    }
  }

  @Test
  void overIpv6AndSeveralPortals() throws IOException {
    HostPort six = new HostPort("::1", 0);
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
      assumeTrue(probe.isBound());
    } catch (IOException e) {
      assumeTrue(false, "no IPv6 here");
    }
    start("", six, ANY);
    assertThat(daemon.url(0)).startsWith("iscsi://[::1]:");
    try (IscsiSession session = open(daemon.url(0), Map.of())) {
      assertThat(write(session)).contains("GOOD");
    }
    HostPort portal = daemon.contact().iscsi();
    assertThat(IscsiSession.discover("::1", portal.port()))
        .singleElement()
        .satisfies(target ->
            assertThat(target.addresses())
                .hasSize(2)
                .first()
                .isEqualTo("[::1]:%d,1".formatted(portal.port())));
    if (Launcher.has("iscsi-ls")) {
      assertThat(Launcher.succeed("iscsi-ls", "-s", "iscsi://" + portal))
          .contains("Portal:[::1]:" + portal.port());
    }
  }

  @Test
  void libiscsi() throws IOException {
    assumeTrue(Launcher.has("iscsi-ls"), "iscsi-ls is not installed");
    start(CONFIG, ANY);
    String portal = daemon.contact().iscsi().toString();
    assertThat(Launcher.run(List.of("iscsi-ls", "-s", "iscsi://" + portal)).exitCode()).isNotZero();
    assertThat(Launcher.run(List.of("iscsi-ls", "iscsi://alice%wrong@" + portal)).exitCode())
        .isNotZero();
    assertThat(Launcher.succeed("iscsi-ls", "-s", "iscsi://alice%alice's secret@" + portal))
        .containsPattern("Lun:0 +Type:DIRECT_ACCESS")
        .doesNotContain("Lun:1");
    assertThat(Launcher.succeed("iscsi-ls", "-s", "iscsi://bob%bob's long secret@" + portal))
        .contains("Lun:0", "Lun:1");
    assertThat(Launcher.succeed("iscsi-inq", url("alice%alice's secret@", 0)))
        .contains("Peripheral Device Type:DIRECT_ACCESS");
    String mutual = "?target_user=storage&target_password=the target's secret";
    assertThat(Launcher.succeed("iscsi-inq", url("alice%alice's secret@", 0) + mutual))
        .contains("Peripheral Device Type:DIRECT_ACCESS");
    String impostor = "?target_user=storage&target_password=not its secret";
    assertThat(
            Launcher.run(List.of("iscsi-inq", url("alice%alice's secret@", 0) + impostor))
                .exitCode())
        .isNotZero();
    String digests = "?header_digest=crc32c";
    assertThat(Launcher.succeed("iscsi-inq", url("alice%alice's secret@", 0) + digests))
        .contains("Peripheral Device Type:DIRECT_ACCESS");
  }

  @Test
  void qemu() throws IOException {
    assumeTrue(Launcher.has("qemu-io"), "qemu-io is not installed");
    start(CONFIG, ANY);
    Path secret = directory.resolve("alice.secret");
    Files.writeString(secret, "alice's secret");
    String options =
        "driver=iscsi,transport=tcp,portal=%s,target=%s,lun=0,user=alice,password-secret=s"
            .formatted(daemon.contact().iscsi(), daemon.contact().target());
    assertThat(
            Launcher.succeed(
                "qemu-io",
                "--object",
                "secret,id=s,file=" + secret,
                "--image-opts",
                "-c",
                "write -P 0xa5 0 64k",
                "-c",
                "read -P 0xa5 0 64k",
                options))
        .doesNotContain("Pattern verification failed");
  }
}
