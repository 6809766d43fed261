package io.gantry.junit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/library.md shows is a part of the tests next to this one, line by line. */
class LibraryGuideTest {
  private static final Path GUIDE = Path.of("..", "docs", "library.md");
  private static final Path EXAMPLES = Path.of("src/test/java/io/gantry/junit/examples");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");

  /** Lines without what indents them all the same, and without empty ones at the ends. */
  private static String normal(String code) {
    return code.strip().lines().map(String::strip).reduce("", (a, b) -> a + b + "\n");
  }

  private static List<String> blocks(String markdown) {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(markdown);
    while (matcher.find()) {
      blocks.add(normal(matcher.group(1)));
    }
    return blocks;
  }

  private static List<String> unknown(String markdown, List<String> sources) {
    return blocks(markdown).stream()
        .filter(block -> sources.stream().noneMatch(source -> source.contains("\n" + block)))
        .toList();
  }

  private static List<String> sources() throws IOException {
    List<String> sources = new ArrayList<>();
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      for (Path file : files.sorted().toList()) {
        if (!file.endsWith("LibraryGuideTest.java")) {
          sources.add("\n" + normal(Files.readString(file)));
        }
      }
    }
    return sources;
  }

  @Test
  void everyExampleOfTheGuideIsTested() throws IOException {
    String guide = Files.readString(GUIDE);
    assertThat(blocks(guide)).hasSizeGreaterThan(7);
    assertThat(guide.split("```java", -1)).hasSize(blocks(guide).size() + 1);
    assertThat(unknown(guide, sources())).isEmpty();
  }

  @Test
  void anExampleThatNobodyTriesWouldBeFound() throws IOException {
    String changed =
        Files.readString(GUIDE).replaceFirst("offloadRead\\(everything\\)", "offloadRead(nothing)");
    assertThat(unknown(changed, sources())).hasSize(1);
    assertThat(unknown("```java\nString untried;\n```\n", sources())).hasSize(1);
  }
}
