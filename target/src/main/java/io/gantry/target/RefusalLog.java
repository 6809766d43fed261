package io.gantry.target;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Tells the log of logins that failed: who guesses secrets should be seen, and should not be able
 * to fill a disk. Safe for use by several threads.
 */
final class RefusalLog {
  private static final System.Logger LOG = System.getLogger(IscsiTarget.class.getName());
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final InstantSource clock;
  private Instant next = Instant.MIN;
  private long unsaid;

  RefusalLog(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * A login from an address failed. What the initiator sent may be part of the problem.
   *
   * @return what was logged, or null if it was too soon
   */
  @Nullable String refused(InetAddress address, String problem) {
    long before;
    synchronized (this) {
      Instant now = clock.instant();
      if (now.isBefore(next)) {
        unsaid++;
        return null;
      }
      next = now.plus(PAUSE);
      before = unsaid;
      unsaid = 0;
    }
    String message =
        "login from %s refused: %s%s"
            .formatted(
                address.getHostAddress(),
                problem.replaceAll("\\p{Cntrl}", "?"),
                before == 0 ? "" : " (and %,d others since the last message)".formatted(before));
    LOG.log(System.Logger.Level.WARNING, message);
    return message;
  }
}
