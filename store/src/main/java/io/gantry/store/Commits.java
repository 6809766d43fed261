package io.gantry.store;

import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
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
    boolean isDue() throws IOException;

    /**
     * Makes everything durable that was written and changed before the call.
     *
     * @throws NoSpaceException if the medium is full; nothing is lost, and the next call tries
     *     again
     * @throws IOException if it cannot be said what is on the medium now
     */
    void commit() throws IOException;

    /** Lets the changes of the last commit take their late effects. */
    void settle();

    /** A commit failed because the medium is full. */
    void full(NoSpaceException cause);

    /** There will be no commit any more. */
    void stopped(IOException cause);
  }

  private static final long PERIOD_MILLIS = 1000;

  private final Round round;
  private final InstantSource clock;
  private final TimedWait timedWait;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private List<CompletableFuture<Void>> waiters = new ArrayList<>();
  private boolean closing;
  private boolean hurried;

  /** Set together with a failure that is for good. */
  private boolean stopped;

  /** For good, unless it is a {@link NoSpaceException}, which the next good commit ends. */
  private @Nullable IOException failure;

  // Guarded by lock.
  private long commits;
  private long commitMillis;

  private final Thread thread;

  Commits(
      Round round, InstantSource clock, ThreadFactory threads, TimedWait timedWait, String name) {
    this.round = round;
    this.clock = clock;
    this.timedWait = timedWait;
    this.thread = threads.newThread(this::run);
    thread.setName("gantry-commit-" + name);
  }

  void start() {
    thread.start();
  }

  /**
   * Completes, on the commit thread, when everything that happened before the call is durable;
   * exceptionally if the commit fails. If that was for another reason than a full medium, every
   * later one fails too.
   */
  CompletableFuture<Void> request() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    lock.lock();
    try {
      if (stopped && failure != null) {
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
      hurried = true;
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    boolean last = false;
    while (!last) {
      List<CompletableFuture<Void>> group;
      lock.lock();
      try {
        if (waiters.isEmpty() && !closing && !hurried && !stopped) {
          timedWait.await(wanted, PERIOD_MILLIS);
        }
      } catch (InterruptedException e) {
        // Nobody has a reason to interrupt this thread; it ends by close() alone.
      } finally {
        last = closing || stopped;
        hurried = false;
        group = waiters;
        waiters = new ArrayList<>();
        lock.unlock();
      }
      last |= !commit(group, last);
    }
  }

  /** One round; whether there may be another. */
  private boolean commit(List<CompletableFuture<Void>> group, boolean last) {
    try {
      if (round.isDue() || last || !group.isEmpty()) {
        commitTimed(group.size());
        group.forEach(waiter -> waiter.complete(null));
        round.settle();
      }
      return true;
    } catch (NoSpaceException e) {
      lock.lock();
      try {
        failure = stopped ? failure : e;
      } finally {
        lock.unlock();
      }
      round.full(e);
      group.forEach(waiter -> waiter.completeExceptionally(e));
      return true;
    } catch (IOException | RuntimeException | Error e) {
      IOException cause =
          e instanceof IOException io ? io : new IOException("commit failed: " + e, e);
      fail(cause);
      group.forEach(waiter -> waiter.completeExceptionally(cause));
      return false;
    }
  }

  private void commitTimed(int waitersNow) throws IOException {
    long begun = clock.millis();
    CommitEvent event = new CommitEvent();
    event.waiters = waitersNow;
    event.begin();
    try {
      round.commit();
      event.completed = true;
    } finally {
      event.commit();
    }
    succeeded(Math.max(0, clock.millis() - begun));
  }

  /** Lets every later commit fail, and those that are waited for. */
  void fail(IOException cause) {
    List<CompletableFuture<Void>> all;
    lock.lock();
    try {
      if (!stopped) {
        failure = cause;
        stopped = true;
      }
      all = waiters;
      waiters = new ArrayList<>();
      wanted.signal();
    } finally {
      lock.unlock();
    }
    all.forEach(waiter -> waiter.completeExceptionally(cause));
    round.stopped(cause);
  }

  private void succeeded(long tookMillis) throws IOException {
    lock.lock();
    try {
      commits++;
      commitMillis += tookMillis;
      if (stopped && failure != null) {
        throw failure;
      }
      failure = null;
    } finally {
      lock.unlock();
    }
  }

  /** How many there were, and how long they took in all, ms. */
  long[] done() {
    lock.lock();
    try {
      return new long[] {commits, commitMillis};
    } finally {
      lock.unlock();
    }
  }

  /** Why commits fail now, or null. */
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
    Threads.awaitEnd(thread);
  }
}
