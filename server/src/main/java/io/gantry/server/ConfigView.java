package io.gantry.server;

import java.util.List;

/**
 * The settings of a daemon as the REST interface shows them.
 *
 * @param values each key that is set or has a usual value
 */
public record ConfigView(List<Value> values) {

  /**
   * A key.
   *
   * @param key as in {@code pool.limits.pinned} or {@code user[0].name}
   * @param value as it may be written in the file; {@code (secret)} for secrets
   * @param source file, line and column; a variable of the environment; {@code the command line};
   *     or {@code default}
   * @param reload whether a change takes no restart
   */
  public record Value(String key, String value, String source, boolean reload) {}
}
