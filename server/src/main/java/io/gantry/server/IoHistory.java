package io.gantry.server;

import io.gantry.target.IoKind;
import io.gantry.target.IoStatistics;
import io.gantry.target.IoTally;
import io.gantry.target.Latencies;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What READ and WRITE did lately, for charts: by the second for five minutes, and in steps of ten
 * seconds for an hour; of all volumes together, and of each that did something in that time. In
 * memory only. Safe for use by several threads.
 *
 * <p>Somebody looks at the counters once a second ({@link #sample}) and what they grew by is a
 * point; so commands do nothing for it.
 */
final class IoHistory {
  /** Volumes whose points are kept in each of the two; 20 KiB each. */
  static final int VOLUMES_MAX = 256;

  private static final int FINE_MINUTES = 5;
  private static final double MEDIAN = 0.5;
  private static final double HIGH = 0.99;

  // What a point has, in the order of HistoryView.
  private static final int BYTES = 0;
  private static final int COUNT = 1;
  private static final int MEDIAN_MICROS = 2;
  private static final int HIGH_MICROS = 3;
  private static final int OF_KIND = 4;
  private static final int CELLS = 2 * OF_KIND; // reads, then writes

  private final String started;
  private final int volumesMax;
  private final Timeline fine;
  private final Timeline coarse;

  /**
   * None yet.
   *
   * @param started when the daemon was, ISO 8601
   * @param nanos the time from which on the counters count
   */
  IoHistory(String started, int volumesMax, long nanos) {
    this.started = started;
    this.volumesMax = volumesMax;
    this.fine = new Timeline(1, FINE_MINUTES * 60, nanos);
    this.coarse = new Timeline(10, 360, nanos);
  }

  /** The points of one volume, or of all together. A point that was not set is empty. */
  private static final class Series {
    private final long[] cells;
    private long lastBusy;

    private Series(int points) {
      cells = new long[points * CELLS];
    }
  }

  /** Points of one length. Guarded by the history. */
  private final class Timeline {
    private final int stepSeconds;
    private final int size;
    private final long[] millis;
    private final long[] micros;
    private final Series total;
    private final Map<Integer, Series> volumes = new HashMap<>();
    private long last; // point n is at n % size
    private long lastNanos;
    private @Nullable IoStatistics before;

    private Timeline(int stepSeconds, int size, long nanos) {
      this.stepSeconds = stepSeconds;
      this.size = size;
      this.millis = new long[size];
      this.micros = new long[size];
      this.total = new Series(size);
      this.lastNanos = nanos;
    }

    /** Whether a point has ended; clocks tick late, and after a pause several times at once. */
    private boolean isDue(long nanos) {
      return nanos - lastNanos >= stepSeconds * 1_000_000_000L - 500_000_000;
    }

    private void add(IoStatistics now, long nowMillis, long nowNanos) {
      last++;
      int at = (int) (last % size);
      millis[at] = nowMillis;
      micros[at] = (nowNanos - lastNanos) / 1000;
      lastNanos = nowNanos;
      set(total, before == null ? null : before.total(), now.total());
      volumes
          .entrySet()
          .removeIf(each ->
              each.getValue().lastBusy <= last - size || !now.volumes().containsKey(each.getKey()));
      SortedMap<Integer, IoTally> tallies = now.volumes();
      tallies.forEach((volume, tally) -> {
        IoTally earlier = before == null ? null : before.volumes().get(volume);
        Series series = volumes.get(volume);
        if (series == null && grew(earlier, tally) && volumes.size() < volumesMax) {
          series = new Series(size);
          volumes.put(volume, series);
        }
        if (series != null) {
          set(series, earlier, tally);
        }
      });
      before = now;
    }

    private void set(Series series, @Nullable IoTally earlier, IoTally tally) {
      int row = (int) (last % size) * CELLS;
      fill(series.cells, row, IoKind.READ, earlier, tally);
      fill(series.cells, row + OF_KIND, IoKind.WRITE, earlier, tally);
      if (series.cells[row + COUNT] + series.cells[row + OF_KIND + COUNT] > 0) {
        series.lastBusy = last;
      }
    }

    private HistoryView view(@Nullable Series series, boolean recorded, int points, long after) {
      long first = Math.max(Math.max(1, last - Math.min(points, size) + 1), after + 1);
      int count = (int) Math.max(0, last - first + 1);
      long[] endings = new long[count];
      long[] lengths = new long[count];
      long[][] columns = new long[CELLS][count];
      for (int i = 0; i < count; i++) {
        int at = (int) ((first + i) % size);
        endings[i] = millis[at];
        lengths[i] = micros[at];
        for (int cell = 0; series != null && cell < CELLS; cell++) {
          columns[cell][i] = series.cells[at * CELLS + cell];
        }
      }
      return new HistoryView(
          started,
          stepSeconds,
          recorded,
          last,
          endings,
          lengths,
          columns[BYTES],
          columns[COUNT],
          columns[MEDIAN_MICROS],
          columns[HIGH_MICROS],
          columns[OF_KIND + BYTES],
          columns[OF_KIND + COUNT],
          columns[OF_KIND + MEDIAN_MICROS],
          columns[OF_KIND + HIGH_MICROS]);
    }
  }

  private static boolean grew(@Nullable IoTally earlier, IoTally now) {
    return now != earlier
        && (count(now, IoKind.READ) > count(earlier, IoKind.READ)
            || count(now, IoKind.WRITE) > count(earlier, IoKind.WRITE));
  }

  private static long count(@Nullable IoTally tally, IoKind kind) {
    return tally == null ? 0 : tally.operations(kind);
  }

  /** What was counted between two looks. */
  private static void fill(
      long[] cells, int row, IoKind kind, @Nullable IoTally earlier, IoTally now) {
    long[] latencies = now.latencies(kind);
    if (earlier != null) {
      long[] counted = earlier.latencies(kind);
      for (int i = 0; i < latencies.length; i++) {
        latencies[i] -= counted[i];
      }
    }
    long count = 0;
    for (long one : latencies) {
      count += one;
    }
    cells[row + BYTES] = now.bytes(kind) - (earlier == null ? 0 : earlier.bytes(kind));
    cells[row + COUNT] = count;
    cells[row + MEDIAN_MICROS] = count == 0 ? 0 : micros(latencies, MEDIAN);
    cells[row + HIGH_MICROS] = count == 0 ? 0 : micros(latencies, HIGH);
  }

  /** Never 0, which stands for no commands. */
  private static long micros(long[] latencies, double part) {
    return Math.max(1, Math.round(Latencies.percentileNanos(latencies, part) / 1000));
  }

  /**
   * Takes what was counted until now, if a point has ended.
   *
   * @param millis the time of day, ms since 1970
   * @param nanos the time by a clock that nobody sets
   */
  synchronized void sample(IoStatistics now, long millis, long nanos) {
    for (Timeline timeline : new Timeline[] {fine, coarse}) {
      if (timeline.isDue(nanos)) {
        timeline.add(now, millis, nanos);
      }
    }
  }

  /** What all volumes did together, deleted ones included. */
  synchronized HistoryView ofAll(int minutes, long after) {
    Timeline timeline = timeline(minutes);
    return timeline.view(timeline.total, true, points(timeline, minutes), after);
  }

  /**
   * What one volume did.
   *
   * @param minutes how far back
   * @param after the number of a point: only later ones are wanted
   */
  synchronized HistoryView ofVolume(int lun, int minutes, long after) {
    Timeline timeline = timeline(minutes);
    Series series = timeline.volumes.get(lun);
    boolean recorded = series != null || timeline.volumes.size() < volumesMax;
    return timeline.view(series, recorded, points(timeline, minutes), after);
  }

  private Timeline timeline(int minutes) {
    return minutes <= FINE_MINUTES ? fine : coarse;
  }

  private static int points(Timeline timeline, int minutes) {
    return minutes * 60 / timeline.stepSeconds;
  }
}
