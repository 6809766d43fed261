package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  private static final long SIZE = 1L << 30;

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

  @ParameterizedTest
  @CsvSource({"512", "4096"})
  void gantryKeepsEveryRule(int blockBytes) throws IOException {
    try (Daemon daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY))) {
      String url = daemon.url(daemon.pool().createVolume("volume", SIZE, blockBytes).lun());
      Outcome all = run("conformance", "--json", "--scratch", "1M:4M", url);
      assertThat(all.rules("not_met")).isEmpty();
      assertThat(all.rules("not_checked")).isEmpty();
      assertThat(all.rules("not_offered"))
          .as("limits that Gantry does not have")
          .extracting(found -> found.split(" ", 2)[0])
          .isSubsetOf("P7", "W18");
      assertThat(all.exitCode()).as(all.err()).isZero();

      Outcome doctor = run("doctor", "--scratch", "1M:4M", url);
      assertThat(doctor.out())
          .endsWith("\nWindows will offload copies on this disk, and they are right.\n");
      assertThat(doctor.exitCode()).isZero();
      assertThat(run("doctor", url).out()).contains("name a range that may be overwritten");
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
