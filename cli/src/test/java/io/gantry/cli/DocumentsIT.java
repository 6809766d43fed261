package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.cli.Documents.Document;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What documents say can be typed (blocks that begin with {@code ```sh run}) is typed: the blocks
 * of a document one after the other, in an empty directory, with a daemon of the built distribution
 * where {@code GANTRY_DATA} says.
 */
@NullUnmarked
class DocumentsIT {
  @TempDir private Path directory;

  static Stream<Document> runnable() {
    return Documents.all().stream().filter(document -> !document.runnable().isEmpty());
  }

  @Test
  void thereIsSomethingToRun() {
    assertThat(runnable()).hasSizeGreaterThan(3);
  }

  @ParameterizedTest
  @MethodSource("runnable")
  void whatItSaysWorks(Document document) throws Exception {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("gantry"), Launcher.SCRIPT);
    Path work = Files.createDirectories(directory.resolve("work"));
    ServerProcess server = ServerProcess.start(directory.resolve("data"));
    try {
      List<String> blocks = document.runnable();
      String script =
          "set -eux\nexport PATH=%s:$PATH GANTRY_DATA=%s\ncd %s\n%s"
              .formatted(bin, server.data(), work, String.join("\n", blocks));
      Path file = Files.writeString(directory.resolve("script"), script);
      Launcher.Finished finished = Launcher.run(List.of("bash", file.toString()));
      assertThat(finished.exitCode())
          .as("%s: %s%s", document.name(), finished.out(), finished.err())
          .isZero();
    } finally {
      server.stop();
    }
  }
}
