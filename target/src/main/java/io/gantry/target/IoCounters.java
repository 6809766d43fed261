package io.gantry.target;

import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Counts the commands of one path to one volume, and how long they took.
 *
 * <p>A command costs three additions to cells that hardly anybody else touches: each path has its
 * own, and whoever wants sums adds them up ({@link IoTally}). Recording allocates nothing. The
 * number of commands is the sum of the buckets of their latencies.
 */
final class IoCounters {
  /*
   * A row for each kind of command: the buckets of latency, then bytes, nanoseconds, errors; 1 KiB
   * in all. Measured in one thread, a record costs 7 ns, 4 of them for the latency, and the two
   * readings of the clock around it 50. Of what there is elsewhere, HdrHistogram's AtomicHistogram
   * is as fast, but takes 16 KiB for each kind (two digits, 10 us to 10 s) of each path to each
   * volume; its ConcurrentHistogram takes twice of both; a Timer of Micrometer takes 65 ns.
   */
  static final int BYTES = Latencies.BUCKETS;
  static final int NANOS = BYTES + 1;
  static final int ERRORS = NANOS + 1;
  static final int ROW = ERRORS + 1;
  private static final int KINDS = IoKind.values().length;
  static final int LENGTH = KINDS * ROW;

  private final AtomicLongArray cells = new AtomicLongArray(LENGTH);

  /** A command went well. */
  void record(IoKind kind, long bytes, long nanos) {
    int row = kind.number * ROW;
    cells.getAndIncrement(row + Latencies.bucket(nanos));
    cells.getAndAdd(row + BYTES, bytes);
    cells.getAndAdd(row + NANOS, nanos);
  }

  /**
   * A command ended.
   *
   * @param response its answer; null if it failed without one, which is a defect
   */
  void record(IoKind kind, long bytes, long nanos, @Nullable ScsiResponse response) {
    record(kind, bytes, nanos);
    if (isError(response)) {
      cells.getAndIncrement(kind.number * ROW + ERRORS);
    }
  }

  /** Whether an answer is a failure: unit attentions and miscompares only tell something. */
  static boolean isError(@Nullable ScsiResponse response) {
    if (response == null) {
      return true;
    }
    Sense sense = response.sense();
    return response.status() == ScsiStatus.CHECK_CONDITION
        && sense != null
        && sense.key() != Sense.UNIT_ATTENTION_KEY
        && sense.key() != Sense.MISCOMPARE_KEY;
  }

  long get(int cell) {
    return cells.get(cell);
  }
}
