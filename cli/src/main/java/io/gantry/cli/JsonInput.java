package io.gantry.cli;

import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON that people or programs give to a command: one object, nothing behind it. */
final class JsonInput {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private JsonInput() {}

  /**
   * Reads an object; whole numbers become {@link java.math.BigInteger}s.
   *
   * @param name where it is from, for messages
   * @throws Failure if it is none; the message has line and column
   */
  static Map<String, Object> object(String name, byte[] bytes) throws Failure {
    try {
      Map<String, Object> object =
          JSON.readValue(bytes, new TypeReference<Map<String, Object>>() {});
      if (object == null) {
        throw new Failure("%s: is null, not a JSON object".formatted(name));
      }
      return object;
    } catch (JacksonException e) {
      TokenStreamLocation at = e.getLocation();
      String where =
          at == null ? "" : " line %d, column %d:".formatted(at.getLineNr(), at.getColumnNr());
      // What is behind it is about the parser.
      String problem = e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
      throw new Failure("%s:%s %s".formatted(name, where, problem), e);
    }
  }
}
