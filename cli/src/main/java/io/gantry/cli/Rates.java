package io.gantry.cli;

import io.gantry.server.StatisticsView;
import io.gantry.server.StatisticsView.InitiatorIo;
import io.gantry.server.StatisticsView.Io;
import io.gantry.server.StatisticsView.Kind;
import io.gantry.server.StatisticsView.VolumeIo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What went on between two looks at a daemon's statistics.
 *
 * @param time when it was looked at last, ISO 8601
 * @param seconds between the looks
 * @param total all volumes
 * @param rows each volume, or each initiator
 * @param sharedBytesPerSecond bytes of copies that were shared
 * @param copiedBytesPerSecond bytes of copies that were moved
 * @param tokens live tokens at the end
 * @param copiesRunning copies that ran at the end
 * @param sessions open sessions at the end
 * @param warnings what was wrong at the end
 */
record Rates(
    String time,
    double seconds,
    Row total,
    List<Row> rows,
    double sharedBytesPerSecond,
    double copiedBytesPerSecond,
    long tokens,
    long copiesRunning,
    int sessions,
    List<String> warnings) {

  /** What one volume or initiator did; {@code total} is one, too. */
  record Row(String name, Flow read, Flow write, Flow flush, Flow unmap, Flow other) {}

  /**
   * Commands of one kind.
   *
   * @param p50Micros latency that half of them did not exceed, within a factor of two; null if
   *     there were none
   * @param p99Micros the same of 99 %
   */
  record Flow(
      double operationsPerSecond,
      double bytesPerSecond,
      double errorsPerSecond,
      @Nullable Double p50Micros,
      @Nullable Double p99Micros) {}

  /**
   * Compares.
   *
   * @param initiators whether the rows are initiators; else volumes
   */
  static Rates between(StatisticsView before, StatisticsView after, boolean initiators) {
    StatisticsView base = before.started().equals(after.started()) ? before : null; // started anew
    double seconds =
        Math.max(1, after.uptimeMicros() - (base == null ? 0 : base.uptimeMicros())) / 1e6;
    Map<String, Io> earlier = base == null ? Map.of() : ios(base, initiators);
    Interval interval = new Interval(seconds, after.latencyBoundsMicros());
    List<Row> rows = new ArrayList<>();
    ios(after, initiators)
        .forEach((name, io) -> rows.add(interval.row(name, earlier.get(name), io)));
    rows.sort((a, b) -> Double.compare(load(b), load(a))); // stable: else as the daemon has them
    return new Rates(
        after.time(),
        seconds,
        interval.row("total", base == null ? null : base.total(), after.total()),
        rows,
        (after.copies().sharedBytes() - (base == null ? 0 : base.copies().sharedBytes())) / seconds,
        (after.copies().copiedBytes() - (base == null ? 0 : base.copies().copiedBytes())) / seconds,
        after.tokens().live(),
        after.copies().running(),
        after.portal().sessions(),
        after.warnings());
  }

  private static double load(Row row) {
    return row.read.operationsPerSecond + row.write.operationsPerSecond;
  }

  private static Map<String, Io> ios(StatisticsView view, boolean initiators) {
    return initiators
        ? map(view.initiators(), InitiatorIo::name, InitiatorIo::io)
        : map(view.volumes(), VolumeIo::name, VolumeIo::io);
  }

  private static <T> Map<String, Io> map(
      List<T> list, Function<T, String> name, Function<T, Io> io) {
    return list.stream().collect(Collectors.toMap(name, io, (a, _) -> a, LinkedHashMap::new));
  }

  private record Interval(double seconds, long[] bounds) {
    Row row(String name, @Nullable Io before, Io after) {
      return new Row(
          name,
          flow(before == null ? null : before.read(), after.read()),
          flow(before == null ? null : before.write(), after.write()),
          flow(before == null ? null : before.flush(), after.flush()),
          flow(before == null ? null : before.unmap(), after.unmap()),
          flow(before == null ? null : before.other(), after.other()));
    }

    private Flow flow(@Nullable Kind before, Kind after) {
      // Something that became smaller was forgotten meanwhile, and has begun anew.
      Kind base = before == null || before.operations() > after.operations() ? null : before;
      long[] counts = after.latencies().clone();
      if (base != null) {
        for (int i = 0; i < counts.length; i++) {
          counts[i] -= base.latencies()[i];
        }
      }
      return new Flow(
          (after.operations() - (base == null ? 0 : base.operations())) / seconds,
          (after.bytes() - (base == null ? 0 : base.bytes())) / seconds,
          (after.errors() - (base == null ? 0 : base.errors())) / seconds,
          percentileMicros(counts, 0.5),
          percentileMicros(counts, 0.99));
    }

    /** Taken to lie evenly within its bucket. */
    private @Nullable Double percentileMicros(long[] counts, double part) {
      double rank = part * Arrays.stream(counts).sum();
      if (rank <= 0) {
        return null;
      }
      double passed = 0;
      for (int i = 0; i < bounds.length; i++) {
        if (counts[i] > 0 && passed + counts[i] >= rank) {
          double lower = i == 0 ? 0 : bounds[i - 1];
          return lower + (bounds[i] - lower) * (rank - passed) / counts[i];
        }
        passed += counts[i];
      }
      return (double) bounds[bounds.length - 1];
    }
  }
}
