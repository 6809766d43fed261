package io.gantry.copy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Goes back to logical units that were lost, for as long as there is hope. For one copy. */
final class Reconnection {
  /** A server that goes again and again is not waited for for ever. */
  private static final int LOSSES_MAX = 20;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(4);

  private final List<DiskEnd> ends;
  private final Duration patience;
  private final Clock clock;
  private final StopSignal stop;
  private int losses;

  /**
   * @param patience how long a logical unit may be gone
   */
  Reconnection(
      CopyEnd source, CopyEnd destination, Duration patience, Clock clock, StopSignal stop) {
    this.ends =
        Stream.of(source, destination)
            .filter(DiskEnd.class::isInstance)
            .map(DiskEnd.class::cast)
            .toList();
    this.patience = patience;
    this.clock = clock;
    this.stop = stop;
  }

  /** How often something was lost, and came back. */
  int losses() {
    return losses;
  }

  /**
   * Returns when both ends answer again.
   *
   * @throws CopyException if one does not come back, or as another one
   * @throws CopyStoppedException if the copy is not wanted any more
   */
  void await(LostException loss) throws IOException {
    if (patience.isZero() || losses == LOSSES_MAX) {
      throw loss;
    }
    long end = clock.nanos() + patience.toNanos();
    for (DiskEnd each : ends) {
      await(each, loss, end);
    }
    losses++;
  }

  private void await(DiskEnd end, LostException loss, long endNanos) throws IOException {
    Duration pause = SHORTEST_PAUSE;
    int attempts = 0;
    while (!end.answers()) {
      stop.check();
      if (!end.canReconnect()) {
        throw loss;
      }
      attempts++;
      try {
        end.reconnect();
        continue;
      } catch (LostException e) {
        if (clock.nanos() + pause.toNanos() - endNanos > 0) {
          throw new CopyException(
              "%s; it did not come back within %d s, in %d attempts (%s)"
                  .formatted(loss.getMessage(), patience.toSeconds(), attempts, e.why()),
              e);
        }
      }
      clock.sleep(pause);
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
  }
}
