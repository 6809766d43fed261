package io.gantry.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Group commit: one thread that makes the pool's changes durable, for everybody who waits at that
 * moment at once, and at least once a second while there are changes.
 */
final class Commits implements AutoCloseable {
  /** What there is to commit. Called on the commit thread only, without the metadata lock. */
  interface Round {
    /** Cheap periodic work; whether there is anything that should be committed by now. */
    boolean isDue();

    /** Makes everything durable that was written and changed before the call. */
    void commit() throws IOException;

    /** Lets the changes of the last commit take their late effects. */
    void settle();
  }

  private static final long PERIOD_MILLIS = 1000;

  private final Round round;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private List<CompletableFuture<Void>> waiters = new ArrayList<>();
  private boolean closing;
  private @Nullable IOException failure;
  private final Thread thread;

  Commits(Round round, String name) {
    this.round = round;
    this.thread =
        Thread.ofPlatform().name("gantry-commit-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /**
   * Completes when everything that happened before the call is durable; exceptionally if a commit
   * has failed, in which case every later one fails too.
   */
  CompletableFuture<Void> request() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    lock.lock();
    try {
      if (failure != null) {
        done.completeExceptionally(failure);
      } else if (closing) {
        done.completeExceptionally(new IOException("the pool is closed"));
      } else {
        waiters.add(done);
        wanted.signal();
      }
    } finally {
      lock.unlock();
    }
    return done;
  }

  /** Asks for a commit soon, without waiting. */
  void hurry() {
    lock.lock();
    try {
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    boolean last = false;
    while (!last) {
      List<CompletableFuture<Void>> group = List.of();
      lock.lock();
      try {
        if (waiters.isEmpty() && !closing) {
          wanted.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        }
        last = closing;
        group = waiters;
        waiters = new ArrayList<>();
      } catch (InterruptedException e) {
        last = true;
      } finally {
        lock.unlock();
      }
      boolean due = round.isDue();
      if (due || last || !group.isEmpty()) {
        last |= !commit(group);
      }
    }
  }

  private boolean commit(List<CompletableFuture<Void>> group) {
    try {
      round.commit();
      group.forEach(waiter -> waiter.complete(null));
      round.settle();
      return true;
    } catch (IOException | RuntimeException | Error e) {
      IOException cause =
          e instanceof IOException io ? io : new IOException("commit failed: " + e, e);
      List<CompletableFuture<Void>> all = new ArrayList<>(group);
      lock.lock();
      try {
        failure = cause;
        all.addAll(waiters);
        waiters = new ArrayList<>();
      } finally {
        lock.unlock();
      }
      all.forEach(waiter -> waiter.completeExceptionally(cause));
      return false;
    }
  }

  /** Why commits fail from now on, or null. */
  @Nullable IOException failure() {
    lock.lock();
    try {
      return failure;
    } finally {
      lock.unlock();
    }
  }

  /** Commits once more and ends the thread. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      wanted.signal();
    } finally {
      lock.unlock();
    }
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
