package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The OpenAPI document and the daemon say the same. */
@NullUnmarked
class OpenApiTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private Daemon daemon;
  private JsonNode document;

  @BeforeEach
  void start() throws Exception {
    daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY));
    document = JSON.readTree(ask("GET", "/api/v1/openapi.json", "").body());
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    daemon.close();
  }

  private HttpResponse<String> ask(String method, String path, String body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://%s%s".formatted(daemon.contact().http(), path)))
            .method(method, BodyPublishers.ofString(body))
            .header("Authorization", "Bearer " + daemon.contact().token())
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void everyEndpointIsDescribedAndNothingElse() {
    Set<String> described = new TreeSet<>();
    document
        .path("paths")
        .forEachEntry((path, operations) ->
            operations.forEachEntry(
                (method, _) -> described.add(method.toUpperCase(Locale.ROOT) + " " + path)));
    assertThat(document.path("openapi").asString()).startsWith("3.1.");
    assertThat(described)
        .isEqualTo(
            Arrays.stream(Endpoint.values())
                .map(endpoint -> endpoint.method().text() + " " + endpoint.path())
                .collect(Collectors.toCollection(TreeSet::new)));
  }

  @Test
  void everythingDescribedAnswers() throws Exception {
    for (var path : document.path("paths").properties()) {
      for (var operation : path.getValue().properties()) {
        String method = operation.getKey().toUpperCase(Locale.ROOT);
        HttpResponse<String> answer =
            ask(method, path.getKey().replaceAll("\\{[a-z]+}", "none"), "");
        String what = method + " " + path.getKey() + ": " + answer.body();
        assertThat(answer.statusCode()).as(what).isNotIn(401, 403, 405, 500);
        if (answer.statusCode() >= 400) {
          validate(what, JSON.readTree(answer.body()), schema("Error"));
        } else {
          JsonNode success =
              operation.getValue().path("responses").path(Integer.toString(answer.statusCode()));
          assertThat(success.isMissingNode()).as(what).isFalse();
          JsonNode schema = success.path("content").path("application/json").path("schema");
          if (!schema.isMissingNode()) {
            validate(what, JSON.readTree(answer.body()), schema);
          }
        }
      }
    }
  }

  /** What is answered is what is described, when there is something to answer with. */
  @Test
  void answersAreAsDescribed() throws Exception {
    ask("POST", "/api/v1/volumes", "{\"name\": \"v\", \"sizeBytes\": 1048576}");
    ask("POST", "/api/v1/volumes/v/snapshots", "{\"name\": \"s\"}");
    ask("POST", "/api/v1/api-tokens", "{\"name\": \"t\", \"role\": \"viewer\"}");
    for (var path : document.path("paths").properties()) {
      JsonNode get = path.getValue().path("get");
      JsonNode schema =
          get.path("responses").path("200").path("content").path("application/json").path("schema");
      if (!schema.isMissingNode()) {
        HttpResponse<String> answer = ask("GET", path.getKey().replace("{name}", "v"), "");
        assertThat(answer.statusCode()).as(path.getKey()).isEqualTo(200);
        validate(path.getKey(), JSON.readTree(answer.body()), schema);
      }
    }
  }

  private JsonNode schema(String name) {
    JsonNode schema = document.path("components").path("schemas").path(name);
    assertThat(schema.isMissingNode()).as(name).isFalse();
    return schema;
  }

  /** As much of JSON Schema as the document uses. */
  private void validate(String where, JsonNode value, JsonNode schema) {
    if (schema.has("$ref")) {
      validate(where, value, schema(schema.path("$ref").asString().replaceAll(".*/", "")));
    } else if (schema.has("anyOf")) {
      if (!value.isNull()) {
        validate(where, value, schema.path("anyOf").get(0));
      }
    } else {
      switch (schema.path("type").asString("")) {
        case "object" -> {
          assertThat(value.isObject()).as(where).isTrue();
          for (JsonNode name : schema.path("required")) {
            assertThat(value.has(name.asString())).as(where + " " + name).isTrue();
          }
          for (var property : value.properties()) {
            JsonNode known = schema.path("properties").path(property.getKey());
            JsonNode other = schema.path("additionalProperties");
            assertThat(known.isMissingNode() && !other.isObject())
                .as(where + " " + property.getKey())
                .isFalse();
            validate(
                where + "." + property.getKey(),
                property.getValue(),
                known.isMissingNode() ? other : known);
          }
        }
        case "array" -> {
          assertThat(value.isArray()).as(where).isTrue();
          value.forEach(one -> validate(where + "[]", one, schema.path("items")));
        }
        case "string" -> assertThat(value.isString()).as(where + " " + value).isTrue();
        case "integer" -> assertThat(value.isIntegralNumber()).as(where + " " + value).isTrue();
        case "number" -> assertThat(value.isNumber()).as(where + " " + value).isTrue();
        case "boolean" -> assertThat(value.isBoolean()).as(where + " " + value).isTrue();
        default -> assertThat(schema.size()).as(where + " " + schema).isZero();
      }
    }
  }
}
