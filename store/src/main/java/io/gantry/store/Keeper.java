package io.gantry.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the pool within its limits, on a thread of its own, and tells the listener what happens.
 */
final class Keeper implements AutoCloseable {
  private static final long PERIOD_MILLIS = 1000;

  /** How often pinned space is measured at most, if something has changed. */
  private static final long MEASURE_MILLIS = 10_000;

  /** Space is no longer low, or full, when it is below the limit by this part of it. */
  private static final int HYSTERESIS = 20;

  /** When a write has no space, so much of the used space is freed at least. */
  private static final int LEAST_FREED = 256;

  private static final int MOST_EVENTS = 1024;

  private final Metadata metadata;
  private final PoolOptions options;
  private final PinnedSpace pinnedSpace;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();

  // Guarded by lock.
  private final ArrayDeque<PoolEvent> events = new ArrayDeque<>();
  private @Nullable PoolEvent low;
  private @Nullable PoolEvent full;
  private @Nullable PoolEvent stopped;
  private boolean closing;

  private volatile SpaceLevel level = new SpaceLevel(0, 0);

  private volatile PinnedSpace.Measure measure = PinnedSpace.Measure.NOTHING;

  /** Held while pinned space is measured and tokens are revoked for it. */
  private final ReentrantLock measuring = new ReentrantLock();

  // Guarded by measuring.
  private long measuredMillis;
  private long measuredChanges = -1;
  private long fruitlessChanges = -1;
  private long timesRoomWasMade;

  Keeper(Metadata metadata, PoolOptions options, String name) {
    this.metadata = metadata;
    this.options = options;
    this.pinnedSpace = new PinnedSpace(metadata);
    this.thread = options.threads().newThread(this::run);
    thread.setName("gantry-keeper-" + name);
  }

  void start() throws IOException {
    look();
    thread.start();
  }

  private void run() {
    boolean last = false;
    while (!last) {
      List<PoolEvent> some = new ArrayList<>();
      lock.lock();
      try {
        if (events.isEmpty() && !closing) {
          options.timedWait().await(wanted, PERIOD_MILLIS);
        }
      } catch (InterruptedException e) {
        // Nobody has a reason to interrupt this thread; it ends by close() alone.
      } finally {
        last = closing;
        some.addAll(events);
        events.clear();
        lock.unlock();
      }
      some.forEach(this::tell);
      if (!last) {
        lookIfPossible();
      }
    }
  }

  private void tell(PoolEvent event) {
    try {
      options.listener().happened(event);
    } catch (RuntimeException e) {
      // The listener's own affair.
    }
  }

  private void lookIfPossible() {
    try {
      look();
      measureIfDue();
    } catch (IOException e) {
      // What the medium cannot tell now it may tell in a second; what is worse stops the pool.
    }
  }

  /** Queues an event. Takes no other lock. */
  private void post(PoolEvent event) {
    if (events.size() == MOST_EVENTS) {
      events.remove();
    }
    events.add(event);
    wanted.signal();
  }

