package io.gantry.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets what a signal interrupts end in order: stops it, and keeps the process until it has cleaned
 * up, if that takes no longer than some seconds.
 */
final class Interrupts implements AutoCloseable {
  /** As shells say it of SIGINT. */
  static final int EXIT_CODE = 130;

  /** What is on its way when the user interrupts gets this long to end. */
  private static final int SECONDS = 30;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::interrupt, "interrupt");
  private @Nullable Runnable stop;
  private boolean interrupted;

  Interrupts() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** What ends the work that begins now. At once, if the signal was there already. */
  void onSignal(Runnable stopping) {
    boolean now;
    synchronized (this) {
      stop = stopping;
      now = interrupted;
    }
    if (now) {
      stopping.run();
    }
  }

  /** Whether a signal has come. */
  synchronized boolean happened() {
    return interrupted;
  }

  private void interrupt() {
    Runnable stopping;
    synchronized (this) {
      interrupted = true;
      stopping = stop;
    }
    if (stopping != null) {
      stopping.run();
    }
    try {
      var _ = ended.await(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The work has ended, and cleaned up. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the process is being ended, and this is why
    }
  }
}
