package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * Asks to log a browser in.
 *
 * @param token an API token, or the daemon's own
 */
public record LoginRequest(@Nullable String token) {

  /** Without the token. */
  @Override
  public String toString() {
    return "LoginRequest[]";
  }
}
