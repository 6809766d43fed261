package io.gantry.copy;

/** Asks a copy to end early. Safe for use by several threads. */
final class StopSignal {
  private volatile boolean stopped;

  /** The copy ends after the commands that are on their way. */
  void stop() {
    stopped = true;
  }

  void check() throws CopyStoppedException {
    if (stopped) {
      throw new CopyStoppedException();
    }
  }
}
