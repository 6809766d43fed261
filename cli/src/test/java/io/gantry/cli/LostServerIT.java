package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that goes while something is copied to it. */
@SuppressWarnings("NullAway.Init")
class LostServerIT {
  private static final int FILE_BYTES = 256 << 20;
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir private Path directory;
  private Process server;

  @AfterEach
  void endServer() {
    server.destroyForcibly();
  }

  private void serve() throws IOException {
    server =
        new ProcessBuilder(
                Launcher.SCRIPT.toString(),
                "serve",
                "--data",
                directory.resolve("data").toString(),
                "--iscsi",
                "127.0.0.1:0",
                "--http",
                "127.0.0.1:0")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(server.inputReader(StandardCharsets.UTF_8).readLine()).startsWith("ready");
  }

  @Test
  void theCopyFailsInOneLineAndTheVolumeIsThereAgainLater() throws Exception {
    byte[] noise = new byte[FILE_BYTES];
    new SplittableRandom(1).nextBytes(noise);
    Path file = Files.write(directory.resolve("file"), noise);
    serve();
    String data = directory.resolve("data").toString();
    String url =
        Launcher.succeed(
                Launcher.SCRIPT.toString(),
                "volume",
                "create",
                "disk",
                Integer.toString(FILE_BYTES),
                "--data",
                data)
            .lines()
            .toList()
            .getLast();

    Process copy =
        new ProcessBuilder(
                Launcher.SCRIPT.toString(), "copy", "--reconnect", "0", file.toString(), url)
            .start();
    awaitBytes(directory.resolve("data/chunks"), FILE_BYTES / 16);
    server.destroyForcibly().waitFor();

    assertThat(copy.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(copy.exitValue()).isEqualTo(1);
    assertThat(copy.errorReader(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .startsWith("gantry: " + url);

    serve();
    assertThat(Launcher.succeed(Launcher.SCRIPT.toString(), "volume", "list", "--data", data))
        .contains("disk");
    server.destroy();
    assertThat(server.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
    assertThat(directory.resolve("data/daemon.json")).doesNotExist();
  }

  private static void awaitBytes(Path file, long bytes) throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (Files.size(file) < bytes) {
      assertThat(System.nanoTime()).as("%s grows to %d bytes", file, bytes).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }
}
