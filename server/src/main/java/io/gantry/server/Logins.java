package io.gantry.server;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The browsers that are logged in to the console: so many at most, each for so long at most, and
 * not after a restart.
 */
final class Logins {
  static final Duration LIFETIME = Duration.ofHours(12);
  static final Duration IDLE = Duration.ofHours(1);
  static final int MAXIMUM = 256;

  private record Seen(Login login, Instant last) {}

  private final InstantSource clock;
  private final SecureRandom random;

  /** By id, the one that was idle longest first. */
  private final Map<String, Seen> logins = new LinkedHashMap<>(16, 0.75f, true);

  Logins(InstantSource clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
  }

  /**
   * A new login.
   *
   * @param cookie what the browser is to send
   */
  record Made(Login login, String cookie) {}

  /** Logs in; if there are too many, the one that was idle longest ends. */
  synchronized Made add(String tokenDigest) {
    Instant now = clock.instant();
    logins.values().removeIf(seen -> hasEnded(seen, now));
    if (logins.size() >= MAXIMUM) {
      logins.remove(logins.keySet().iterator().next());
    }
    String cookie = Secret.make(random);
    Login login =
        new Login(
            Secret.digest(cookie),
            tokenDigest,
            Secret.make(random),
            now.plus(LIFETIME).truncatedTo(ChronoUnit.SECONDS));
    logins.put(login.id(), new Seen(login, now));
    return new Made(login, cookie);
  }

  /** The login of a cookie; empty if it has ended. */
  synchronized Optional<Login> find(String cookie) {
    String id = Secret.digest(cookie);
    Seen seen = logins.get(id);
    Instant now = clock.instant();
    if (seen == null || hasEnded(seen, now)) {
      logins.remove(id);
      return Optional.empty();
    }
    logins.put(id, new Seen(seen.login(), now));
    return Optional.of(seen.login());
  }

  /** Whether a login goes on. */
  synchronized boolean has(Login login) {
    Seen seen = logins.get(login.id());
    return seen != null && !hasEnded(seen, clock.instant());
  }

  private static boolean hasEnded(Seen seen, Instant now) {
    return !now.isBefore(seen.login().expires()) || !now.isBefore(seen.last().plus(IDLE));
  }

  synchronized void end(Login login) {
    logins.remove(login.id());
  }
}
