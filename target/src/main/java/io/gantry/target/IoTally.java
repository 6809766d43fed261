package io.gantry.target;

import java.util.Arrays;

/** Sums of what commands did: how many, how much, how long. Only grows while it belongs to one. */
public final class IoTally {
  private final long[] cells = new long[IoCounters.LENGTH];

  IoTally() {}

  void add(IoCounters counters) {
    for (int i = 0; i < cells.length; i++) {
      cells[i] += counters.get(i);
    }
  }

  void add(IoTally other) {
    for (int i = 0; i < cells.length; i++) {
      cells[i] += other.cells[i];
    }
  }

  private long cell(IoKind kind, int column) {
    return cells[kind.number * IoCounters.ROW + column];
  }

  /** Commands that were answered, those that failed included. */
  public long operations(IoKind kind) {
    return Arrays.stream(latencies(kind)).sum();
  }

  /** Of those, the ones that failed. A unit attention or a miscompare is no failure. */
  public long errors(IoKind kind) {
    return cell(kind, IoCounters.ERRORS);
  }

  /** Bytes of blocks that were read, written or unmapped. */
  public long bytes(IoKind kind) {
    return cell(kind, IoCounters.BYTES);
  }

  /**
   * How long they took in all, in ns: each from when its data were there, or it was taken if it
   * needs none, until its answer was made.
   */
  public long nanos(IoKind kind) {
    return cell(kind, IoCounters.NANOS);
  }

  /** How many of them there are in each of the {@link Latencies}. */
  public long[] latencies(IoKind kind) {
    int row = kind.number * IoCounters.ROW;
    return Arrays.copyOfRange(cells, row, row + Latencies.BUCKETS);
  }
}
