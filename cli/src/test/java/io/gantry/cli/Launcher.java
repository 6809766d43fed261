package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs {@code ./gantry} and other programs as processes, as a person would. */
final class Launcher {
  static final int SIGHUP = 1;
  static final int SIGINT = 2;

  static final Path SCRIPT = Path.of("..", "gantry").toAbsolutePath().normalize();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private Launcher() {}

  /** What a process left. */
  record Finished(int exitCode, String out, String err) {}

  /** Runs {@code ./gantry} to its end. */
  static Finished gantry(String... arguments) {
    return run(Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
  }

  /** Runs a program to its end, or ends it after two minutes and fails. */
  static Finished run(List<String> command) {
    try {
      Path out = Files.createTempFile("gantry-test-", ".out");
      Path err = Files.createTempFile("gantry-test-", ".err");
      try {
        Process process =
            new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        process.getOutputStream().close();
        boolean ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
          process.destroyForcibly();
        }
        assertThat(ended).as("%s ends within %s", command, LIMIT).isTrue();
        return new Finished(process.exitValue(), read(out), read(err));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Runs a program that must succeed; what it printed. */
  static String succeed(String... command) {
    Finished finished = run(List.of(command));
    assertThat(finished.exitCode)
        .as("%s: %s%s", String.join(" ", command), finished.out, finished.err)
        .isZero();
    return finished.out;
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  /**
   * Whether programs that are started from here hear of a signal. Shells have what they start in
   * the background ignore SIGINT, nohup SIGHUP, and so does whatever that starts.
   */
  static boolean hears(int signal) throws IOException {
    Path status = Path.of("/proc/self/status");
    return !Files.exists(status)
        || Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .allMatch(ignored -> (ignored >> (signal - 1) & 1) == 0);
  }

  /** Whether a program is on the PATH. */
  static boolean has(String program) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
