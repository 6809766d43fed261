package io.gantry.target;

import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How an iSCSI target treats those who come.
 *
 * @param access who may log in
 * @param redirection where normal sessions have to go instead, or null
 * @param random for CHAP challenges; has to be a source that nobody can predict
 * @param clock for people: since when a session is
 */
public record IscsiOptions(
    AccessPolicy access,
    @Nullable Redirection redirection,
    RandomGenerator random,
    InstantSource clock) {

  /**
   * Where a target has gone.
   *
   * @param permanent whether initiators should forget the old address
   * @param address name or number, and port, as in {@code 192.0.2.7:3260} or {@code [::1]:3260}
   */
  public record Redirection(boolean permanent, String address) {}
}
