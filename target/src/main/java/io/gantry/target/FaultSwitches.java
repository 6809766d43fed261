package io.gantry.target;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.store.Volume;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Which volumes' copies go wrong on purpose, and how. Safe for use by several threads. */
final class FaultSwitches {
  private static final System.Logger LOG = System.getLogger(FaultSwitches.class.getName());

  private static final Duration LONGEST_NAP = Duration.ofMillis(50);

  private final Map<Integer, CopyFaults> byVolume = new ConcurrentHashMap<>();

  /** Answers that are not to come, by their requests, which nothing else is told by. */
  private final Map<Lost, CompletableFuture<ScsiResponse>> lost = new ConcurrentHashMap<>();

  /** That very request. */
  private record Lost(ScsiRequest request) {
    @Override
    @SuppressWarnings("ReferenceEquality")
    public boolean equals(@Nullable Object other) {
      return other instanceof Lost that && that.request == request;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(request);
    }
  }

  /** What goes wrong with a volume. */
  CopyFaults of(Volume volume) {
    return byVolume.isEmpty()
        ? CopyFaults.NONE
        : byVolume.getOrDefault(volume.id(), CopyFaults.NONE);
  }

  void set(Volume volume, CopyFaults faults) {
    boolean on = !faults.equals(CopyFaults.NONE);
    if (on) {
      byVolume.put(volume.id(), faults);
      LOG.log(
          System.Logger.Level.WARNING,
          "faults on purpose, volume {0}: {1}",
          volume.name(),
          faults.describe());
    } else if (byVolume.remove(volume.id()) != null) {
      LOG.log(System.Logger.Level.WARNING, "faults on purpose are off, volume {0}", volume.name());
    }
  }

  /** Makes a command slow, if it is to be; not longer than until somebody stops it. */
  void delay(CopyOperation operation, Volume volume, Ticker ticker) throws InterruptedIOException {
    Duration left = of(volume).delay();
    while (left.isPositive() && !operation.isStopped()) {
      Duration nap = left.compareTo(LONGEST_NAP) < 0 ? left : LONGEST_NAP;
      left = left.minus(nap);
      try {
        ticker.await(nap);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while a command was to be slow");
      }
    }
  }

  /** An answer that never comes, if the next one is to be lost; null otherwise. */
  @Nullable CompletableFuture<ScsiResponse> lose(Volume volume, ScsiRequest request) {
    if (byVolume.isEmpty()) {
      return null;
    }
    boolean[] loses = {false};
    byVolume.computeIfPresent(
        volume.id(),
        (_, faults) -> {
          loses[0] = faults.loseAnswers() > 0;
          return loses[0] ? faults.withAnswersToLose(faults.loseAnswers() - 1) : faults;
        });
    if (!loses[0]) {
      return null;
    }
    CompletableFuture<ScsiResponse> never = new CompletableFuture<>();
    lost.put(new Lost(request), never);
    return never;
  }

  /** Nobody waits for that answer any more. */
  void abandon(ScsiRequest request) {
    CompletableFuture<ScsiResponse> never = lost.remove(new Lost(request));
    if (never != null) {
      never.complete(new ScsiResponse(ScsiStatus.TASK_ABORTED, null, 0));
    }
  }
}
