package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * A token of the REST interface that was just made.
 *
 * @param name as asked for
 * @param role as asked for
 * @param expires as asked for
 * @param token what to send as {@code Authorization: Bearer TOKEN}; it is told this once and kept
 *     nowhere
 */
public record ApiTokenMade(String name, String role, @Nullable String expires, String token) {

  /** Without the token. */
  @Override
  public String toString() {
    return "ApiTokenMade[%s, %s]".formatted(name, role);
  }
}
