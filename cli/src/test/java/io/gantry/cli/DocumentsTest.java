package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.cli.Documents.Document;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Documents name only commands, options and files that there are. Nothing is run: see DocumentsIT.
 */
class DocumentsTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");

  static Stream<Document> documents() {
    return Documents.all().stream();
  }

  @Test
  void thereAreCommandsToLookAt() {
    assertThat(documents()).hasSizeGreaterThan(10);
    assertThat(documents().mapToLong(document -> document.problems().size()).sum())
        .isGreaterThan(80);
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyCommandIsOne(Document document) {
    assertThat(document.problems().stream().filter(problem -> !problem.isEmpty()))
        .as(document.name())
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyLinkLeadsToAFile(Document document) {
    Path file = Documents.ROOT.resolve(document.name());
    Matcher link = LINK.matcher(document.text());
    while (link.find()) {
      String to = link.group(1);
      if (!to.contains("://")) {
        assertThat(Files.exists(file.resolveSibling(to)))
            .as("%s: %s", document.name(), to)
            .isTrue();
      }
    }
  }

  @Test
  void aCommandThatThereIsNotWouldBeFound() {
    Document wrong =
        new Document(
            "wrong",
            """
            Say `gantry volume crate`, but not `gantry volume create`, nor `gantry-junit`.

            ```
            gantry volume create disk ten
            ./gantry serve --data /srv --verbose &
            gantry volume list
            ```
            """);
    assertThat(wrong.problems()).hasSize(5).filteredOn(problem -> !problem.isEmpty()).hasSize(3);
    assertThat(new Document("none", "gantry volume crate").problems()).isEqualTo(List.of());
  }
}
