package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The document, the dashboard and the alerts name the metrics that there are, and no others. */
@NullUnmarked
class MetricsDocumentTest {
  private static final Path DOCS =
      Path.of(System.getProperty("basedir", "server")).toAbsolutePath().resolveSibling("docs");
  private static final String RULER = "| --- | --- | --- | --- |\n";
  private static final boolean FIX = System.getProperty("fix") != null;

  private static final Pattern METRIC = Pattern.compile("\\b(?:gantry|jvm|process)_[a-z0-9_]+\\b");
  private static final Pattern STRING = Pattern.compile("\"[^\"]*\"");

  private static final Set<String> SAMPLES =
      Arrays.stream(Metric.values())
          .flatMap(metric -> metric.samples().stream())
          .collect(Collectors.toUnmodifiableSet());

  private static Stream<String> metricsIn(String query) {
    return METRIC.matcher(STRING.matcher(query).replaceAll("")).results().map(MatchResult::group);
  }

  @Test
  void everyMetricIsDocumented() throws IOException {
    Path document = DOCS.resolve("monitoring.md");
    String text = Files.readString(document);
    int start = text.lastIndexOf(RULER) + RULER.length();
    assertThat(start).isGreaterThan(RULER.length());
    String table =
        Arrays.stream(Metric.values())
            .map(metric ->
                "| `%s` | %s | %s | %s |\n"
                    .formatted(
                        metric.documented(),
                        metric.type().name().toLowerCase(Locale.ROOT),
                        String.join(", ", metric.labels()),
                        metric.help()))
            .collect(Collectors.joining());
    if (FIX) {
      Files.writeString(document, text.substring(0, start) + table);
    } else {
      assertThat(text.substring(start)).as("docs/monitoring.md: run with -Dfix").isEqualTo(table);
    }
  }

  @Test
  void namesFollowTheConventions() {
    assertThat(Metric.values())
        .allSatisfy(metric -> {
          assertThat(metric.base()).matches("[a-z][a-z0-9_]*").doesNotEndWith("_total");
          assertThat(metric.base())
              .as("base units")
              .doesNotContainPattern("(millis|micros|nanos|_ms|_kb|_mb|percent)");
          assertThat(metric.help()).doesNotEndWith(".").isNotBlank();
          if (metric.base().contains("_duration")) {
            assertThat(metric.base()).endsWith("_seconds");
          }
        });
    assertThat(Metric.values()).extracting(Metric::base).doesNotHaveDuplicates();
  }

  @Test
  void theDashboardAsksForMetricsThatThereAre() throws IOException {
    JsonNode dashboard =
        new JsonMapper().readTree(Files.readString(DOCS.resolve("grafana/gantry.json")));
    List<String> queries =
        Stream.concat(
                dashboard.findValuesAsString("expr").stream(),
                dashboard.findValuesAsString("definition").stream())
            .toList();
    assertThat(queries)
        .hasSizeGreaterThan(40)
        .allSatisfy(query ->
            assertThat(metricsIn(query).toList()).as(query).isNotEmpty().isSubsetOf(SAMPLES));
    assertThat(dashboard.findValues("id").stream().map(JsonNode::asInt)).doesNotHaveDuplicates();
  }

  @Test
  void theAlertsAskForMetricsThatThereAre() throws IOException {
    List<String> lines = Files.readAllLines(DOCS.resolve("prometheus/gantry-alerts.yml"));
    List<String> queries =
        lines.stream().map(String::strip).filter(line -> line.startsWith("expr:")).toList();
    assertThat(queries).hasSizeGreaterThan(10);
    assertThat(queries.stream().filter(Predicate.not(query -> query.startsWith("expr: up{"))))
        .allSatisfy(query ->
            assertThat(metricsIn(query).toList()).as(query).isNotEmpty().isSubsetOf(SAMPLES));
    String document = Files.readString(DOCS.resolve("monitoring.md"));
    assertThat(lines.stream().map(String::strip).filter(line -> line.startsWith("- alert: ")))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(document).contains(line.substring("- alert: ".length())));
  }
}
