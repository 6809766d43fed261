package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;

/** Linux' tgt, an iSCSI target that knows neither tokens nor EXTENDED COPY, as a process. */
@NullUnmarked
final class TgtServer {
  private static final String TARGET = "iqn.2026-11.io.gantry.test:tgt";
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Path directory;
  private final int port;
  private final int control;
  private final Process process;
  private int luns;

  private TgtServer(Path directory, int port, int control, Process process) {
    this.directory = directory;
    this.port = port;
    this.control = control;
    this.process = process;
  }

  /** Whether it is installed, and may be run. */
  static boolean isThere() {
    return Launcher.has("tgtd") && "root".equals(System.getProperty("user.name"));
  }

  /**
   * Starts it, without a logical unit.
   *
   * @param directory for its socket and files; a short path
   */
  static TgtServer start(Path directory) throws IOException, InterruptedException {
    int port = freePort();
    int control = 10_000 + port % 20_000; // tgtadm takes no number over 32767
    ProcessBuilder builder =
        new ProcessBuilder("tgtd", "-f", "-C", "" + control, "--iscsi", "portal=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("tgtd.log").toFile());
    builder.environment().put("TGT_IPC_SOCKET", directory.resolve("ipc").toString());
    TgtServer server = new TgtServer(directory, port, control, builder.start());
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (server.administer("--mode", "target", "--op", "show") != 0) {
      assertThat(System.nanoTime()).as("tgtd starts").isLessThan(deadline);
    }
    server.require("--mode", "target", "--op", "new", "--tid", "1", "--targetname", TARGET);
    server.require("--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL");
    return server;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Makes a thin logical unit of zeros; its URL. */
  String createUnit(long sizeBytes) throws IOException, InterruptedException {
    int lun = ++luns;
    try (RandomAccessFile file = new RandomAccessFile(file(lun).toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    String[] unit = {"--mode", "logicalunit", "--tid", "1", "--lun", "" + lun, "--op"};
    require(with(unit, "new", "--backing-store", file(lun).toString()));
    require(with(unit, "update", "--params", "thin_provisioning=1"));
    return "iscsi://127.0.0.1:%d/%s/%d".formatted(port, TARGET, lun);
  }

  /** Where the blocks of a logical unit are. */
  Path file(int lun) {
    return directory.resolve("lun" + lun);
  }

  private static String[] with(String[] first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private void require(String... arguments) throws IOException, InterruptedException {
    assertThat(administer(arguments)).as(String.join(" ", arguments)).isZero();
  }

  private int administer(String... arguments) throws IOException, InterruptedException {
    String[] start = {"tgtadm", "-C", "" + control, "--lld", "iscsi"};
    ProcessBuilder builder =
        new ProcessBuilder(with(start, arguments))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("TGT_IPC_SOCKET", directory.resolve("ipc").toString());
    return builder.start().waitFor();
  }

  void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(2, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
