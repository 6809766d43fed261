package io.gantry.initiator;

import io.gantry.iscsi.ChapUser;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How a session presents itself and how long it waits. The text of this shows no secret.
 *
 * @param initiatorName iSCSI name of this initiator
 * @param isid 48 bits that tell this session from all others of the name (RFC 7143 11.12.5); a
 *     session with the same one replaces the old
 * @param user what it proves with who it is, and with a target's credentials that the target is who
 *     it should be; null for what the URL says
 * @param digests whether the session insists on CRC32C of headers and of data
 * @param loginTimeout for the connection and the login
 * @param commandTimeout for each command; the session fails when one takes longer
 */
public record SessionOptions(
    String initiatorName,
    long isid,
    @Nullable ChapUser user,
    Digests digests,
    Duration loginTimeout,
    Duration commandTimeout) {

  /** What a session insists on; what it does not, it takes if the target does. */
  public record Digests(boolean header, boolean data) {
    public static final Digests AS_TARGET_LIKES = new Digests(false, false);
    public static final Digests BOTH = new Digests(true, true);
  }

  private static final long RANDOM_TYPE = 0x80L << 40;

  /** Without a user. */
  public SessionOptions(
      String initiatorName, long isid, Duration loginTimeout, Duration commandTimeout) {
    this(initiatorName, isid, null, Digests.AS_TARGET_LIKES, loginTimeout, commandTimeout);
  }

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
    return new SessionOptions(initiatorName, isid, user, digests, loginTimeout, timeout);
  }

  /** The same with credentials for CHAP; null for those of the URL. */
  public SessionOptions withUser(@Nullable ChapUser credentials) {
    return new SessionOptions(
        initiatorName, isid, credentials, digests, loginTimeout, commandTimeout);
  }

  /** The same under another iSCSI name. */
  public SessionOptions withInitiatorName(String name) {
    return new SessionOptions(name, isid, user, digests, loginTimeout, commandTimeout);
  }

  /** The same with other demands for digests. */
  public SessionOptions withDigests(Digests wanted) {
    return new SessionOptions(initiatorName, isid, user, wanted, loginTimeout, commandTimeout);
  }
}
