package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/**
 * Compares the libraries that ship, as Maven resolves them, with two tables of
 * docs/dependencies.md: which versions somebody has looked at, and which have known
 * vulnerabilities.
 */
@NullUnmarked
class AdvisoriesTest {
  private static final String DOCUMENT =
      SourceTree.read(SourceTree.ROOT.resolve("docs/dependencies.md"));
  private static final Pattern LINE =
      Pattern.compile(
          "^ +([^:\\s]+:[^:\\s]+):jar:(?:([^:\\s]+):)?([^:\\s]+):(?:compile|runtime)\\b");
  private static final Pattern RANGE = Pattern.compile("(?:>= (\\S+) )?(<=?) (\\S+)");

  /** A library; its name is {@code group:artifact}. */
  private record Library(String name, String version) {}

  /** A row of the table of reviews; the name may end with {@code *}. */
  private record Review(String name, String version, LocalDate on) {
    boolean isOf(Library library) {
      return matches(name, library.name) && version.equals(library.version);
    }
  }

  /** A row of the table of advisories: ranges of versions, separated by commas. */
  private record Advisory(String id, String name, String affected) {
    boolean isOf(Library library) {
      return matches(name, library.name)
          && Stream.of(affected.split(", ", -1)).anyMatch(range -> isIn(range, library.version));
    }
  }

  private static boolean matches(String name, String library) {
    return name.endsWith("*")
        ? library.startsWith(name.substring(0, name.length() - 1))
        : library.equals(name);
  }

  private static boolean isIn(String range, String version) {
    Matcher parts = RANGE.matcher(range);
    assertThat(parts.matches()).as(range).isTrue();
    int most = compare(version, parts.group(3));
    return (parts.group(1) == null || compare(version, parts.group(1)) >= 0)
        && (parts.group(2).equals("<") ? most < 0 : most <= 0);
  }

  /** Versions of releases: numbers, and what says that it is final. */
  private static int compare(String a, String b) {
    int[] left = numbers(a);
    int[] right = numbers(b);
    int length = Math.max(left.length, right.length);
    return Arrays.compare(Arrays.copyOf(left, length), Arrays.copyOf(right, length));
  }

  private static int[] numbers(String version) {
    assertThat(version).matches("\\d+(\\.\\d+)*(\\.Final)?");
    return Stream.of(version.replace(".Final", "").split("\\.", -1))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  private static List<Library> shipped() {
    List<Library> shipped = new ArrayList<>();
    for (String line : SourceTree.read(Path.of("target/shipped.txt")).lines().toList()) {
      Matcher parts = LINE.matcher(line);
      if (parts.find() && !parts.group(1).startsWith("io.gantry:")) {
        shipped.add(new Library(parts.group(1), parts.group(3)));
      } else {
        assertThat(line).matches("| +io\\.gantry:.*|The following files have been resolved:");
      }
    }
    assertThat(shipped).hasSizeGreaterThan(20);
    return shipped;
  }

  /** The cells of a table of the document, without its head. */
  private static List<String[]> table(String head) {
    int start = DOCUMENT.indexOf("\n" + head + "\n");
    assertThat(start).as(head).isNotNegative();
    return DOCUMENT
        .substring(start)
        .lines()
        .skip(3)
        .takeWhile(line -> line.startsWith("| "))
        .map(line -> line.substring(2).split(" +\\| *", -1))
        .toList();
  }

  private static List<Review> reviews() {
    return table("| library | version | reviewed on | where |").stream()
        .map(row -> new Review(row[0], row[1], LocalDate.parse(row[2])))
        .toList();
  }

  private static List<Advisory> advisories() {
    return table("| advisory | library | versions affected | what |").stream()
        .map(row -> new Advisory(row[0], row[1], row[2]))
        .toList();
  }

  /** The advisories of what ships. */
  private static List<String> known(List<Library> libraries) {
    return libraries.stream()
        .flatMap(library ->
            advisories().stream()
                .filter(advisory -> advisory.isOf(library))
                .map(advisory -> library + ": " + advisory.id))
        .toList();
  }

  @Test
  void nothingThatShipsHasAKnownVulnerability() {
    assertThat(known(shipped())).isEmpty();
  }

  @Test
  void whatShipsWasReviewed() {
    List<Review> reviews = reviews();
    assertThat(shipped())
        .as("libraries without a row in docs/dependencies.md: look for advisories, then add one")
        .filteredOn(library -> reviews.stream().noneMatch(review -> review.isOf(library)))
        .isEmpty();
    assertThat(reviews)
        .as("rows of libraries that do not ship")
        .filteredOn(review -> shipped().stream().noneMatch(review::isOf))
        .isEmpty();
  }

  @Test
  void nothingShipsInTwoVersions() {
    assertThat(shipped()).extracting(Library::name).doesNotHaveDuplicates();
  }

  /** The comparison itself, by versions whose vulnerabilities are well known. */
  @Test
  void vulnerableVersionsAreFound() {
    assertThat(
            known(
                List.of(
                    new Library("org.webjars.npm:preact", "10.28.0"),
                    new Library("io.netty:netty-handler", "4.1.93.Final"),
                    new Library("tools.jackson.core:jackson-core", "3.2.0"))))
        .anyMatch(found -> found.contains("10.28.0") && found.contains("CVE-2026-22028"))
        .anyMatch(found -> found.contains("4.1.93") && found.contains("CVE-2023-34462"))
        .anyMatch(found -> found.contains("3.2.0") && found.contains("CVE-2026-68494"));
    assertThat(known(List.of(new Library("org.webjars.npm:preact", "10.28.2")))).isEmpty();
    assertThat(known(List.of(new Library("org.webjars.npm:preact", "10.26.10")))).isEmpty();
    assertThat(known(List.of(new Library("org.webjars.npm:preact", "10.26.9")))).isNotEmpty();
  }
}
