package io.gantry.target;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * Bytes of buffers that all connections of a portal share. Claims that find no room are met in the
 * order in which they came, so that a large one does not starve. Safe for use by several threads.
 */
final class BufferBudget {
  private record Claim(long bytes, Runnable granted) {}

  private final long limitBytes;
  private final Queue<Claim> waiting = new ArrayDeque<>();
  private long usedBytes;

  /** All free. A single claim may be larger than the limit; it then has the budget for itself. */
  BufferBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  private boolean fits(long bytes) {
    return usedBytes == 0 || usedBytes + bytes <= limitBytes;
  }

  /** Takes bytes if there is room now and nobody waits for it. */
  synchronized boolean tryTake(long bytes) {
    if (bytes > 0 && (!waiting.isEmpty() || !fits(bytes))) {
      return false;
    }
    usedBytes += bytes;
    return true;
  }

  /**
   * Takes bytes, now or later.
   *
   * @param granted runs, on any thread, when they have been taken later
   * @return true if they have been taken now
   */
  synchronized boolean take(long bytes, Runnable granted) {
    boolean taken = tryTake(bytes);
    if (!taken) {
      waiting.add(new Claim(bytes, granted));
    }
    return taken;
  }

  /** Gives bytes back. */
  void give(long bytes) {
    List<Claim> met = new ArrayList<>();
    synchronized (this) {
      usedBytes -= bytes;
      Claim next;
      while ((next = waiting.peek()) != null && fits(next.bytes)) {
        usedBytes += next.bytes;
        met.add(waiting.remove());
      }
    }
    met.forEach(claim -> claim.granted.run());
  }

  /** Bytes that are taken. */
  synchronized long usedBytes() {
    return usedBytes;
  }
}
