package io.gantry.initiator;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How a session presents itself and how long it waits.
 *
 * @param initiatorName iSCSI name of this initiator
 * @param isid 48 bits that tell this session from all others of the name (RFC 7143 11.12.5); a
 *     session with the same one replaces the old
 * @param loginTimeout for the connection and the login
 * @param commandTimeout for each command; the session fails when one takes longer
 */
public record SessionOptions(
    String initiatorName, long isid, Duration loginTimeout, Duration commandTimeout) {

  private static final long RANDOM_TYPE = 0x80L << 40;

  /** A new initiator port, 15 seconds for the login and 60 for a command. */
  public static SessionOptions standard() {
    return standard(new SecureRandom());
  }

  /** As {@link #standard()}, with the initiator port drawn from {@code random}. */
  public static SessionOptions standard(RandomGenerator random) {
    return new SessionOptions(
        "iqn.2026-11.io.gantry:initiator",
        RANDOM_TYPE | random.nextLong(1L << 40),
        Duration.ofSeconds(15),
        Duration.ofSeconds(60));
  }

  /** The same with another limit for commands. */
  public SessionOptions withCommandTimeout(Duration timeout) {
    return new SessionOptions(initiatorName, isid, loginTimeout, timeout);
  }
}
