package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;

/** A {@code gantry serve} of the built distribution, as a process of its own on a free port. */
@NullUnmarked
final class ServerProcess {
  private static final Path LIBRARIES = Path.of("target/gantry/lib").toAbsolutePath();

  private final Path data;
  private final int port;
  private final List<String> options;
  private final Process process;

  private ServerProcess(Path data, int port, List<String> options, Process process) {
    this.data = data;
    this.port = port;
    this.options = options;
    this.process = process;
  }

  /** With more options of {@code gantry serve}. */
  static ServerProcess start(Path data, String... options) throws IOException {
    return start(data, freePort(), List.of(options));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static ServerProcess start(Path data, int port, List<String> options) throws IOException {
    Process process =
        command(arguments(data, port, options))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    String line = output.readLine();
    assertThat(line).as("first line of gantry serve").startsWith("ready");
    return new ServerProcess(data, port, options, process);
  }

  private static String[] arguments(Path data, int port, List<String> options) {
    List<String> arguments = new ArrayList<>(List.of("serve", "--data", data.toString()));
    arguments.addAll(List.of("--iscsi", "127.0.0.1:" + port, "--http", "127.0.0.1:0"));
    arguments.addAll(options);
    return arguments.toArray(String[]::new);
  }

  /** The gantry command with these arguments, not yet started. */
  static ProcessBuilder command(String... arguments) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
    line.addAll(List.of("--sun-misc-unsafe-memory-access=allow", "-cp", LIBRARIES + "/*"));
    line.add("io.gantry.cli.Main");
    line.addAll(List.of(arguments));
    return new ProcessBuilder(line);
  }

  /** What a finished command left: exit code, standard output, standard error. */
  record Finished(int exit, String output, String error) {}

  /** Runs a gantry command to its end. */
  static Finished run(String... arguments) throws IOException, InterruptedException {
    Path error = Files.createTempFile("gantry", ".err");
    try {
      Process process = command(arguments).redirectError(error.toFile()).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Finished(process.waitFor(), output, Files.readString(error));
    } finally {
      Files.delete(error);
    }
  }

  /** Creates a volume; its URL. */
  String createVolume(String name, long sizeBytes, String... options)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("volume", "create", name, Long.toString(sizeBytes)));
    arguments.addAll(List.of("--data", data.toString()));
    arguments.addAll(List.of(options));
    Finished created = run(arguments.toArray(String[]::new));
    assertThat(created.exit()).as(created.error()).isZero();
    return created.output().strip().lines().toList().getLast();
  }

  Path data() {
    return data;
  }

  /** SIGSTOP: it does nothing more, but the kernel may still write what it has written. */
  void freeze() throws IOException, InterruptedException {
    String pid = Long.toString(process.pid());
    assertThat(new ProcessBuilder("kill", "-STOP", pid).start().waitFor()).isZero();
  }

  long pid() {
    return process.pid();
  }

  /** What starts it again on the same port and data. */
  List<String> command() {
    return command(arguments(data, port, options)).command();
  }

  /** kill -9. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Starts the server again on the same port and data. */
  ServerProcess restart() throws IOException {
    return start(data, port, options);
  }

  /** SIGTERM, and the server must end by itself. */
  void stop() throws InterruptedException {
    process.destroy();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("server stopped in 20 s").isTrue();
    assertThat(process.exitValue()).as("exit status").isIn(0, 143);
  }
}
