package io.gantry.store;

final class Threads {
  private Threads() {}

  /** Waits until a thread has ended, even if interrupted meanwhile; that is then noted again. */
  static void awaitEnd(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
