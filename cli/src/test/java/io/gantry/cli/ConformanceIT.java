package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.server.CopySettings;
import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.store.Volume;
import io.gantry.target.CopyOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every rule of copy offload, on Gantry over iSCSI and on a target without it. */
@NullUnmarked
class ConformanceIT {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  /** More than one token can stand for: the volume is thin. */
  private static final long SIZE = 65L << 30;

  @TempDir private Path directory;

  private record Outcome(int exitCode, String out, String err) {
    JsonNode json() {
      return new JsonMapper().readTree(out);
    }

    List<String> rules(String verdict) {
      List<String> rules = new ArrayList<>();
      for (JsonNode finding : json().path("findings")) {
        if (finding.path("verdict").asString().equals(verdict)) {
          rules.add(finding.path("rule").asString() + " " + finding.path("found").asString());
        }
      }
      return rules;
    }
  }

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return new Outcome(line.execute(arguments), out.toString(), err.toString());
  }

  /** A daemon whose copies take long enough to be looked at, for what has to be moved. */
  private DaemonSettings settings(String name) {
    DaemonSettings usual = DaemonSettings.of(directory.resolve(name), ANY, ANY);
    CopyOptions slow = usual.copies().options().withPace(Duration.ofSeconds(2), 1 << 20, 2);
    return usual
        .withTargetName(usual.targetName() + name)
        .withCopies(new CopySettings(slow, Map.of()));
  }

  @ParameterizedTest
  @CsvSource({"512", "4096"})
  void gantryKeepsEveryRule(int blockBytes) throws IOException {
    try (Daemon daemon = Daemon.start(settings("one"));
        Daemon stranger = Daemon.start(settings("two"))) {
      String url = daemon.url(daemon.pool().createVolume("volume", SIZE, blockBytes).lun());
      String other = stranger.url(stranger.pool().createVolume("volume", SIZE, 512).lun());
      Outcome all = run("conformance", "--json", "--scratch", "1M:4M", "--other", other, url);
      assertThat(all.rules("not_met")).isEmpty();
      assertThat(all.rules("not_checked"))
          .singleElement()
          .isEqualTo("T13 the target is not restarted without --restart-command");
      assertThat(all.rules("not_offered"))
          .as("limits beyond what can be tried")
          .extracting(found -> found.split(" ", 2)[0])
          .isSubsetOf("W18");
      assertThat(all.exitCode()).as(all.err()).isZero();

      Outcome doctor = run("doctor", "--scratch", "1M:4M", url);
      assertThat(doctor.out())
          .endsWith("\nWindows will offload copies on this disk, and they are right.\n");
      assertThat(doctor.exitCode()).isZero();
      assertThat(run("doctor", url).out()).contains("name a range that may be overwritten");
    }
  }

  /** The command ends the server's process by kill -9 and starts another one. */
  @Test
  void aTokenOutlivesTheProcessThatMadeIt() throws Exception {
    ServerProcess server = ServerProcess.start(directory.resolve("data"));
    Path pid = directory.resolve("pid");
    Path script = directory.resolve("restart");
    Files.writeString(pid, Long.toString(server.pid()));
    String start = String.join(" ", server.command().stream().map("'%s'"::formatted).toList());
    Files.writeString(
        script,
        """
        kill -9 $(cat %1$s)
        %2$s >/dev/null 2>&1 &
        echo $! >%1$s
        """
            .formatted(pid, start));
    try {
      String url = server.createVolume("disk", SIZE);
      Outcome outcome =
          run(
              "conformance",
              "--json",
              "--rule=T13",
              "--rule=W4",
              "--scratch=0:1M",
              "--restart-command=sh " + script,
              url);
      assertThat(outcome.rules("met"))
          .as(outcome.err())
          .anySatisfy(found -> assertThat(found).startsWith("T13 it holds what it held"))
          .hasSize(2);
      Outcome failing =
          run("conformance", "--rule=T13", "--scratch=0:1M", "--restart-command=exit 7", url);
      assertThat(failing.out())
          .contains("the target could not be restarted: 'exit 7' ended with exit code 7");
    } finally {
      server.kill();
      Launcher.succeed("kill", "-9", Files.readString(pid).strip());
    }
  }

  @Test
  void whyWindowsDoesNotOffloadOnTgt() throws Exception {
    assumeTrue(TgtServer.isThere(), "tgt is not installed, or this is not root");
    Path files = Files.createTempDirectory("tgt");
    TgtServer tgt = TgtServer.start(files);
    try {
      String url = tgt.createUnit(SIZE);
      Outcome doctor = run("doctor", url);
      assertThat(doctor.exitCode()).isEqualTo(1);
      assertThat(doctor.out())
          .endsWith(
              "\nWindows will not offload copies on this disk, it will read and write them:"
                  + " the disk does not say that it knows tokens (D3).\n");
      Outcome all = run("conformance", "--json", "--scratch", "0:2M", url);
      assertThat(all.rules("not_met"))
          .extracting(found -> found.split(" ", 2)[0])
          .containsExactly("D3", "D4", "D10", "P1");
      assertThat(all.rules("not_checked")).isEmpty();
    } finally {
      tgt.stop();
      Launcher.succeed("rm", "-r", files.toString());
    }
  }

  /** EXTENDED COPY between two volumes that are named by the portal's address and a LUN. */
  @Test
  void aVolumeCanBeNamedByItsPortal() throws IOException {
    try (Daemon daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY))) {
      Volume source = daemon.pool().createVolume("source", 1 << 20, 512);
      Volume destination = daemon.pool().createVolume("destination", 1 << 20, 512);
      byte[] content = new byte[4096];
      new Random(1).nextBytes(content);
      source.write(8192, ByteBuffer.wrap(content));
      IscsiUrl url = IscsiUrl.parse(daemon.url(destination.lun()));
      String cscd = "e5000000 %04x000000000000 7f000001 000000000000 %04x 0000 0006 00000200 ";
      String list =
          "0100 0040 00000000 0000001c 00000000"
              + cscd.formatted(source.lun(), url.port())
              + cscd.formatted(destination.lun(), url.port())
              + "02000018 0000 0001 0000 0008 0000000000000010 0000000000000000";
      byte[] bytes = HexFormat.of().parseHex(list.replace(" ", ""));
      byte[] cdb = new byte[16];
      ByteBuffer.wrap(cdb).put(0, (byte) 0x83).putInt(10, bytes.length);
      try (IscsiSession session = IscsiSession.open(url)) {
        ScsiResponse response = session.execute(new ScsiRequest(cdb, ByteBuffer.wrap(bytes), null));
        assertThat(response.describe()).isEqualTo("GOOD");
      }
      ByteBuffer copied = ByteBuffer.allocate(4096);
      destination.read(0, copied);
      assertThat(copied.array()).isEqualTo(content);
    }
  }

  @Test
  void rulesCanBeChosen() throws IOException {
    try (Daemon daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY))) {
      String url = daemon.url(daemon.pool().createVolume("volume", SIZE, 512).lun());
      Outcome two = run("conformance", "--json", "--rule", "d4", "--rule", "W4", url);
      assertThat(two.json().path("findings")).hasSize(2);
      assertThat(two.rules("met")).singleElement().asString().startsWith("D4 ");
      assertThat(two.rules("not_checked")).singleElement().asString().startsWith("W4 it writes");
      assertThat(two.exitCode()).isZero();
      Outcome none = run("conformance", "--rule", "D99", url);
      assertThat(none.exitCode()).isEqualTo(2);
      assertThat(none.err()).contains("there is no rule 'D99'");
    }
  }

  @Test
  void whatIsNoDiskIsOneLine() {
    Outcome file = run("doctor", "/etc/hostname");
    assertThat(file.exitCode()).isEqualTo(1);
    assertThat(file.err()).startsWith("gantry: /etc/hostname: is a file").hasLineCount(1);
    assertThat(run("doctor", "--scratch", "1M", "pool:/x/y").exitCode()).isEqualTo(2);
    assertThat(run("doctor", "iscsi://127.0.0.1:1/iqn.2026-11.io.gantry:default/0").err())
        .contains("connection refused")
        .hasLineCount(1);
  }
}
