package io.gantry.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@NullUnmarked
@Timeout(60)
class SchedulerTest {
  private static final int THREADS = 5;
  private static final int TURNS = 20;

  private final Object monitor = new Object();
  private final AtomicReference<Thread> entering = new AtomicReference<>();

  /** Some threads of which one enters the monitor; what they did, in that order. */
  private List<String> run() {
    List<String> order = new ArrayList<>();
    Scheduler scheduler = new Scheduler(new Random(1));
    scheduler.run(() -> {
      int[] left = {THREADS};
      for (int i = 0; i < THREADS; i++) {
        int number = i;
        scheduler
            .threads()
            .newThread(() -> {
              for (int turn = 0; turn < TURNS; turn++) {
                if (number == 0 && turn == TURNS / 2) {
                  entering.set(Thread.currentThread());
                  synchronized (monitor) {
                    order.add("entered");
                  }
                }
                order.add(number + " " + turn);
                scheduler.pause();
              }
              left[0]--;
            })
            .start();
      }
      while (left[0] > 0) {
        scheduler.pause();
      }
    });
    order.add(Long.toHexString(scheduler.trace()));
    return order;
  }

  @Test
  void aMonitorTakenOutsideChangesNothing() throws Exception {
    List<String> expected = run();
    assertThat(expected).contains("entered").hasSize(THREADS * TURNS + 2);

    entering.set(null);
    CountDownLatch held = new CountDownLatch(1);
    Thread outside =
        Thread.ofPlatform()
            .start(() -> {
              synchronized (monitor) {
                held.countDown();
                while (entering.get() == null
                    || entering.get().getState() != Thread.State.BLOCKED) {
                  Thread.onSpinWait();
                }
              }
            });
    held.await();
    assertThat(run()).isEqualTo(expected);
    outside.join();
  }

  @Test
  void whoIsWokenFromOutsideEndsTheRun() {
    Scheduler scheduler = new Scheduler(new Random(1));
    AtomicReference<Thread> parked = new AtomicReference<>();
    assertThatThrownBy(() ->
            scheduler.run(() -> {
              scheduler
                  .threads()
                  .newThread(() -> {
                    parked.set(Thread.currentThread());
                    LockSupport.park(this);
                  })
                  .start();
              while (parked.get() == null) {
                scheduler.pause();
              }
              Thread outside =
                  Thread.ofPlatform().name("outside").start(() -> LockSupport.unpark(parked.get()));
              while (outside.isAlive()) {
                Thread.onSpinWait();
              }
              scheduler.pause();
            }))
        .hasMessageContaining("was woken by Thread[")
        .hasMessageContaining("outside");
  }
}
