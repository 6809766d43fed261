package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
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
    "/packaging/build",
    "/packaging/try",
    "/packaging/try-installed",
    "/packaging/try-service",
    "/packaging/try-image",
    "/packaging/container",
    "/packaging/class-data",
    "/packaging/launcher",
    "/image/build",
    "/debian/build",
    "/debian/postinst",
    "/debian/prerm",
    "/debian/postrm",
    ".service",
    "/.ci/run",
    "/documents/story",
    "/documents/guest",
    "/documents/guest-init",
    "/documents/guest-packages",
    "/documents/array",
    "/documents/systemctl"
  };

  /** Past this a file is split by state machine or concept. */
  private static final int MAXIMUM_LINES = 750;

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

  private static final Pattern BLANK_AT_END = Pattern.compile("[ \t]$", Pattern.MULTILINE);

  /** Copy manager and task manager: SPC-4 and SAM-5 call them so. */
  private static final Set<String> TERMS = Set.of("CopyManager.java", "TaskManager.java");

  private static final Pattern EMPTY_AFFIX =
      Pattern.compile("(Abstract\\w+|\\w+(Impl|Util|Utils|Helper|Manager))\\.java");

  @Test
  void filesEndWithANewlineAndLinesWithoutBlanks() {
    assertThat(offenders(SourceTree.files(TEXT), text -> !text.endsWith("\n"))).isEmpty();
    assertThat(offenders(SourceTree.files(TEXT), text -> text.contains("\r"))).isEmpty();
    assertThat(offenders(SourceTree.files(TEXT), BLANK_AT_END.asPredicate())).isEmpty();
  }

  @Test
  void nothingHasANameThatSaysNothing() {
    assertThat(SourceTree.files(".java"))
        .filteredOn(TidyTest::saysNothing)
        .map(SourceTree::name)
        .isEmpty();
  }

  private static boolean saysNothing(Path file) {
    String name = file.getFileName().toString();
    return (EMPTY_AFFIX.matcher(name).matches() && !TERMS.contains(name))
        || StreamSupport.stream(SourceTree.ROOT.relativize(file).spliterator(), false)
            .anyMatch(directory -> EMPTY_NAMES.contains(directory.toString()));
  }

  @Test
  void noFileIsTooLongToRead() {
    assertThat(offenders(SourceTree.files(".java"), text -> text.lines().count() > MAXIMUM_LINES))
        .isEmpty();
  }

  @Test
  void scriptsCanBeRun() {
    assertThat(
            Stream.of(
                "gantry",
                "check",
                ".ci/run",
                "cli/src/test/documents/story",
                "cli/src/test/documents/guest-packages",
                "packaging/build",
                "packaging/try",
                "packaging/try-installed",
                "packaging/try-service",
                "packaging/try-image",
                "packaging/container",
                "packaging/class-data",
                "packaging/image/build"))
        .allMatch(script -> Files.isExecutable(SourceTree.ROOT.resolve(script)));
  }

  @Test
  void everyMainPackageIsNullMarked() {
    Set<Path> marked =
        SourceTree.files("package-info.java").stream()
            .filter(file -> SourceTree.read(file).contains("@NullMarked"))
            .map(Path::getParent)
            .collect(Collectors.toSet());
    assertThat(SourceTree.files(".java"))
        .filteredOn(file -> file.toString().contains("/src/main/"))
        .filteredOn(file -> !marked.contains(file.getParent()))
        .map(SourceTree::name)
        .isEmpty();
  }

  private static List<String> offenders(List<Path> files, Predicate<String> offence) {
    assertThat(files).isNotEmpty();
    return files.stream()
        .filter(file -> offence.test(SourceTree.read(file)))
        .map(SourceTree::name)
        .toList();
  }
}
