package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that nobody here wrote. Those that are not installed are skipped. */
@SuppressWarnings("NullAway.Init")
class ClientsIT {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final int MIB = 1 << 20;

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

  private String volume(String name, long sizeBytes) throws IOException {
    Volume volume = daemon.pool().createVolume(name, sizeBytes, 512);
    return daemon.url(volume.lun());
  }

  private static void require(String program) {
    assumeTrue(Launcher.has(program), program + " is not installed");
  }

  @Test
  void libiscsiSeesTheVolumes() throws IOException {
    require("iscsi-ls");
    String url = volume("small", 64 * MIB);
    volume("large", 3L << 40);
    String listing = Launcher.succeed("iscsi-ls", "-s", "iscsi://" + daemon.contact().iscsi());
    assertThat(listing)
        .contains("Target:" + DaemonSettings.DEFAULT_TARGET_NAME)
        .containsPattern("Lun:0 +Type:DIRECT_ACCESS")
        .containsPattern("Lun:1 +Type:DIRECT_ACCESS");
    assertThat(Launcher.succeed("iscsi-inq", url)).contains("Peripheral Device Type:DIRECT_ACCESS");
    assertThat(Launcher.succeed("iscsi-inq", "-e", "1", "-c", "0x83", url)).isNotEmpty();
    assertThat(Launcher.succeed("iscsi-readcapacity16", url))
        .contains("Total size:" + 64L * MIB, "LOGICAL BLOCK LENGTH IN BYTES:512");
  }

  @Test
  void qemuConvertsToAndFro() throws IOException {
    require("qemu-img");
    byte[] content = new byte[24 * MIB];
    new SplittableRandom(1).nextBytes(content);
    Arrays.fill(content, 5 * MIB, 9 * MIB, (byte) 0);
    Path in = Files.write(directory.resolve("in"), content);
    Path out = directory.resolve("out");
    String url = volume("disk", content.length);
    Launcher.succeed("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", in.toString(), url);
    Launcher.succeed("qemu-img", "convert", "-f", "raw", "-O", "raw", url, out.toString());
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void qemuWritesAndReadsAtOddOffsets() throws IOException {
    require("qemu-io");
    String url = volume("disk", 16 * MIB);
    String report =
        Launcher.succeed(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P 0xa5 1536 66048",
            "-c",
            "write -P 0x5a 65000 3333",
            "-c",
            "write -z 1M 1M",
            "-c",
            "flush",
            "-c",
            "read -P 0xa5 1536 63464",
            "-c",
            "read -P 0x5a 65000 2584",
            "-c",
            "read -P 0 0 1536",
            "-c",
            "read -P 0 1M 1M",
            url);
    assertThat(report).doesNotContain("Pattern verification failed");
  }
}
