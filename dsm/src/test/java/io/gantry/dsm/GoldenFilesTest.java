package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The checked-in golden files are what the Windows compiler says today. */
class GoldenFilesTest {
  private static final Path CHECKED_IN = Path.of("src/test/resources/golden");

  /** 64-bit and 32-bit Windows lay everything out alike: both make the same files. */
  @ParameterizedTest
  @ValueSource(strings = {"x86_64-w64-mingw32", "i686-w64-mingw32"})
  void makeGoldenMakesTheCheckedInFiles(String target, @TempDir Path made) throws Exception {
    assumeTrue(isOnPath(target + "-gcc"), "mingw-w64's compiler is not installed: " + target);
    Process process =
        new ProcessBuilder("src/test/c/make-golden", made.toString(), target)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();

    assertThat(names(made)).isEqualTo(names(CHECKED_IN));
    for (String name : names(made)) {
      assertThat(made.resolve(name)).hasSameBinaryContentAs(CHECKED_IN.resolve(name));
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static boolean isOnPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
