package io.gantry.sim;

import io.gantry.sim.History.Operation;
import java.util.Arrays;
import java.util.List;

/**
 * A WRITE USING TOKEN that was answered before it is done: how far it may come.
 *
 * <p>Its operation goes on until somebody has heard how it ended.
 */
final class BackgroundCopy {
  final WireUnit unit;
  final OffloadToken token;
  final int[] blocks;

  /** Blocks that the token has for it. */
  final int count;

  final Operation operation;
  final Operation dropping;
  final boolean drops;

  /** An instant before which it did not use its token. */
  final long beganMillis;

  private final List<int[]> ranges;

  /** Whether somebody has asked it to end. */
  boolean isStopped;

  /** Whether nothing of it goes on, and nobody will ask. */
  boolean isOver;

  private int told;

  private long barredAt = Operation.NEVER;

  private int most;

  BackgroundCopy(
      WireUnit unit,
      OffloadToken token,
      List<int[]> ranges,
      int count,
      Operation operation,
      Operation dropping,
      boolean drops,
      long beganMillis) {
    this.unit = unit;
    this.token = token;
    this.ranges = ranges;
    this.blocks = ranges.stream().flatMapToInt(Arrays::stream).toArray();
    this.count = count;
    this.most = count;
    this.operation = operation;
    this.dropping = dropping;
    this.drops = drops;
    this.beganMillis = beganMillis;
  }

  /** It has come so far, it says; whether that may be. */
  boolean tells(long done) {
    boolean fits = told <= done && done <= count;
    told = (int) done;
    return fits;
  }

  /**
   * From an instant on its initiator may not go on: what it does at the moment is the last.
   *
   * @param done blocks that it has done
   */
  void barred(long at, long done) {
    if (barredAt == Operation.NEVER) {
      barredAt = at;
      told = (int) Math.max(told, done);
      int end = 0;
      for (int[] range : ranges) {
        end += range.length;
        if (end > told) {
          break;
        }
      }
      most = Math.min(count, end); // it does no more than a range at a time
    }
  }

  /** Since when its initiator may not do this any more; {@link Operation#NEVER} if it may. */
  long barredAt() {
    return barredAt;
  }

  /** How many blocks it may have done if its initiator never might again. */
  int most() {
    return most;
  }
}
