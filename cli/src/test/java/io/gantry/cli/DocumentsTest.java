package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.cli.Documents.Block;
import io.gantry.cli.Documents.Document;
import io.gantry.cli.Documents.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.ObjectMapper;

/**
 * Documents name only commands, options, files and tests that there are, and every block of them is
 * of a kind that somebody looks after. Nothing is run here: see DocumentsIT.
 */
class DocumentsTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");

  /** What names tests in a command of Maven's: {@code -Dtest=}, in quotes or not. */
  private static final Pattern TESTS = Pattern.compile("-D(?:it\\.)?test=('[^']*'|[^\\s`]*)");

  private static final Pattern MODULES = Pattern.compile("-pl ([\\w,-]+)");

  private static final Set<Kind> ELSEWHERE =
      EnumSet.of(Kind.ELSEWHERE, Kind.POWERSHELL, Kind.ESXCLI, Kind.JAVASCRIPT, Kind.YAML);

  /** Every block that nothing here runs: document and first word, and why. */
  private static final Map<String, String> NOT_RUN =
      Map.ofEntries(
          Map.entry("docs/access.md: powershell Set-IscsiChapSecret", "needs Windows"),
          Map.entry("docs/windows.md: powershell Set-Service", "needs Windows"),
          Map.entry("docs/windows.md: powershell Get-ItemProperty", "needs Windows"),
          Map.entry("docs/esxi.md: esxcli esxcli", "needs ESXi"),
          Map.entry(
              "docs/conformance.md: sh elsewhere gantry",
              "needs an array that restarts, and a second one; ConformanceIT has both"),
          Map.entry(
              "docs/dependencies.md: sh elsewhere osv-scanner", "asks a database in the Internet"),
          Map.entry(
              "docs/events.md: js const",
              "needs a browser; the console's tests read the same stream"),
          Map.entry(
              "docs/install.md: sh elsewhere packaging/build", "makes the packages; takes minutes"),
          Map.entry(
              "docs/install.md: sh elsewhere apt", "needs the packages; packaging/try deb runs it"),
          Map.entry(
              "docs/install.md: sh elsewhere docker",
              "needs the image; packaging/try image runs it"),
          Map.entry(
              "docs/install.md: sh elsewhere tar", "needs the packages; packaging/try tar runs it"),
          Map.entry("docs/install.md: yaml #", "needs Docker"),
          Map.entry("docs/monitoring.md: yaml scrape_configs:", "needs Prometheus"));

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
  void everyBlockIsOfAKind(Document document) {
    assertThat(document.blocks().stream().filter(block -> block.kind().isEmpty()))
        .as("%s: blocks that say nothing of their kind; see docs/testing.md", document)
        .isEmpty();
    assertThat(document.text().lines().filter(line -> line.strip().startsWith("```")))
        .as("%s: fences", document)
        .hasSize(2 * document.blocks().size());
  }

  @Test
  void whatIsNotRunHasAReason() {
    Map<String, String> found = new TreeMap<>();
    documents()
        .forEach(document ->
            document.blocks().stream()
                .filter(block -> block.kind().filter(ELSEWHERE::contains).isPresent())
                .map(block -> "%s: %s %s".formatted(document, block.info(), firstWord(block)))
                .forEach(name -> found.put(name, NOT_RUN.getOrDefault(name, "no reason"))));
    assertThat(found).containsExactlyInAnyOrderEntriesOf(NOT_RUN);
  }

  private static String firstWord(Block block) {
    return block.text().strip().split("\\s", 2)[0];
  }

  /** Text is for what nobody can type: it has no commands, so that they cannot hide there. */
  @ParameterizedTest
  @MethodSource("documents")
  void textHasNoCommands(Document document) {
    assertThat(document.blocks(Kind.TEXT))
        .noneMatch(block -> !ShellText.commands(block.text()).isEmpty())
        .noneMatch(block -> block.text().lines().anyMatch(line -> line.startsWith("$ ")));
  }

  @ParameterizedTest
  @MethodSource("documents")
  void whatIsForParsersIsRead(Document document) throws Exception {
    ObjectMapper json = new ObjectMapper();
    for (Block block : document.blocks(Kind.JSON)) {
      assertThat(json.readTree(block.text()).isContainer()).isTrue();
    }
    for (Block block : document.blocks(Kind.XML)) {
      byte[] text = block.text().getBytes(StandardCharsets.UTF_8);
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(text));
    }
  }

  /** LibraryGuideTest looks into one document. */
  @Test
  void examplesInJavaAreWhereTheyAreTested() {
    assertThat(documents().filter(document -> !document.blocks(Kind.JAVA).isEmpty()))
        .extracting(Document::name)
        .containsExactly("docs/library.md");
  }

  @Test
  void whatMavenIsToldIsThere() throws IOException {
    Set<String> tests;
    try (Stream<Path> files = Files.walk(Documents.ROOT)) {
      tests =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".java"))
              .map(name -> name.replace(".java", ""))
              .collect(Collectors.toSet());
    }
    List<String> missing = new ArrayList<>();
    int named = 0;
    for (Document document : Documents.all()) {
      Matcher matcher = TESTS.matcher(document.text());
      while (matcher.find()) {
        for (String test : matcher.group(1).replace("'", "").split(",", -1)) {
          named++;
          String type = test.replaceFirst("#.*", "");
          if (!tests.contains(type) && !type.equals("None")) {
            missing.add(document + ": " + test);
          }
        }
      }
      matcher = MODULES.matcher(document.text());
      while (matcher.find()) {
        for (String module : matcher.group(1).split(",", -1)) {
          if (!Files.exists(Documents.ROOT.resolve(module).resolve("pom.xml"))) {
            missing.add(document + ": " + module);
          }
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(named).isGreaterThan(5);
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
    assertThat(wrong.blocks()).singleElement().matches(block -> block.kind().isEmpty());
    assertThat(new Document("none", "gantry volume crate").problems()).isEqualTo(List.of());
  }

  @Test
  void aStoryIsWhatIsToBeTyped() throws IOException {
    Document document =
        new Document(
            "docs/none.md",
            """
            ```sh
            gantry volume list
            ```

            ```output
            LUN  NAME
            ```

            ```console
            $ one \\
                two
            printed
            $ three
            ```

            ```sh initiator
            lsblk
            ```

            ```toml
            # /etc/gantry.toml
            data = "/srv"
            ```

            ```text
            not this
            ```
            """);
    List<Story.Step> steps = new Story(document).steps();
    assertThat(steps)
        .extracting(Story.Step::file)
        .containsExactly(
            "00000.sh",
            "00001.sh",
            "00009-000.any",
            "00009-001.any",
            "00016.initiator",
            "00020.sh");
    assertThat(steps.get(1).shown()).isPresent();
    assertThat(steps.get(2).commands()).isEqualTo("one \\\n    two\n");
    assertThat(steps.get(2).shown().orElseThrow().matcher("printed\n").matches()).isTrue();
    assertThat(steps.get(3).shown().orElseThrow().matcher("").matches()).isTrue();
    assertThat(steps.get(3).shown().orElseThrow().matcher("anything").matches()).isFalse();
    assertThat(steps.get(5).commands()).contains("cat >/etc/gantry.toml <<'END'\n# /etc");
  }

  @Test
  void outputThatIsAnotherWouldBeFound() {
    Pattern exact = Story.pattern("  one   2 MiB\n...\nlast ... 4\n", false);
    assertThat("one 2 MiB\nlast 4").doesNotMatch(exact);
    assertThat("one 2 MiB\nlast x 4").matches(exact);
    assertThat("\n one 2   MiB \n\n what\never\n last x y 4\n").matches(exact);
    assertThat("one 3 MiB\nlast x 4").doesNotMatch(exact);
    assertThat("one 2 MiB\nlast x\n 4").doesNotMatch(exact);
    assertThat("zero\none 2 MiB\nlast x 4").doesNotMatch(exact);
    Pattern measured = Story.pattern("one   2 MiB in 1.5 s\nshared  0 B\n", true);
    assertThat("one 312 GiB in 17 ms\n shared  64.0 KiB").matches(measured);
    assertThat("two 312 GiB in 17 ms\n shared  64.0 KiB").doesNotMatch(measured);
    assertThat("one 312 GiB in 17 ms\n").doesNotMatch(measured);
  }
}
