package io.gantry.server;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The description of the REST interface for programs, OpenAPI 3.1, made from the {@link Endpoint}s
 * and the records that they take and answer with.
 */
final class OpenApi {
  private static final Pattern PARAMETER = Pattern.compile("\\{([a-z]+)}");
  private static final String REFERENCE = "#/components/schemas/";

  private final Map<String, Object> schemas = new TreeMap<>();

  /** The document, as maps and lists. */
  static Map<String, Object> document() {
    return new OpenApi().build();
  }

  private Map<String, Object> build() {
    Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
    for (Endpoint endpoint : Endpoint.values()) {
      paths
          .computeIfAbsent(endpoint.path(), _ -> new LinkedHashMap<>())
          .put(endpoint.method().text().toLowerCase(Locale.ROOT), operation(endpoint));
    }
    schemas.put(
        "Error",
        Map.of(
            "type",
            "object",
            "required",
            List.of("error"),
            "properties",
            Map.of("error", Map.of("type", "string", "description", "a sentence for people"))));
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("openapi", "3.1.0");
    document.put(
        "info",
        Map.of(
            "title",
            "Gantry",
            "version",
            "1",
            "summary",
            "Administers a block-storage server",
            "license",
            Map.of("name", "Apache-2.0", "identifier", "Apache-2.0")));
    document.put("servers", List.of(Map.of("url", "/")));
    document.put("paths", paths);
    document.put(
        "components",
        Map.of(
            "schemas",
            schemas,
            "securitySchemes",
            Map.of(
                "token",
                Map.of("type", "http", "scheme", "bearer"),
                "login",
                Map.of(
                    "type",
                    "apiKey",
                    "in",
                    "cookie",
                    "name",
                    "gantry-8260",
                    "description",
                    "What /api/v1/login sets; the name has the port, and __Host- before it with"
                        + " TLS. Requests other than GET need X-Gantry-CSRF and Origin"
                        + " besides."))));
    return document;
  }

  private Map<String, Object> operation(Endpoint endpoint) {
    Map<String, Object> operation = new LinkedHashMap<>();
    operation.put("operationId", camelCase(endpoint.name()));
    operation.put("summary", endpoint.summary());
    operation.put("description", "Least role: " + endpoint.role().text());
    operation.put("x-role", endpoint.role().text());
    operation.put(
        "security",
        endpoint.role() == Role.ANYONE
            ? List.of()
            : List.of(Map.of("token", List.of()), Map.of("login", List.of())));
    List<Object> parameters = parameters(endpoint);
    if (!parameters.isEmpty()) {
      operation.put("parameters", parameters);
    }
    if (endpoint.body() != null) {
      operation.put(
          "requestBody", Map.of("required", true, "content", json(schema(endpoint.body()))));
    }
    Map<String, Object> responses = new LinkedHashMap<>();
    responses.put(Integer.toString(endpoint.status()), success(endpoint));
    responses.put("default", response("what went wrong", Map.of("$ref", REFERENCE + "Error")));
    operation.put("responses", responses);
    return operation;
  }

  private static List<Object> parameters(Endpoint endpoint) {
    List<Object> parameters = new ArrayList<>();
    Matcher inPath = PARAMETER.matcher(endpoint.path());
    while (inPath.find()) {
      parameters.add(
          Map.of(
              "name",
              inPath.group(1),
              "in",
              "path",
              "required",
              true,
              "schema",
              Map.of("type", "string")));
    }
    for (Endpoint.Query query : endpoint.queries()) {
      parameters.add(
          Map.of(
              "name",
              query.name(),
              "in",
              "query",
              "description",
              query.meaning(),
              "schema",
              Map.of(
                  "type",
                  "integer",
                  "format",
                  "int64",
                  "minimum",
                  query.least(),
                  "maximum",
                  query.most(),
                  "default",
                  query.otherwise())));
    }
    return parameters;
  }

  private Map<String, Object> success(Endpoint endpoint) {
    if (endpoint.answer() == null) {
      return Map.of("description", endpoint.summary());
    }
    Map<String, Object> content = new LinkedHashMap<>(json(schema(endpoint.answer())));
    if (endpoint == Endpoint.EVENTS) {
      content.put("text/event-stream", Map.of("schema", Map.of("type", "string")));
    }
    return Map.of("description", endpoint.summary(), "content", content);
  }

  private static Map<String, Object> response(String description, Map<String, Object> schema) {
    return Map.of("description", description, "content", json(schema));
  }

  private static Map<String, Object> json(Map<String, Object> schema) {
    return Map.of("application/json", Map.of("schema", schema));
  }

  private Map<String, Object> schema(Type type) {
    if (type instanceof Class<?> plain) {
      return ofClass(plain);
    }
    if (type instanceof ParameterizedType generic) {
      Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      return generic.getRawType() == Map.class
          ? Map.of("type", "object", "additionalProperties", schema(last))
          : Map.of("type", "array", "items", schema(last));
    }
    throw new IllegalStateException("no schema for " + type);
  }

  private Map<String, Object> ofClass(Class<?> type) {
    if (type.isArray()) {
      return Map.of("type", "array", "items", schema(type.componentType()));
    }
    if (type == int.class || type == Integer.class) {
      return Map.of("type", "integer", "format", "int32");
    }
    if (type == long.class || type == Long.class) {
      return Map.of("type", "integer", "format", "int64");
    }
    if (type == double.class || type == Double.class) {
      return Map.of("type", "number");
    }
    if (type == boolean.class || type == Boolean.class) {
      return Map.of("type", "boolean");
    }
    if (type.isRecord() && type != HostPort.class) {
      return ofRecord(type);
    }
    return type == Object.class || type == Map.class ? Map.of() : Map.of("type", "string");
  }

  private Map<String, Object> ofRecord(Class<?> type) {
    String name =
        type.isMemberClass()
            ? type.getEnclosingClass().getSimpleName() + type.getSimpleName()
            : type.getSimpleName();
    if (schemas.putIfAbsent(name, Map.of()) == null) { // first, for records within themselves
      Map<String, Object> properties = new LinkedHashMap<>();
      List<String> required = new ArrayList<>();
      for (RecordComponent component : type.getRecordComponents()) {
        Map<String, Object> schema = schema(component.getGenericType());
        if (isNullable(component)) {
          schema = Map.of("anyOf", List.of(schema, Map.of("type", "null")));
        } else {
          required.add(component.getName());
        }
        properties.put(component.getName(), schema);
      }
      Map<String, Object> schema = new LinkedHashMap<>();
      schema.put("type", "object");
      schema.put("properties", properties);
      schema.put("additionalProperties", false);
      if (!required.isEmpty()) {
        schema.put("required", required);
      }
      schemas.put(name, schema);
    }
    return Map.of("$ref", REFERENCE + name);
  }

  private static boolean isNullable(RecordComponent component) {
    return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  private static String camelCase(String name) {
    StringBuilder text = new StringBuilder();
    for (String word : name.toLowerCase(Locale.ROOT).split("_", -1)) {
      text.append(
          text.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return text.toString();
  }
}
