package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.annotations.Actor;

/**
 * Lets jcstress run what is shared without locks, in processes of its own, under several compilers
 * and millions of interleavings. {@code -Dstress.millis=5000} gives each combination more time.
 */
class StressTest {
  @TempDir Path results;

  @Test
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void nothingForbiddenHappens() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-m",
                "sanity",
                "-time",
                System.getProperty("stress.millis", "200"),
                "-v",
                "-r",
                results.toString())
            .directory(results.toFile())
            .redirectErrorStream(true)
            .start();
    String output;
    try {
      output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      process.destroy();
    }
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("Failed tests: No matches", "Error tests: No matches");
    for (Class<?> test : EpochsStress.class.getDeclaredClasses()) {
      long actors =
          Arrays.stream(test.getMethods())
              .filter(method -> method.isAnnotationPresent(Actor.class))
              .count();
      if (actors > 0 && actors <= Runtime.getRuntime().availableProcessors()) {
        assertThat(output).contains(test.getSimpleName());
      }
    }
    System.out.println(
        "StressTest: "
            + output.lines().filter(line -> line.startsWith("(Results:")).reduce("", (_, l) -> l));
  }
}
