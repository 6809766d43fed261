package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.copy.doctor.Rule;
import io.gantry.copy.doctor.Rules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The tables of rules in the documentation are those of the program. */
class RulesDocumentTest {
  private static final boolean FIX = System.getProperty("fix") != null;
  private static final String RULER = "\n| --- | --- | --- | --- |\n";

  @Test
  void everyRuleIsDocumented() throws IOException {
    check(
        "docs/conformance.md",
        Rules.all(),
        rule ->
            "| %s | %s | %s | %s |\n"
                .formatted(rule.id(), rule.title(), rule.clause(), effect(rule)));
  }

  @Test
  void everyRuleOfTheDoctorIsDocumented() throws IOException {
    check(
        "docs/doctor.md",
        Rules.forWindows(),
        rule ->
            "| %s | %s | %s | %s |\n"
                .formatted(rule.id(), rule.title(), rule.otherwise(), effect(rule)));
  }

  /** The last table of a document has a row for each rule; with -Dfix it is written. */
  private static void check(String name, List<Rule> rules, Function<Rule, String> row)
      throws IOException {
    Path document = SourceTree.ROOT.resolve(name);
    String text = Files.readString(document);
    int start = text.lastIndexOf(RULER) + RULER.length();
    assertThat(start).isGreaterThan(RULER.length());
    String table = rules.stream().map(row).collect(Collectors.joining());
    if (FIX) {
      Files.writeString(document, text.substring(0, start) + table);
    } else {
      assertThat(text.substring(start)).as(name + ": run with -Dfix").isEqualTo(table);
    }
  }

  @Test
  void everyRuleHasANameOfItsOwn() {
    assertThat(Rules.all()).extracting(Rule::id).doesNotHaveDuplicates();
    assertThat(Rules.all())
        .extracting(rule -> rule.group() + " " + rule.title())
        .doesNotHaveDuplicates();
    assertThat(Rules.all()).allMatch(rule -> !rule.isForWindows() || !rule.otherwise().isEmpty());
    assertThat(Rules.all()).allMatch(rule -> rule.group() != null);
  }

  private static String effect(Rule rule) {
    return rule.isForWindows()
        ? rule.effect().name().toLowerCase(Locale.ROOT).replace('_', ' ')
        : "";
  }
}
