package io.gantry.server;

import java.time.Instant;

/**
 * A browser that has logged in to the console.
 *
 * @param id digest of what the cookie holds
 * @param token digest of the token that it logged in with: when that ends, so does this
 * @param csrf what requests that change something must carry besides the cookie
 * @param expires when it ends, whatever happens
 */
record Login(String id, String token, String csrf, Instant expires) {

  /** Without secrets. */
  @Override
  public String toString() {
    return "Login[expires=" + expires + "]";
  }
}
