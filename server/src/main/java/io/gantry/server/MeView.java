package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * Who sent the request, as the REST interface tells it.
 *
 * @param name of the token; {@code local} for the daemon's own
 * @param role {@code viewer}, {@code operator} or {@code admin}
 * @param csrf what a browser that is logged in must send as {@code X-Gantry-CSRF}; null for who
 *     sends a token
 * @param expires when that login ends, ISO 8601; null for who sends a token
 */
public record MeView(String name, String role, @Nullable String csrf, @Nullable String expires) {

  static MeView of(Caller caller) {
    Login login = caller.login();
    return new MeView(
        caller.name(),
        caller.role().text(),
        login == null ? null : login.csrf(),
        login == null ? null : login.expires().toString());
  }

  /** Without secrets. */
  @Override
  public String toString() {
    return "MeView[%s, %s]".formatted(name, role);
  }
}
