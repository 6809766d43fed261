package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What documents point at is there. */
class LinksTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)\\s]*)?\\)");
  private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT))\\.(\\w+)`");

  @Test
  void filesThatDocumentsLinkToAreThere() {
    List<String> missing = new ArrayList<>();
    for (Path document : SourceTree.files(".md")) {
      Matcher link = LINK.matcher(SourceTree.read(document));
      while (link.find()) {
        String to = link.group(1);
        if (!to.contains("://") && !Files.exists(document.resolveSibling(to))) {
          missing.add(SourceTree.name(document) + ": " + to);
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void testsThatDocumentsNameAreThere() {
    Map<String, Path> tests =
        SourceTree.files("Test.java", "IT.java").stream()
            .collect(
                Collectors.toMap(
                    file -> file.getFileName().toString().replace(".java", ""),
                    file -> file,
                    (one, _) -> one));
    List<String> missing = new ArrayList<>();
    for (Path document : SourceTree.files(".md")) {
      List<MatchResult> named = TEST.matcher(SourceTree.read(document)).results().toList();
      for (MatchResult test : named) {
        Path file = tests.get(test.group(1));
        if (file == null || !SourceTree.read(file).contains(" void " + test.group(2) + "(")) {
          missing.add(SourceTree.name(document) + ": " + test.group());
        }
      }
    }
    assertThat(missing).isEmpty();
  }
}
