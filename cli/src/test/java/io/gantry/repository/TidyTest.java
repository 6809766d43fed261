package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What no other tool looks at. */
class TidyTest {

  private static final String[] TEXT = {
    ".java",
    ".xml",
    ".md",
    ".sh",
    ".c",
    ".toml",
    ".editorconfig",
    ".gitignore",
    "/gantry",
    "/check",
    "/.ci/run"
  };

  /** Past this a file is split by state machine or concept. */
  private static final int MAXIMUM_LINES = 700;

  /** Names that say nothing about what is inside. */
  private static final Set<String> EMPTY_NAMES =
      Set.of(
          "common",
          "core",
          "helper",
          "helpers",
          "impl",
          "internal",
          "manager",
          "misc",
          "util",
          "utils");

  private static final Pattern EMPTY_AFFIX =
      Pattern.compile("(Abstract\\w+|\\w+(Impl|Util|Utils|Helper|Manager))\\.java");

  @Test
  void filesEndWithANewlineAndLinesWithoutBlanks() {
    assertThat(SourceTree.files(TEXT))
        .isNotEmpty()
        .allSatisfy(file -> {
          String text = SourceTree.read(file);
          assertThat(text).as(SourceTree.name(file)).endsWith("\n").doesNotContain("\r");
          List<String> blank =
              text.lines().filter(l -> l.endsWith(" ") || l.endsWith("\t")).toList();
          assertThat(blank).as("lines that end with a blank in " + SourceTree.name(file)).isEmpty();
        });
  }

  @Test
  void everyModuleIsNamedForWhatItIs() {
    assertThat(SourceTree.files(".java"))
        .allSatisfy(file -> {
          assertThat(EMPTY_AFFIX.matcher(file.getFileName().toString()).matches())
              .as("a name that says nothing: " + SourceTree.name(file))
              .isFalse();
          for (Path directory : SourceTree.ROOT.relativize(file)) {
            assertThat(EMPTY_NAMES).as(SourceTree.name(file)).doesNotContain(directory.toString());
          }
        });
  }

  @Test
  void noFileIsTooLongToRead() {
    assertThat(SourceTree.files(".java"))
        .allSatisfy(file ->
            assertThat(SourceTree.read(file).lines().count())
                .as("lines of " + SourceTree.name(file))
                .isLessThanOrEqualTo(MAXIMUM_LINES));
  }

  @Test
  void scriptsCanBeRun() {
    assertThat(Stream.of("gantry", "check", ".ci/run").map(SourceTree.ROOT::resolve))
        .allSatisfy(
            script -> assertThat(Files.isExecutable(script)).as(script.toString()).isTrue());
  }

  @Test
  void everyMainPackageIsNullMarked() {
    Set<Path> marked =
        Set.copyOf(
            SourceTree.files("src/main/java/package-info.java", "package-info.java").stream()
                .filter(file -> SourceTree.read(file).contains("@NullMarked"))
                .map(Path::getParent)
                .toList());
    assertThat(SourceTree.files(".java"))
        .filteredOn(file -> file.toString().contains("/src/main/"))
        .allSatisfy(
            file -> assertThat(marked).as(SourceTree.name(file)).contains(file.getParent()));
  }
}
