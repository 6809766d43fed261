package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.copy.conformance.Rule;
import io.gantry.copy.conformance.Rules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of rules in the documentation is that of the program. */
class RulesDocumentTest {
  private static final boolean FIX = System.getProperty("fix") != null;
  private static final Path DOCUMENT = SourceTree.ROOT.resolve("docs/conformance.md");
  private static final String HEAD =
      """
      | rule | what should be so | where that is written | for Windows, where it is not |
      | --- | --- | --- | --- |
      """;

  @Test
  void everyRuleIsDocumented() throws IOException {
    String text = Files.readString(DOCUMENT);
    int start = text.indexOf(HEAD) + HEAD.length();
    int end = text.indexOf("\n\n", start) + 1;
    assertThat(start).isGreaterThan(HEAD.length());
    String table = Rules.all().stream().map(RulesDocumentTest::row).collect(Collectors.joining());
    if (FIX) {
      Files.writeString(DOCUMENT, text.substring(0, start) + table + text.substring(end));
    } else {
      assertThat(text.substring(start, end)).as("run with -Dfix").isEqualTo(table);
    }
  }

  @Test
  void everyRuleHasANameOfItsOwn() {
    assertThat(Rules.all()).extracting(Rule::id).doesNotHaveDuplicates();
    assertThat(Rules.all()).allMatch(rule -> !rule.isForWindows() || !rule.otherwise().isEmpty());
  }

  private static String row(Rule rule) {
    String effect =
        rule.isForWindows() ? rule.effect().name().toLowerCase(Locale.ROOT).replace('_', ' ') : "";
    return "| %s | %s | %s | %s |\n".formatted(rule.id(), rule.title(), rule.clause(), effect);
  }
}
