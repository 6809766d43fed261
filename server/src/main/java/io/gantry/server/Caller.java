package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * Who sent a REST request.
 *
 * @param name of the token that proved it
 * @param role what he may do
 * @param token digest of that token; empty if there is none
 * @param login the console login whose cookie proved it; null if a token did
 */
record Caller(String name, Role role, String token, @Nullable Login login) {

  /** Who has proved nothing. */
  static final Caller NOBODY = new Caller("nobody", Role.ANYONE, "", null);
}
