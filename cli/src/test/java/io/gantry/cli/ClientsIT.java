package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
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

  @Test
  void qemuKeepsManyRequestsGoing() throws IOException {
    require("qemu-img");
    String url = volume("disk", 16 * MIB);
    String many = "-c 2000 -d 64 -s 4096 -S 12288 -f raw -t none";
    for (String how :
        new String[] {"-w --pattern=165 --flush-interval=100", "", "-w --pattern=0"}) {
      String line = "qemu-img bench " + many + " " + how + " " + url;
      assertThat(Launcher.succeed(line.trim().split(" +"))).contains("Run completed in");
    }
  }

  /**
   * A boot sector that says so on the serial line, has the BIOS write it to the next sector, and
   * ends the machine with status 33, or 35 if the write failed.
   */
  private static final String BOOT_SECTOR =
      "31C0 8ED8 8EC0 8ED0 BC007C" // ax, ds, es, ss = 0; sp = 7C00h
          + "BE327C BAF803" // si = text; dx = serial port
          + "AC 84C0 7403 EE EBF8" // lodsb; if al = 0 go on; out dx, al; again
          + "B80103 B90200 BA8000 BB007C CD13" // write one sector, CHS 0/0/2, first disk, from
          // 7C00h
          + "B010 7302 B011 E6F4 F4 EBFD"; // out F4h, carry ? 11h : 10h; hlt

  @Test
  void qemuBoots() throws Exception {
    require("qemu-system-x86_64");
    byte[] sector = new byte[512];
    byte[] code = HexFormat.of().parseHex(BOOT_SECTOR.replace(" ", ""));
    System.arraycopy(code, 0, sector, 0, code.length);
    byte[] text = "booted from Gantry\r\n\0".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, sector, 0x32, text.length);
    sector[510] = 0x55;
    sector[511] = (byte) 0xAA;
    String url = volume("disk", 16 * MIB);
    Volume volume = daemon.pool().volume("disk").orElseThrow();
    volume.write(0, ByteBuffer.wrap(sector));
    Process qemu =
        new ProcessBuilder(
                "qemu-system-x86_64",
                "-accel",
                "tcg",
                "-m",
                "32",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "stdio",
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=4",
                "-drive",
                "file=" + url + ",format=raw,if=ide")
            .redirectErrorStream(true)
            .start();
    qemu.getOutputStream().close();
    String said = new String(qemu.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(qemu.waitFor()).as(said).isEqualTo(33);
    assertThat(said).contains("booted from Gantry");
    ByteBuffer next = ByteBuffer.allocate(512);
    volume.read(512, next);
    assertThat(next.array()).isEqualTo(sector);
  }
}
