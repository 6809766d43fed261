package io.gantry.server;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Slows down whoever guesses tokens: after some failures an address has to wait, each time twice as
 * long. IPv6 counts by /64, which is what one host gets.
 *
 * <p>Nobody finds 256 random bits by guessing; what this bounds is the work and the audit trail
 * that guessing makes. It waits by refusing, not by holding the request, which would tie up the
 * server. It remembers {@value #MAXIMUM} addresses, those that failed last.
 */
final class LoginGuard {
  static final int FREE = 5;
  static final int MAXIMUM = 4096;
  private static final Duration LONGEST = Duration.ofMinutes(5);
  private static final Duration FORGOTTEN = Duration.ofMinutes(15);

  private record Failures(int count, Instant last) {
    Instant until() {
      return last.plus(delay(count));
    }
  }

  private final InstantSource clock;

  /** The one that failed longest ago first. */
  private final Map<String, Failures> failures = new LinkedHashMap<>();

  LoginGuard(InstantSource clock) {
    this.clock = clock;
  }

  /** How long an address still has to wait; zero if it need not. */
  synchronized Duration remaining(InetAddress address) {
    Failures known = failures.get(key(address));
    if (known == null) {
      return Duration.ZERO;
    }
    Duration left = Duration.between(clock.instant(), known.until());
    return left.isPositive() ? left : Duration.ZERO;
  }

  /**
   * Notes a failure.
   *
   * @return whether it is worth telling: each of the first, then fewer and fewer
   */
  synchronized boolean failed(InetAddress address) {
    Instant now = clock.instant();
    failures.values().removeIf(known -> now.isAfter(known.last().plus(FORGOTTEN)));
    String key = key(address);
    Failures before = failures.remove(key);
    if (failures.size() >= MAXIMUM) {
      failures.remove(failures.keySet().iterator().next());
    }
    int count = before == null ? 1 : Math.min(before.count() + 1, Integer.MAX_VALUE - 1);
    failures.put(key, new Failures(count, now));
    return count <= FREE || Integer.bitCount(count) == 1;
  }

  /** Forgets what went before. */
  synchronized void succeeded(InetAddress address) {
    failures.remove(key(address));
  }

  private static Duration delay(int count) {
    if (count < FREE) {
      return Duration.ZERO;
    }
    Duration delay = Duration.ofSeconds(1L << Math.min(count - FREE, 30));
    return delay.compareTo(LONGEST) < 0 ? delay : LONGEST;
  }

  private static String key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(address instanceof Inet6Address ? Arrays.copyOf(bytes, 8) : bytes);
  }
}
