package io.gantry.server;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.MutableCoercionConfig;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.type.LogicalType;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Where a daemon's settings come from: options of the command line, then variables of the
 * environment, then a TOML file, then what is usual. They can be read again.
 *
 * <p>Each source is a tree of the same form, that of {@link ConfigFile}. The trees are laid over
 * each other, key by key; lists, and tables that can be there several times, as a whole.
 */
public final class Configuration {
  private static final String PREFIX = "GANTRY_";

  /** Variables that are for the start script. */
  private static final Set<String> OTHERS = Set.of("GANTRY_JAVA_OPTS", "GANTRY_HOME");

  private static final TomlMapper TOML =
      TomlMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(LogicalType.Textual, Configuration::refuseOthers)
          .withCoercionConfig(LogicalType.OtherScalar, Configuration::refuseOthers)
          .build();

  /** Only text is text. */
  private static void refuseOthers(MutableCoercionConfig config) {
    config
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
  }

  /** The options of the command line. */
  private static final String OPTIONS = "the command line";

  private final @Nullable Path file;
  private final Map<String, String> environment;
  private final Map<String, Object> options;

  private Configuration(
      @Nullable Path file, Map<String, String> environment, Map<String, Object> options) {
    this.file = file;
    this.environment = environment;
    this.options = options;
  }

  /** What is usual. */
  public static Configuration usual() {
    return new Configuration(null, Map.of(), Map.of());
  }

  /** What a file says, and for the rest what is usual. */
  public static Configuration of(Path file) {
    return new Configuration(file, Map.of(), Map.of());
  }

  /** The same with variables of an environment, before the file. */
  public Configuration withEnvironment(Map<String, String> variables) {
    return new Configuration(file, new TreeMap<>(variables), options);
  }

  /**
   * The same with an option, before all others.
   *
   * @param path of the key, as in {@code pool.chunkBytes}
   * @param value text, number, truth value or list of texts; null changes nothing
   */
  public Configuration with(String path, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    Map<String, Object> more = new LinkedHashMap<>(options);
    more.put(path, value);
    return new Configuration(file, environment, more);
  }

  /** Whether there is a file. */
  boolean hasFile() {
    return file != null;
  }

  /**
   * What was read.
   *
   * @param settings in force if a daemon starts now
   * @param values each key, what it is, and where that comes from; without secrets
   */
  public record Loaded(DaemonSettings settings, List<ConfigView.Value> values) {}

  /** Where something is that was read: for messages, and for paths that count from the file. */
  record Origin(
      @Nullable Path file, @Nullable TomlPositions positions, Map<String, String> sources) {

    /** For people: file, line and column; or a variable; or the command line. */
    String at(String path) {
      String source = sources.get(path);
      if (source != null) {
        return source;
      }
      if (file == null || positions == null) {
        return OPTIONS;
      }
      TomlPositions.Position position = positions.of(path);
      return "%s:%d:%d".formatted(file, position.line(), position.column());
    }

    /** The file itself, for messages. */
    Path requireFile() {
      return file == null ? Path.of("") : file;
    }

    @Nullable Path resolve(@Nullable Path path) {
      return path == null || file == null ? path : file.resolveSibling(path);
    }

    /** Something that cannot be. */
    IOException refuse(String path, String problem) {
      return new IOException("%s: %s".formatted(at(path), problem));
    }
  }

  /**
   * Reads everything.
   *
   * @throws IOException if something cannot be; the message has file, line, column and key, or the
   *     variable, says what can be, and tells no secret
   */
  public Loaded read() throws IOException {
    String text = file == null ? "" : text(file);
    ObjectNode merged = JsonNodeFactory.instance.objectNode();
    Map<String, String> sources = new LinkedHashMap<>(); // of what is not in the file
    TomlPositions positions = file == null ? null : new TomlPositions(text);
    if (file != null) {
      merged.setAll(parse(file, text));
    }
    Map<String, ConfigFile.Leaf> leaves =
        ConfigFile.leaves().stream()
            .collect(
                Collectors.toMap(
                    ConfigFile.Leaf::path, leaf -> leaf, (a, _) -> a, LinkedHashMap::new));
    overlay(environmentValues(leaves), merged, sources);
    options.forEach((path, value) -> {
      put(merged, path, TOML.valueToTree(value));
      sources.put(path, OPTIONS);
    });
    Origin origin = new Origin(file, positions, sources);
    ConfigFile read = convert(merged, origin);
    DaemonSettings settings = DaemonSettings.of(read, origin);
    return new Loaded(settings, values(merged, leaves, origin));
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such configuration file", e);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": is no TOML, which is text in UTF-8", e);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static ObjectNode parse(Path file, String text) throws IOException {
    try {
      return TOML.readTree(text) instanceof ObjectNode tree
          ? tree
          : JsonNodeFactory.instance.objectNode();
    } catch (JacksonException e) {
      throw new IOException(
          "%s:%d:%d: %s"
              .formatted(
                  file,
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  e.getOriginalMessage()),
          e);
    }
  }

  private record Variable(String name, JsonNode value) {}

