package io.gantry.store;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** How the pool's own threads wait for a limited time. */
public interface TimedWait {
  /** By the machine's clock. */
  TimedWait SYSTEM = TimedWait::awaitSystem;

  /**
   * Waits until the condition is signalled or the time is over, or for a shorter time for no
   * reason. The condition's lock is held.
   */
  void await(Condition condition, long millis) throws InterruptedException;

  @SuppressWarnings("WaitNotInLoop") // callers may be woken early
  private static void awaitSystem(Condition condition, long millis) throws InterruptedException {
    var _ = condition.await(millis, TimeUnit.MILLISECONDS);
  }
}
