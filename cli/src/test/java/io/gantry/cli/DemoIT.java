package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.cli.Launcher.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first thing that anybody runs. */
@SuppressWarnings("NullAway.Init")
class DemoIT {
  @TempDir private Path directory;

  @Test
  void itHoldsAndLeavesNothingBehind() throws IOException {
    Finished demo =
        Launcher.run(List.of("env", "TMPDIR=" + directory, Launcher.SCRIPT.toString(), "demo"));
    assertThat(demo.exitCode()).as(demo.err()).isZero();
    assertThat(demo.err()).isEmpty();
    assertThat(demo.out())
        .contains("all bytes are right")
        .containsPattern("blocks over the wire +0 B +\\d")
        .contains("times faster");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aTinyFileIsNoMeasure() throws IOException {
    Path file = Files.writeString(directory.resolve("tiny"), "tiny");
    assertThat(Launcher.succeed(Launcher.SCRIPT.toString(), "demo", file.toString()))
        .containsPattern("shared with the original +0 B")
        .contains("try a larger one")
        .doesNotContain("times faster");
  }

  @Test
  void itStartsThroughALinkFromAnywhere() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("gantry"), Launcher.SCRIPT);
    assertThat(Launcher.succeed("env", "-C", "/", link.toString(), "--version"))
        .startsWith("gantry ");
  }

  @Test
  void aMissingFileIsOneLine() {
    Finished demo = Launcher.gantry("demo", directory.resolve("none").toString());
    assertThat(demo.exitCode()).isEqualTo(1);
    assertThat(demo.out()).isEmpty();
    assertThat(demo.err()).isEqualTo("gantry: %s/none: no such file\n".formatted(directory));
  }

  @Test
  void withoutAJdkItSaysWhatToInstall() throws IOException {
    // The script as it is, but for the places to look in.
    String script =
        Files.readString(Launcher.SCRIPT).replace("/usr/", "/nowhere/").replace("/opt", "/nowhere");
    Path elsewhere = Files.writeString(directory.resolve("gantry"), script);
    Finished launched =
        Launcher.run(
            List.of("env", "-i", "PATH=/usr/bin:/bin", "/bin/sh", elsewhere.toString(), "demo"));
    assertThat(launched.exitCode()).isEqualTo(1);
    assertThat(launched.out()).isEmpty();
    assertThat(launched.err())
        .startsWith("gantry: needs JDK 25 or later: install one")
        .hasLineCount(1);
  }
}