  private Map<String, Variable> environmentValues(Map<String, ConfigFile.Leaf> leaves)
      throws IOException {
    Map<String, ConfigFile.Leaf> known = new TreeMap<>();
    leaves.values().stream()
        .filter(leaf -> !leaf.repeated())
        .forEach(leaf -> known.put(leaf.variable(), leaf));
    Map<String, Variable> found = new LinkedHashMap<>();
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      String name = variable.getKey();
      if (name.equals("GANTRY_TLS")) { // the short form of the table
        found.put(
            "tls", new Variable(name, JsonNodeFactory.instance.stringNode(variable.getValue())));
      } else if (name.startsWith(PREFIX) && !OTHERS.contains(name)) {
        ConfigFile.Leaf leaf = known.get(name);
        if (leaf == null) {
          throw new IOException(
              "%s: there is no such variable of the environment; there are %s"
                  .formatted(name, String.join(", ", known.keySet())));
        }
        found.put(leaf.path(), new Variable(name, typed(name, variable.getValue(), leaf.type())));
      }
    }
    return found;
  }

  /** A variable is text; what it is in the file depends on the key. */
  private static JsonNode typed(String name, String text, Type type) throws IOException {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (type == Integer.class || type == Long.class) {
      try {
        return nodes.numberNode(Long.parseLong(text));
      } catch (NumberFormatException e) {
        throw new IOException("%s is '%s': a whole number is needed".formatted(name, text), e);
      }
    }
    if (type == Boolean.class) {
      if (!text.equals("true") && !text.equals("false")) {
        throw new IOException("%s is '%s': it can be true or false".formatted(name, text));
      }
      return nodes.booleanNode(text.equals("true"));
    }
    if (type instanceof ParameterizedType) {
      ArrayNode list = nodes.arrayNode();
      for (String one : text.split(",", -1)) {
        list.add(one.strip());
      }
      return list;
    }
    return nodes.stringNode(text);
  }

  private static void overlay(
      Map<String, Variable> variables, ObjectNode tree, Map<String, String> sources) {
    variables.forEach((path, variable) -> {
      put(tree, path, variable.value());
      sources.put(path, variable.name());
    });
  }

  private static void put(ObjectNode tree, String path, JsonNode value) {
    int dot = path.indexOf('.');
    if (dot < 0) {
      tree.set(path, value);
      return;
    }
    String table = path.substring(0, dot);
    ObjectNode inner =
        tree.get(table) instanceof ObjectNode there ? there : JsonNodeFactory.instance.objectNode();
    tree.set(table, inner);
    put(inner, path.substring(dot + 1), value);
  }

  private static ConfigFile convert(ObjectNode tree, Origin origin) throws IOException {
    try {
      return TOML.treeToValue(tree, ConfigFile.class);
    } catch (JacksonException e) {
      String table = path(e);
      String problem = problem(e, table);
      // What a whole table is made of by one method may begin with which of its keys is wrong.
      String key = table + "." + problem.replaceAll(": .*", "");
      boolean known = ConfigFile.leaves().stream().anyMatch(leaf -> leaf.path().equals(key));
      throw new IOException(
          "%s: %s: %s"
              .formatted(
                  origin.at(known ? key : table),
                  known ? key : table,
                  known ? problem.replaceFirst("[^:]*: ", "") : problem),
          e);
    }
  }

  private static String path(JacksonException e) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference step : e.getPath()) {
      if (step.getPropertyName() != null) {
        path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
      } else {
        path.append('[').append(step.getIndex()).append(']');
      }
    }
    return path.toString();
  }

  private static String problem(JacksonException e, String path) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "there is no such key; there are %s"
          .formatted(
              unknown.getKnownPropertyIds().stream()
                  .map(String::valueOf)
                  .sorted()
                  .collect(Collectors.joining(", ")));
    }
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof IllegalArgumentException) {
        return String.valueOf(cause.getMessage());
      }
    }
    String key = path.replaceAll("\\[[0-9]+]", "");
    return ConfigFile.leaves().stream()
        .filter(leaf -> leaf.path().equals(key))
        .findFirst()
        .map(leaf -> "%s is needed, as in %s".formatted(leaf.key().form(), leaf.key().example()))
        .orElse("something else is needed here; see docs/configuration.md");
  }

  /** Each key that is there, and each that is not but has a usual value. */
  private static List<ConfigView.Value> values(
      ObjectNode merged, Map<String, ConfigFile.Leaf> leaves, Origin origin) {
    List<ConfigView.Value> values = new ArrayList<>();
    Map<String, ConfigFile.Leaf> missing = new LinkedHashMap<>(leaves);
    flatten("", merged, leaves, missing, origin, values);
    missing.values().stream()
        .filter(leaf -> !leaf.repeated() && !leaf.key().initial().isEmpty())
        .forEach(leaf ->
            values.add(
                new ConfigView.Value(
                    leaf.path(), leaf.key().initial(), "default", leaf.key().reload())));
    return values;
  }

  private static void flatten(
      String path,
      JsonNode node,
      Map<String, ConfigFile.Leaf> leaves,
      Map<String, ConfigFile.Leaf> missing,
      Origin origin,
      List<ConfigView.Value> values) {
    ConfigFile.Leaf leaf = leaves.get(path.replaceAll("\\[[0-9]+]", ""));
    if (leaf == null && node instanceof ObjectNode table) {
      table
          .properties()
          .forEach(entry ->
              flatten(
                  path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(),
                  entry.getValue(),
                  leaves,
                  missing,
                  origin,
                  values));
    } else if (leaf == null && node instanceof ArrayNode tables) {
      for (int i = 0; i < tables.size(); i++) {
        flatten("%s[%d]".formatted(path, i), tables.get(i), leaves, missing, origin, values);
      }
    } else {
      boolean secret = leaf != null && leaf.key().secret();
      missing.remove(path);
      values.add(
          new ConfigView.Value(
              path,
              secret ? "(secret)" : node.toString(),
              origin.at(path),
              leaf == null || leaf.key().reload()));
    }
  }
}