  /** The pool has stopped for good. */
  void stopped(IOException cause) {
    String message = String.valueOf(cause.getMessage());
    lock.lock();
    try {
      if (stopped == null) {
        stopped =
            cause instanceof OwnershipLostException
                ? new PoolEvent.OwnershipLost(message)
                : new PoolEvent.Stopped("the pool has stopped: " + message);
        post(stopped);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Somebody found no space. */
  void full(NoSpaceException cause) {
    lock.lock();
    try {
      if (full == null) {
        full = new PoolEvent.Full(String.valueOf(cause.getMessage()));
        post(full);
      }
    } finally {
      lock.unlock();
    }
  }

  /** What is wrong now, a sentence each. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    lock.lock();
    try {
      for (PoolEvent event : new @Nullable PoolEvent[] {stopped, full, low}) {
        if (event != null) {
          warnings.add(event.message());
        }
      }
    } finally {
      lock.unlock();
    }
    return warnings;
  }

  /** What only tokens pinned, and what was shared, when it was measured last. */
  PinnedSpace.Measure measured() {
    return measure;
  }

  /** How much was used when it was looked at last: each second. */
  SpaceLevel level() {
    return level;
  }

  /** Compares what is used with the limits. */
  void look() throws IOException {
    long free = metadata.medium.freeBytes();
    long capacity = metadata.locked(() -> metadata.space.capacityBytes(free));
    long most = Math.min(capacity, metadata.limits().used().bytes(capacity));
    long used =
        metadata.locked(() -> {
          metadata.space.limit(metadata.limits().used().bytes(capacity) / metadata.chunkBytes());
          return metadata.space.usedChunks() * metadata.chunkBytes();
        });
    boolean room = most - used > most / HYSTERESIS && metadata.isWritable();
    SpaceLevel now = new SpaceLevel(used, most);
    if (!now.equals(level)) {
      level = now;
    }
    long limit = metadata.limits().low().bytes(capacity);
    lock.lock();
    try {
      if (low == null && used >= limit) {
        low = new PoolEvent.SpaceLow(used, limit);
        post(low);
      } else if (low != null && used < limit - limit / HYSTERESIS) {
        low = null;
        post(new PoolEvent.SpaceNoLongerLow(used, limit));
      }
      if (full != null && room) {
        full = null;
        post(new PoolEvent.NoLongerFull());
      }
    } finally {
      lock.unlock();
    }
  }

  private void measureIfDue() throws IOException {
    long changes = metadata.locked(metadata::changes);
    long now = metadata.steadyMillis();
    measuring.lock();
    try {
      if (changes != measuredChanges
          && (measuredChanges < 0 || now - measuredMillis >= MEASURE_MILLIS)) {
        measure();
      }
    } finally {
      measuring.unlock();
    }
  }

  /** Measures pinned space, and revokes tokens if they pin more than they may. */
  void measure() throws IOException {
    measuring.lock();
    try {
      measuredChanges = metadata.locked(metadata::changes);
      measuredMillis = metadata.steadyMillis();
      PinnedSpace.Measure found = pinnedSpace.measure();
      long free = metadata.medium.freeBytes();
      long capacity = metadata.locked(() -> metadata.space.capacityBytes(free));
      long limit = metadata.limits().pinned().bytes(capacity) / metadata.chunkBytes();
      measure = found;
      revokeOfOwners(found, metadata.limits().pinnedOfOwner().bytes(capacity));
      if (found.pinnedChunks() > limit) {
        var _ = revoke(found.pins(), limit, PoolEvent.Reason.PINNED_LIMIT);
      }
    } finally {
      measuring.unlock();
    }
  }

  /**
   * Makes room for a write that has none, by revoking tokens if nothing else helps.
   *
   * @param attempt counted from 0
   * @return whether it is worth to try the write again
   */
  boolean makeRoom(NoSpaceException cause, int attempt, long bytes) throws IOException {
    metadata.reclaim();
    if (attempt == 0 || revokeForRoom(attempt, bytes)) {
      return true;
    }
    full(cause);
    return false;
  }

  private boolean revokeForRoom(int attempt, long bytes) throws IOException {
    long before = attempt == 1 ? roomMade() : -1;
    measuring.lock();
    try {
      if (before >= 0 && timesRoomWasMade != before) {
        return true; // by another write, while this one waited
      }
      // Nothing that was named or copied from since could free anything.
      long changes = metadata.locked(() -> metadata.changes() + metadata.catalog().tokens().uses());
      if (changes == fruitlessChanges || metadata.locked(metadata.catalog().tokens()::count) == 0) {
        return false;
      }
      PinnedSpace.Measure found = pinnedSpace.measure();
      measure = found;
      long used = metadata.locked(metadata.space::usedChunks);
      long wanted = Math.max(1 + bytes / metadata.chunkBytes(), used / LEAST_FREED);
      if (!revoke(
          found.pins(), Math.max(0, found.pinnedChunks() - wanted), PoolEvent.Reason.NO_SPACE)) {
        fruitlessChanges = changes;
        return false;
      }
      timesRoomWasMade++;
    } finally {
      measuring.unlock();
    }
    metadata.reclaim();
    return true;
  }

  private long roomMade() {
    measuring.lock();
    try {
      return timesRoomWasMade;
    } finally {
      measuring.unlock();
    }
  }

  /** Revokes tokens of those owners whose tokens pin more than those of one owner may. */
  private void revokeOfOwners(PinnedSpace.Measure found, long limitBytes) {
    long limit = limitBytes / metadata.chunkBytes();
    if (found.pinnedChunks() <= limit) {
      return;
    }
    found.pins().stream()
        .filter(pin -> !pin.token().terms().owner().isEmpty())
        .collect(Collectors.groupingBy(pin -> pin.token().terms().owner()))
        .values()
        .forEach(pins -> {
          var _ = revoke(pins, limit, PoolEvent.Reason.OWNER_LIMIT);
        });
  }

  /** Revokes the tokens of least worth, until the others pin no more than so many chunks. */
  private boolean revoke(List<PinnedSpace.Pin> pins, long mostChunks, PoolEvent.Reason reason) {
    boolean revoked = false;
    long kept = 0;
    for (PinnedSpace.Pin pin : pins) {
      kept += pin.chunks();
      if (kept > mostChunks && !pin.busy() && metadata.tokens.revoke(pin.token(), pin.lastUse())) {
        revoked = true;
        Token token = pin.token();
        long bytes = pin.chunks() * metadata.chunkBytes();
        lock.lock();
        try {
          post(new PoolEvent.TokenRevoked(token.number(), token.volumeId(), bytes, reason));
        } finally {
          lock.unlock();
        }
      }
    }
    return revoked;
  }

  /** Tells what is still to be told, and ends the thread. */
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
