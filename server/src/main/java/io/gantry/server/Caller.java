package io.gantry.server;

/**
 * Who sent a REST request.
 *
 * @param name of the token that proved it
 * @param role what he may do
 */
record Caller(String name, Role role) {

  /** Who has proved nothing. */
  static final Caller NOBODY = new Caller("nobody", Role.ANYONE);
}
