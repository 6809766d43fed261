package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Copies between servers that are processes, by a process that may be killed. */
@NullUnmarked
class CopyIT {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 48 * MIB;
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Pattern SOME_DONE = Pattern.compile("\ndone 0-[1-9]");

  @TempDir private Path directory;
  private Path in;
  private byte[] content;
  private ServerProcess first;
  private ServerProcess second;
  private String from;
  private String to;

  @BeforeEach
  void fill() throws Exception {
    content = new byte[SIZE];
    new SplittableRandom(1).nextBytes(content);
    Arrays.fill(content, 20 * MIB, 28 * MIB, (byte) 0);
    in = Files.write(directory.resolve("in"), content);
    first = ServerProcess.start(directory.resolve("first"));
    second = ServerProcess.start(directory.resolve("second"));
    from = first.createVolume("from", SIZE);
    to = second.createVolume("to", SIZE);
    assertThat(copy(in.toString(), from).path("done").asBoolean()).isTrue();
  }

  @AfterEach
  void end() throws InterruptedException {
    first.kill();
    second.kill();
  }

  /** A copy in this process, which nobody kills. */
  private static JsonNode copy(String... arguments) {
    String[] command = new String[arguments.length + 2];
    command[0] = "copy";
    command[1] = "--json";
    System.arraycopy(arguments, 0, command, 2, arguments.length);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    assertThat(line.execute(command)).as(err.toString()).isZero();
    return new JsonMapper().readTree(out.toString());
  }

  private void assertHolds(String url) throws IOException {
    Path out = directory.resolve("read-back");
    copy(url, out.toString());
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
  }

  @Test
  void betweenTwoServersEveryByteGoesThroughHereAndHolesDoNot() throws Exception {
    JsonNode copied = copy("--verify", from, to);

    JsonNode result = copied.path("result");
    assertThat(result.path("bytesMoved").asLong()).isEqualTo(SIZE - 8L * MIB);
    assertThat(result.path("bytesZeroed").asLong()).isEqualTo(8L * MIB);
    assertThat(result.path("fallbacks").path(0).path("reason").asString())
        .contains("STATUS_INVALID_TOKEN", "different targets");
    assertHolds(to);
    // Durable means that nothing is needed of the server any more.
    second.kill();
    second = second.restart();
    assertHolds(to);
  }

  @Test
  void tgtIsCopiedFromAndTo() throws Exception {
    assumeTrue(TgtServer.isThere(), "tgt is not installed, or this is not root");
    Path short_ = Files.createTempDirectory("tgt");
    TgtServer tgt = TgtServer.start(short_);
    try {
      String unit = tgt.createUnit(SIZE);
      String other = tgt.createUnit(SIZE);
      JsonNode written = copy("--verify", from, unit);
      assertThat(written.path("result").path("bytesZeroed").asLong()).isEqualTo(8L * MIB);
      assertThat(written.path("result").path("fallbacks").path(0).path("reason").asString())
          .contains("offers no offload");
      assertThat(Files.mismatch(in, tgt.file(1))).isEqualTo(-1);
      copy("--verify", unit, other);
      assertThat(Files.mismatch(in, tgt.file(2))).isEqualTo(-1);
      copy("--verify", other, to);
      assertHolds(to);
    } finally {
      tgt.stop();
      Launcher.succeed("rm", "-r", short_.toString());
    }
  }

  /** Starts a copy that takes its time, and waits until some of it is noted as done. */
  private Process startSlowly(Path state, String source, String destination, String... options)
      throws Exception {
    List<String> command = new ArrayList<>(List.of("copy", "--resume", state.toString()));
    command.addAll(List.of("--rate", "2M", source, destination));
    command.addAll(List.of(options));
    Process copy = ServerProcess.command(command.toArray(String[]::new)).start();
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!Files.exists(state) || !SOME_DONE.matcher(Files.readString(state)).find()) {
      assertThat(copy.isAlive()).isTrue();
      assertThat(System.nanoTime()).as("some is done").isLessThan(deadline);
      Thread.onSpinWait();
    }
    return copy;
  }

  private void goOn(Path state, String source, String destination) throws Exception {
    JsonNode rest =
        copy("--verify", "--resume", state.toString(), source, destination).path("result");
    assertThat(rest.path("bytesResumed").asLong()).isPositive();
    assertThat(state).doesNotExist();
  }

  @Test
  void aCopyThatWasKilledGoesOn() throws Exception {
    Path state = directory.resolve("state");
    startSlowly(state, from, to).destroyForcibly().waitFor();
    second.kill(); // what was not flushed is lost
    second = second.restart();
    goOn(state, from, to);
    assertHolds(to);
  }

  @Test
  void anInterruptedCopySaysHowToGoOn() throws Exception {
    assumeTrue(Launcher.hears(Launcher.SIGINT), "SIGINT is ignored here: run in the foreground");
    Path state = directory.resolve("state");
    Path out = directory.resolve("out");
    Process copy = startSlowly(state, from, out.toString());
    Launcher.succeed("kill", "-INT", Long.toString(copy.pid()));
    assertThat(copy.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(copy.exitValue()).isEqualTo(130);
    assertThat(copy.errorReader(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .startsWith("gantry: interrupted; ")
        .contains(" were copied, which are on stable storage; the same command goes on from there");
    assertThat(out).doesNotExist();
    goOn(state, from, out.toString());
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
  }

  @Test
  void aSourceThatGoesIsTold() throws Exception {
    Path state = directory.resolve("state");
    Process copy = startSlowly(state, from, to, "--reconnect=0");
    first.kill();
    assertThat(copy.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(copy.exitValue()).isEqualTo(1);
    assertThat(copy.errorReader(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .startsWith("gantry: " + from + ": reading at")
        .contains(" lost", "; ", "which are on stable storage");
    first = first.restart();
    goOn(state, from, to);
    assertHolds(to);
  }

  @Test
  void aDestinationThatGoesIsTold() throws Exception {
    Path state = directory.resolve("state");
    Process copy = startSlowly(state, from, to, "--reconnect=0");
    second.kill();
    assertThat(copy.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(copy.exitValue()).isEqualTo(1);
    assertThat(copy.errorReader(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .startsWith("gantry: " + to)
        .contains("the same command goes on from there");
    second = second.restart();
    goOn(state, from, to);
    assertHolds(to);
  }

  /** One server after the other is killed, and comes back, while the copy waits for it. */
  @Test
  void serversThatRestartAreWaitedFor() throws Exception {
    Path state = directory.resolve("state");
    Process copy = startSlowly(state, from, to);
    second.kill(); // what was not flushed is lost
    second = second.restart();
    awaitMore(copy, state);
    first.kill();
    first = first.restart();
    assertThat(copy.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(copy.exitValue())
        .as(copy.errorReader(StandardCharsets.UTF_8).lines().toList().toString())
        .isZero();
    assertThat(copy.inputReader(StandardCharsets.UTF_8).lines())
        .anySatisfy(line ->
            assertThat(line)
                .contains("copied once more", "2 times a server was lost, and came back"));
    assertThat(state).doesNotExist();
    assertHolds(to);
  }

  /** Waits until more is noted as done than now. */
  private static void awaitMore(Process copy, Path state) throws IOException {
    String before = Files.readString(state);
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (Files.readString(state).equals(before)) {
      assertThat(copy.isAlive()).isTrue();
      assertThat(System.nanoTime()).as("more is done").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }
}
