package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.cli.ServerProcess.Finished;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What shells, terminals and signals have to do with the command: each as a real process. */
@NullUnmarked
class ShellIT {
  @TempDir private Path directory;
  private ServerProcess server;

  @BeforeEach
  void start() throws IOException {
    server = ServerProcess.start(directory.resolve("data"));
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.stop();
  }

  private List<String> volumes() throws IOException, InterruptedException {
    Finished listed =
        ServerProcess.run("volume", "list", "--names", "--data", server.data().toString());
    assertThat(listed.exit()).as(listed.error()).isZero();
    return listed.output().lines().toList();
  }

  /** Runs a script of bash in which {@code gantry} is the launcher. */
  private String bash(String script) throws IOException {
    Path path = Files.createDirectories(directory.resolve("bin"));
    Path link = path.resolve("gantry");
    if (!Files.exists(link)) {
      Files.createSymbolicLink(link, Launcher.SCRIPT);
    }
    String whole = "PATH=%s:$PATH; set -u; %s".formatted(path, script);
    return Launcher.succeed("bash", "-c", whole);
  }

  /** What bash makes of a TAB behind these words. */
  private String completion(String... words) throws IOException {
    String array = String.join(" ", words);
    return bash(
        """
        set +u
        source <(gantry completion bash)
        COMP_WORDS=(gantry %s); COMP_CWORD=%d; COMP_LINE='gantry %s'; COMP_POINT=${#COMP_LINE}
        __gantry
        printf '%%s\\n' "${COMPREPLY[@]}"
        """
            .formatted(array, words.length, array));
  }

  @Test
  void bashCompletesCommandsOptionsAndVolumes() throws Exception {
    server.createVolume("golden", 1 << 20);
    server.createVolume("green", 1 << 20);
    assertThat(completion("vol").lines()).contains("volume");
    assertThat(completion("volume", "res").lines()).contains("resize");
    assertThat(completion("volume", "create", "--bl").lines()).contains("--block-size");
    String data = "--data=" + server.data();
    assertThat(completion("volume", "show", data, "g").lines())
        .containsExactlyInAnyOrder("golden", "green");
    assertThat(completion("snapshot", "create", data, "go").lines()).containsExactly("golden");
    assertThat(completion("volume", "show", data, "x").strip()).isEmpty();
  }

  @Test
  void zshReadsItsScript() throws IOException {
    assumeTrue(Launcher.has("zsh"), "zsh is not installed");
    Path script = directory.resolve("_gantry");
    bash("gantry completion zsh > '%s'".formatted(script));
    assertThat(
            Launcher.succeed(
                "zsh",
                "-fc",
                "autoload -U compinit && compinit -u -d '%s'; source '%s'; whence -w __gantry"
                    .formatted(directory.resolve("dump"), script)))
        .contains("__gantry: function");
  }

  @Test
  void fishCompletesCommandsAndVolumes() throws Exception {
    assumeTrue(Launcher.has("fish"), "fish is not installed");
    Path script = directory.resolve("gantry.fish");
    bash("gantry completion fish > '%s'".formatted(script));
    String complete = "source %s; complete -C '%s'";
    assertThat(Launcher.succeed("fish", "-c", complete.formatted(script, "gantry vol")))
        .contains("volume\t");
    assertThat(Launcher.succeed("fish", "-c", complete.formatted(script, "gantry volume res")))
        .contains("resize\t");
    assertThat(
            Launcher.succeed("fish", "-c", complete.formatted(script, "gantry volume create --bl")))
        .contains("--block-size\t");
  }

  @Test
  void coloursAreForTerminals() throws IOException {
    assumeTrue(Launcher.has("script"), "script is not installed");
    String onTerminal = "TERM=xterm script -qec '%s gantry dsm describe' /dev/null";
    assertThat(bash(onTerminal.formatted("env"))).contains("\033[1mSTRUCTURE");
    assertThat(bash(onTerminal.formatted("env NO_COLOR=1")))
        .contains("STRUCTURE")
        .doesNotContain("\033");
    assertThat(bash("TERM=xterm gantry dsm describe | cat")).doesNotContain("\033");
  }

