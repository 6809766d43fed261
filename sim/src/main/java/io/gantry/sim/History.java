package io.gantry.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * The values that one thing had, when operations that overlap in time change it: of a block, its
 * contents; of a volume, its name, its size and whether it exists.
 *
 * <p>An operation takes effect at one instant between its beginning and its end. So a value may be
 * seen from the beginning of the operation that gave it until another operation ends that began
 * after the first had ended.
 *
 * @param <T> the values
 */
final class History<T> {
  /** An operation, from the moment of its call to that of its return, in ticks of the model. */
  static final class Operation {
    static final long NEVER = Long.MAX_VALUE;

    final long begin;
    private long end = NEVER;
    private boolean sure;
    private boolean durable;

    Operation(long begin) {
      this.begin = begin;
    }

    /** It has taken effect. */
    void succeeded(long now) {
      end = now;
      sure = true;
    }

    /** It has taken effect, and a crash cannot undo it. */
    void succeededDurably(long now) {
      succeeded(now);
      durable = true;
    }

    /** When it was over; {@link #NEVER} as long as it goes on. */
    long end() {
      return end;
    }

    /** Whether it was over at an instant. */
    boolean wasOver(long instant) {
      return end < instant;
    }

    /** It has taken effect, or a part of it, or nothing; but it will not any more. */
    void failed(long now) {
      end = now;
    }
  }

  /**
   * A value, and when it could be seen.
   *
   * @param from the first instant
   * @param to the last one
   */
  record Seen<T>(T value, long from, long to) {}

  private record Change<T>(T value, Operation operation) {}

  private final List<Change<T>> changes = new ArrayList<>(2);

  /** Nothing happened yet. */
  History() {}

  History(T value, Operation operation) {
    add(value, operation);
  }

  /** An operation gives this value. */
  void add(T value, Operation operation) {
    changes.add(new Change<>(value, operation));
  }

  /** An operation has had no effect, and will have none. */
  void withdraw(Operation operation) {
    changes.removeIf(change -> change.operation.equals(operation));
  }

  /**
   * A value was seen by an operation that has ended: from then on it is that one, if nobody was
   * about to change it meanwhile.
   */
  void seen(T value, Operation by) {
    if (changes.stream().allMatch(change -> change.operation.wasOver(by.begin))) {
      add(value, by);
    }
  }

  /** All values that could be seen at some instant between two. */
  List<Seen<T>> between(long from, long to) {
    return between(from, to, false);
  }

  /** All values that could be seen between two instants, but for those that one operation gave. */
  List<Seen<T>> betweenBut(Operation operation, long from, long to) {
    History<T> others = new History<>();
    others.changes.addAll(changes);
    others.withdraw(operation);
    return others.between(from, to);
  }

  /**
   * All values that a crash may leave behind.
   *
   * @param flushed when the last operation began that made everything before it durable
   */
  List<Seen<T>> afterCrash(long flushed) {
    return between(flushed, Operation.NEVER, true);
  }

  private List<Seen<T>> between(long from, long to, boolean crash) {
    List<Seen<T>> seen = new ArrayList<>(1);
    for (Change<T> change : changes) {
      if (change.operation.begin <= to) {
        long last = lastInstant(change.operation, crash);
        if (last >= from) {
          seen.add(new Seen<>(change.value, change.operation.begin, last));
        }
      }
    }
    return seen;
  }

  private long lastInstant(Operation operation, boolean crash) {
    long last = Operation.NEVER;
    for (Change<T> later : changes) {
      if (later.operation.sure && later.operation.begin > operation.end) {
        last = Math.min(last, crash && later.operation.durable ? 0 : later.operation.end);
      }
    }
    return last;
  }

  /** Whether a value could be seen at some instant between two. */
  boolean could(T value, long from, long to) {
    return between(from, to).stream().anyMatch(seen -> seen.value.equals(value));
  }

  /** Whether a crash may leave a value behind. */
  boolean couldAfterCrash(T value, long flushed) {
    return afterCrash(flushed).stream().anyMatch(seen -> seen.value.equals(value));
  }

  /** From now on it has one value, whatever happened before. */
  void becomes(T value, Operation operation) {
    changes.clear();
    add(value, operation);
  }
}
