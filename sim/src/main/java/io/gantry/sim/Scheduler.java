package io.gantry.sim;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Runs threads one at a time, in an order and with a clock that follow from a seed.
 *
 * <p>Every thread of a simulation is a virtual thread whose scheduler is this object, so all of
 * them run on the one platform thread that calls {@link #run}. A thread runs until it waits: for a
 * lock, a condition, a completion. Which of those that can run goes on then is drawn by lot. Time
 * stands still while one runs; when none can, it goes on to the next {@linkplain #after event}.
 */
public final class Scheduler implements Executor, InstantSource {
  /*
   * The JDK has no public way to give a virtual thread a scheduler, only a constructor of its
   * builder; hence --add-opens java.base/java.lang=ALL-UNNAMED. Nothing here takes a lock: whoever
   * calls is on the one platform thread, which execute() checks. A thread that is woken from outside
   * (by a real timer) would make runs differ, so it ends the run.
   *
   * There is one exception, since nobody here can help it: for a moment a thread of the JDK may have
   * a monitor that one of ours enters, that of the list of cleaners for instance. Then nothing else
   * runs until ours has it, as if it had not been taken. That our thread waits for a monitor says
   * nothing public once it no longer does, hence the state.
   */

  private static final VarHandle STATE;
  private static final int BLOCKED;
  private static final int UNBLOCKED;

  static {
    try {
      Class<?> type = Class.forName("java.lang.VirtualThread");
      MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      STATE = lookup.findVarHandle(type, "state", int.class);
      BLOCKED = (int) lookup.findStaticVarHandle(type, "BLOCKED", int.class).get();
      UNBLOCKED = (int) lookup.findStaticVarHandle(type, "UNBLOCKED", int.class).get();
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw unsupported(e);
    }
  }

  /** So long may somebody outside keep a monitor; a thread of ours that waits keeps it for ever. */
  private static final long MONITOR_SECONDS = 30;

  /** One in so many steps lets something happen that is due later, as if threads were held up. */
  private static final int EVENT_BEFORE_THREADS = 8;

  private static final long EPOCH_MILLIS = 1_800_000_000_000L;

  /** A thread that something lets go on other than in the order of the simulation. */
  private record Woken(Runnable continuation, Thread by) {}

  private record Event(long micros, long order, Runnable action, boolean[] cancelled) {}

  private final RandomGenerator random;
  private final Thread carrier = Thread.currentThread();
  private final Thread.Builder.OfVirtual builder;
  private final List<Runnable> runnable = new ArrayList<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>((a, b) -> {
        int byTime = Long.compare(a.micros, b.micros);
        return byTime != 0 ? byTime : Long.compare(a.order, b.order);
      });
  private final List<Thread> threads = new ArrayList<>();
  private final Map<Runnable, Thread> owners = new HashMap<>();
  private final BlockingQueue<Woken> woken = new LinkedBlockingQueue<>();
  private @Nullable Runnable running;
  private long micros;
  private long eventCount;
  private long steps;
  private long trace;
  private long alarmStep = Long.MAX_VALUE;
  private Runnable alarm = () -> {};
  private @Nullable Throwable failure;

  public Scheduler(RandomGenerator random) {
    this.random = random;
    this.builder = builder(this);
    builder.name("simulated-", 0);
    builder.uncaughtExceptionHandler((_, e) -> fail(e));
  }

  private static Thread.Builder.OfVirtual builder(Executor scheduler) {
    try {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      return (Thread.Builder.OfVirtual) constructor.newInstance(scheduler);
    } catch (ReflectiveOperationException | RuntimeException e) {
      Throwable cause = e instanceof InvocationTargetException i ? i.getTargetException() : e;
      throw unsupported(cause);
    }
  }

  private static IllegalStateException unsupported(Throwable cause) {
    return new IllegalStateException(
        "no virtual thread with a scheduler: JDK 25 and --add-opens"
            + " java.base/java.lang=ALL-UNNAMED are needed",
        cause);
  }

  /** Makes threads of the simulation. */
  public ThreadFactory threads() {
    return task -> {
      threads.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
      Thread thread =
          builder.unstarted(() -> {
            // The JDK has one continuation for all the life of a thread; this is its first step.
            Runnable continuation = Objects.requireNonNull(running);
            owners.put(continuation, Thread.currentThread());
            try {
              task.run();
            } finally {
              owners.remove(continuation);
            }
          });
      threads.add(thread);
      return thread;
    };
  }

  /** Called by the JDK when a thread can go on. */
  @Override
  public void execute(Runnable continuation) {
    Thread caller = Thread.currentThread();
    if (!caller.equals(carrier) && !caller.isVirtual()) {
      // To throw would end that thread, which wakes others in this process, too.
      woken.add(new Woken(continuation, caller));
    } else if (waitsForMonitor(continuation)) {
      woken.add(new Woken(continuation, caller));
    } else {
      runnable.add(continuation);
    }
  }

  private boolean waitsForMonitor(Runnable continuation) {
    Thread thread = owners.get(continuation);
    if (thread == null) {
      return false;
    }
    int state = (int) STATE.getVolatile(thread);
    return state == BLOCKED || state == UNBLOCKED;
  }

  private void runContinuation(Runnable continuation) {
    running = continuation;
    continuation.run();
    while (waitsForMonitor(continuation)) {
      Woken next;
      try {
        next = woken.poll(MONITOR_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
      if (next == null || !next.continuation.equals(continuation)) {
        throw new IllegalStateException("waits for a monitor: " + waiting());
      }
      continuation.run();
    }
    Woken outside = woken.poll();
    if (outside != null) {
      throw new IllegalStateException("a simulated thread was woken by " + outside.by);
    }
  }

  /** Lets something happen when some time is over; returns what takes it back. */
  public Runnable after(long afterMicros, Runnable action) {
    boolean[] cancelled = new boolean[1];
    events.add(new Event(micros + afterMicros, eventCount++, action, cancelled));
    return () -> cancelled[0] = true;
  }

  /** Does something between two steps, after so many of them; instead of what was to be done so. */
  public void afterSteps(long count, Runnable action) {
    alarmStep = steps + count;
    alarm = action;
  }

  /** Takes {@link #afterSteps} back. */
  public void noAlarm() {
    alarmStep = Long.MAX_VALUE;
  }

  /** A chance for other threads to go on first. */
  @SuppressWarnings("ThreadPriorityCheck") // here it is exactly defined what a yield does
  public void pause() {
    Thread.yield();
  }

  /** Runs a task, and everything that it sets going, until it ends. */
  public void run(Runnable task) {
    Thread main = threads().newThread(task);
    main.start();
    while (main.isAlive() && failure == null) {
      step();
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    } else if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }

  private void step() {
    if (++steps >= alarmStep) {
      alarmStep = Long.MAX_VALUE;
      alarm.run();
    }
    boolean eventFirst = !events.isEmpty() && random.nextInt(EVENT_BEFORE_THREADS) == 0;
    if (!runnable.isEmpty() && !eventFirst) {
      int chosen = runnable.size() == 1 ? 0 : random.nextInt(runnable.size());
      note(chosen);
      Runnable next = runnable.get(chosen);
      runnable.set(chosen, runnable.getLast());
      runnable.removeLast();
      runContinuation(next);
      return;
    }
    Event event = events.poll();
    if (event == null) {
      throw new IllegalStateException("deadlock: " + waiting() + woken);
    }
    if (!event.cancelled[0]) {
      micros = Math.max(micros, event.micros);
      note(event.order);
      event.action.run();
    }
  }

  private String waiting() {
    StringBuilder text = new StringBuilder();
    for (Thread thread : threads) {
      if (thread.isAlive()) {
        text.append("\n").append(thread.getName());
        for (StackTraceElement element : thread.getStackTrace()) {
          text.append("\n    ").append(element);
        }
      }
    }
    return text.toString();
  }

  /** Ends the run. */
  public void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
  }

  /** Notes something that must be the same whenever the seed is. */
  public void note(long value) {
    trace = (trace ^ value) * 0x9E3779B97F4A7C15L;
    trace ^= trace >>> 29;
  }

  /** A hash of everything that was noted, and so of the whole run. */
  public long trace() {
    return trace;
  }

  /** How often a thread or an event was chosen. */
  public long steps() {
    return steps;
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  /** The time since the run began. */
  public long micros() {
    return micros;
  }

  @Override
  public long millis() {
    return EPOCH_MILLIS + micros / 1000;
  }

  /** Waits for some time. */
  public void sleep(long forMicros) {
    Thread sleeper = Thread.currentThread();
    boolean[] over = new boolean[1];
    after(
        forMicros,
        () -> {
          over[0] = true;
          LockSupport.unpark(sleeper);
        });
    while (!over[0]) {
      LockSupport.park(this);
    }
  }

  /**
   * Waits for a condition as long as the simulated clock says, which ends the wait by an interrupt:
   * there is no other way into a wait without its lock.
   */
  @SuppressWarnings("WaitNotInLoop") // callers may be woken early
  public void await(Condition condition, long millis) throws InterruptedException {
    Thread waiter = Thread.currentThread();
    Runnable cancel = after(millis * 1000, waiter::interrupt);
    try {
      condition.await();
    } catch (InterruptedException e) {
      // The time is over; nobody else interrupts.
    } finally {
      cancel.run();
      boolean _ = Thread.interrupted();
    }
  }
}
