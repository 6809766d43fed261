package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The tables of requests and events in the documentation are those of the program. */
@NullUnmarked
class RestDocumentTest {
  private static final boolean FIX = System.getProperty("fix") != null;

  @Test
  void everyEndpointIsDocumented() throws IOException {
    check(
        Path.of("..", "docs", "rest.md"),
        "\n| --- | --- | --- | --- | --- |\n",
        Arrays.stream(Endpoint.values()).map(RestDocumentTest::row).collect(Collectors.joining()));
  }

  /** The last table of a document has these rows; with -Dfix they are written. */
  static void check(Path document, String ruler, String table) throws IOException {
    String text = Files.readString(document);
    int start = text.lastIndexOf(ruler) + ruler.length();
    assertThat(start).isGreaterThan(ruler.length());
    if (FIX) {
      Files.writeString(document, text.substring(0, start) + table);
    } else {
      assertThat(text.substring(start)).as(document + ": run with -Dfix").isEqualTo(table);
    }
  }

  /** The same for types of events. */
  @Test
  void everyEventIsDocumented() throws IOException {
    check(
        Path.of("..", "docs", "events.md"),
        "\n| --- | --- | --- |\n",
        Arrays.stream(EventType.values())
            .map(type ->
                "| `%s` | %s | %s |\n"
                    .formatted(type.text(), type.audited() ? "yes" : "", type.meaning()))
            .collect(Collectors.joining()));
  }

  private static String row(Endpoint endpoint) {
    String query =
        endpoint.queries().stream()
            .map(one -> " `?%s`: %s.".formatted(one.name(), one.meaning()))
            .collect(Collectors.joining());
    return "| `%s %s` | %s | %s | %d%s | %s.%s |\n"
        .formatted(
            endpoint.method(),
            endpoint.path(),
            endpoint.role().text(),
            type(endpoint.body()),
            endpoint.status(),
            endpoint.answer() == null ? "" : " " + type(endpoint.answer()),
            endpoint.summary(),
            query);
  }

  private static String type(@Nullable Class<?> type) {
    if (type == null) {
      return "";
    }
    return type.isArray()
        ? "[%s]".formatted(type.componentType().getSimpleName())
        : type.getSimpleName();
  }
}
