package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.Scrub;
import java.io.IOException;
import java.util.List;

/** The scrub of a pool in the background: one at a time. */
final class ScrubJob implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ScrubJob.class.getName());

  private static final int MAXIMUM_FINDINGS = 100; // of which there is an event each
  private static final long PROGRESS_NANOS = 10_000_000_000L;

  private final Pool pool;
  private final EventLog events;
  private volatile ScrubView view = new ScrubView("never", 0, 0, 0, 0, List.of());
  private volatile boolean stopping;
  private long told; // when progress was, by the thread
  private Thread thread = Thread.ofPlatform().unstarted(() -> {});

  ScrubJob(Pool pool, EventLog events) {
    this.pool = pool;
    this.events = events;
  }

  ScrubView view() {
    return view;
  }

  /**
   * Starts a scrub.
   *
   * @param bytesPerSecond how fast to read at most, or 0 for as fast as it goes
   * @return false if one is running, which goes on
   */
  synchronized boolean start(long bytesPerSecond) {
    if (thread.isAlive()) {
      return false;
    }
    stopping = false;
    view = new ScrubView("running", 0, 0, 0, 0, List.of());
    thread = Thread.ofPlatform().name("gantry-scrub").start(() -> run(bytesPerSecond));
    return true;
  }

  private void run(long bytesPerSecond) {
    told = System.nanoTime();
    try {
      Scrub.Report report = pool.scrub(bytesPerSecond, this::progress);
      view =
          new ScrubView(
              report.finished() ? "finished" : "stopped",
              report.readBytes(),
              view.usedBytes(),
              report.verifiedChunks(),
              report.summedChunks(),
              report.findings());
      report.findings().forEach(finding -> LOG.log(System.Logger.Level.ERROR, finding));
      report.findings().stream()
          .limit(MAXIMUM_FINDINGS)
          .forEach(finding -> events.add(EventType.SCRUB_FINDING, EventLog.Actor.NOBODY, finding));
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "the scrub failed", e);
      view =
          new ScrubView(
              "failed",
              view.readBytes(),
              view.usedBytes(),
              0,
              0,
              List.of("the scrub failed: " + e.getMessage()));
    }
    events.add(
        EventType.SCRUB_ENDED,
        EventLog.Actor.NOBODY,
        "the scrub has %s, with %d findings".formatted(view.state(), view.findings().size()),
        "state",
        view.state(),
        "readBytes",
        view.readBytes(),
        "findings",
        view.findings().size());
  }

  private boolean progress(long readBytes, long usedBytes) {
    view = new ScrubView("running", readBytes, usedBytes, 0, 0, List.of());
    if (System.nanoTime() - told > PROGRESS_NANOS) {
      told = System.nanoTime();
      events.add(
          EventType.SCRUB_PROGRESS,
          EventLog.Actor.NOBODY,
          "the scrub has read %,d of %,d bytes".formatted(readBytes, usedBytes),
          "readBytes",
          readBytes,
          "usedBytes",
          usedBytes);
    }
    return !stopping;
  }

  /** Ends a scrub that runs, soon. */
  void stop() {
    stopping = true;
  }

  /** Ends a scrub that runs, and waits for it. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      stop();
      running = thread;
    }
    try {
      running.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the pool's closing fails what is left of the scrub
    }
  }
}
