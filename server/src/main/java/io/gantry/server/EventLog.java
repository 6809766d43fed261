package io.gantry.server;

import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What happened lately: the last {@value #SIZE} events, in memory; what belongs to the audit trail
 * goes to a file, too. Safe for use by several threads; whoever adds an event does not wait.
 *
 * <p>Readers keep a position and come for what is behind it, so a slow one costs nothing; one whose
 * next event is gone is told so.
 */
final class EventLog implements AutoCloseable {
  static final int SIZE = 4096;

  /** Who did something. */
  record Actor(@Nullable String name, @Nullable String address) {
    /** The daemon itself. */
    static final Actor NOBODY = new Actor(null, null);
  }

  /**
   * What a reader finds.
   *
   * @param events oldest first
   * @param complete false if events between its position and the first of these are gone
   * @param open false if no more will come
   */
  record Batch(List<EventView> events, boolean complete, boolean open) {}

  private final InstantSource clock;
  private final AuditFile audit;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();

  // Guarded by lock.
  private final @Nullable EventView[] ring = new EventView[SIZE]; // an event is at its id % SIZE
  private final long firstId;
  private long nextId;
  private boolean closed;

  /** None yet. */
  EventLog(InstantSource clock, AuditFile audit) {
    this.clock = clock;
    this.audit = audit;
    // Later than any before a restart, as long as there is less than an event per microsecond; and
    // small enough for JavaScript's numbers.
    this.firstId = clock.millis() * 1000;
    this.nextId = firstId;
  }

  /**
   * Something happened.
   *
   * @param details names and values in turn: text, numbers, booleans; null values are left out.
   *     Never a secret
   */
  void add(EventType type, Actor actor, String message, @Nullable Object... details) {
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < details.length; i += 2) {
      Object value = details[i + 1];
      if (value != null) {
        named.put(String.valueOf(details[i]), value);
      }
    }
    lock.lock();
    try {
      EventView event =
          new EventView(
              nextId++,
              clock.instant().truncatedTo(ChronoUnit.MILLIS).toString(),
              type.text(),
              actor.name(),
              actor.address(),
              message,
              named);
      ring[(int) (event.id() % SIZE)] = event;
      if (type.audited()) {
        audit.add(event); // under the lock: in order
      }
      added.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What a reader is told instead of events before this one that are gone. */
  static EventView missing(EventView first) {
    return new EventView(
        first.id() - 1,
        first.time(),
        EventType.EVENTS_MISSING.text(),
        null,
        null,
        "events before the next one are no longer remembered",
        Map.of());
  }

  /** The newest, oldest of them first. */
  List<EventView> newest(int most) {
    lock.lock();
    try {
      return from(Math.max(oldestId(), nextId - most), most);
    } finally {
      lock.unlock();
    }
  }

  /** The id of the newest event, or of the one before the first. */
  long position() {
    lock.lock();
    try {
      return nextId - 1;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What happened after an event; waits for something, but not for long.
   *
   * @param id of the last event that the reader has; 0 for what there still is
   * @param most how many at most
   */
  Batch after(long id, int most, long timeoutMillis) throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
      while (nextId - 1 <= id && !closed && left > 0) {
        left = added.awaitNanos(left);
      }
      long oldest = oldestId();
      return new Batch(from(Math.max(oldest, id + 1), most), id == 0 || id + 1 >= oldest, !closed);
    } finally {
      lock.unlock();
    }
  }

  private long oldestId() {
    return Math.max(firstId, nextId - SIZE);
  }

  private List<EventView> from(long first, int most) {
    List<EventView> some = new ArrayList<>();
    for (long id = first; id < nextId && some.size() < most; id++) {
      some.add(Objects.requireNonNull(ring[(int) (id % SIZE)]));
    }
    return some;
  }

  /** Tells readers that no more will come, and completes the audit trail. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      added.signalAll();
    } finally {
      lock.unlock();
    }
    audit.close();
  }
}