  @Test
  void whatReadsNoFurtherEndsWhatPrints() throws IOException {
    assertThat(
            bash(
                "gantry stats --watch --interval 0.1 --data '%s' | head -n 1; echo ${PIPESTATUS[0]}"
                    .formatted(server.data())))
        .matches("VOLUME .*\\n141\\n");
    assertThat(bash("gantry dsm describe 2>&1 >/dev/full && exit 1; true"))
        .startsWith("gantry: standard output: ")
        .endsWith("; not all of it was written\n");
  }

  @Test
  void filesHaveAnyNameWithoutALocale() throws IOException {
    assertThat(
            bash(
                "cd '%s'; touch $'\\xc3\\xbc.toml'; env -u LC_ALL -u LC_CTYPE LANG= gantry config check $'\\xc3\\xbc.toml'"
                    .formatted(directory)))
        .isEqualTo("\u00fc.toml: nothing is wrong\n");
  }

  private Path large() throws IOException {
    Path image = directory.resolve("large.img");
    byte[] noise = new byte[16 << 20];
    new SplittableRandom(3).nextBytes(noise);
    try (FileChannel file =
        FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 64; i++) {
        file.write(ByteBuffer.wrap(noise));
      }
    }
    return image;
  }

  /** Begins to import a gigabyte, and waits until there is a volume. */
  private Process importing() throws IOException, InterruptedException {
    Process process =
        ServerProcess.command(
                "volume", "import", "large", large().toString(), "--data", server.data().toString())
            .redirectErrorStream(true)
            .start();
    while (!Files.exists(server.data().resolve("chunks"))
        || Files.size(server.data().resolve("chunks")) < (8 << 20)) {
      assertThat(process.isAlive())
          .as("the import has not ended before it could be ended")
          .isTrue();
      Thread.onSpinWait();
    }
    return process;
  }

  @Test
  void anImportThatIsInterruptedLeavesNothing() throws Exception {
    assumeTrue(Launcher.hears(Launcher.SIGINT), "SIGINT is ignored here: run in the foreground");
    Process process = importing();
    assertThat(new ProcessBuilder("kill", "-INT", "" + process.pid()).start().waitFor()).isZero();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("nothing was imported");
    assertThat(volumes()).isEmpty();
  }

  @Test
  void anImportThatIsKilledLeavesAVolumeThatSaysSo() throws Exception {
    Process process = importing();
    process.destroyForcibly().waitFor();
    assertThat(volumes()).containsExactly("large.importing");
    Finished again =
        ServerProcess.run(
            "volume",
            "import",
            "large",
            directory.resolve("large.img").toString(),
            "--data",
            server.data().toString());
    assertThat(again.exit()).isEqualTo(1);
    assertThat(again.error()).contains("gantry volume delete large.importing");
  }

  /** Python has datagrams on Unix sockets, and is nobody of ours. */
  @Test
  void systemdIsToldWhenItIsReadyAndWhenItStops() throws Exception {
    assumeTrue(Launcher.has("python3"), "python3 is not installed");
    for (String socket :
        List.of(
            directory.resolve("notify").toString(),
            "@gantry-test-" + ProcessHandle.current().pid())) {
      Process systemd =
          new ProcessBuilder(
                  "python3",
                  "-uc",
                  """
                  import socket, sys
                  s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                  s.bind(sys.argv[1].replace("@", "\\0", 1))
                  print("bound")
                  for i in range(2): print(repr(s.recv(4096)))
                  """,
                  socket)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader heard = systemd.inputReader(StandardCharsets.UTF_8);
      assertThat(heard.readLine()).isEqualTo("bound");
      ProcessBuilder serve =
          ServerProcess.command(
              "serve",
              "--data",
              directory.resolve("notified").toString(),
              "--iscsi",
              "127.0.0.1:0",
              "--http",
              "127.0.0.1:0");
      serve.environment().put("NOTIFY_SOCKET", socket);
      Process daemon = serve.start();
      assertThat(heard.readLine()).startsWith("b'READY=1\\nSTATUS=serving on 127.0.0.1:");
      daemon.destroy();
      assertThat(heard.readLine()).isEqualTo("b'STOPPING=1'");
      assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(systemd.waitFor()).isZero();
    }
  }

  @Test
  void theVersionTellsTheCommit() throws IOException {
    assertThat(bash("gantry --version").lines().toList().getFirst())
        .matches("gantry \\d+\\.\\d+\\.\\d+ \\(commit [0-9a-f]{12}(-dirty)?\\)");
  }
}
