package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.server.StatisticsView;
import io.gantry.server.StatisticsView.Copies;
import io.gantry.server.StatisticsView.InitiatorIo;
import io.gantry.server.StatisticsView.Io;
import io.gantry.server.StatisticsView.Kind;
import io.gantry.server.StatisticsView.Portal;
import io.gantry.server.StatisticsView.Space;
import io.gantry.server.StatisticsView.Tokens;
import io.gantry.server.StatisticsView.VolumeIo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** What two looks at a daemon tell of the time between them. */
@NullUnmarked
class RatesTest {
  private static final Kind NONE = new Kind(0, 0, 0, 0, new long[4]);

  /** Buckets: up to 10, 20, 40 us, longer. */
  private static Kind reads(long... latencies) {
    long operations = Arrays.stream(latencies).sum();
    return new Kind(operations, operations / 10, operations * 4096, 0, latencies);
  }

  private static StatisticsView view(
      String started, long uptimeMicros, List<VolumeIo> volumes, Kind total, long shared) {
    return new StatisticsView(
        "2026-11-21T20:00:00Z",
        started,
        uptimeMicros,
        new long[] {10, 20, 40},
        new Io(total, NONE, NONE, NONE, NONE),
        volumes,
        List.of(new InitiatorIo("iqn.a", new Io(total, NONE, NONE, NONE, NONE))),
        new Space(0, 0, 0, 0, 0, 0),
        new Tokens(3, 0, 0, Map.of()),
        new Copies(1, 0, 0, 0, shared, 0, 0),
        new Portal(2, 1, 0, 0),
        List.of());
  }

  private static VolumeIo volume(String name, Kind reads) {
    return new VolumeIo(name, 0, new Io(reads, NONE, NONE, NONE, NONE));
  }

  @Test
  void differencesByTime() {
    StatisticsView before =
        view("t0", 1_000_000, List.of(volume("a", reads(100, 0, 0, 0))), reads(100, 0, 0, 0), 0);
    StatisticsView after =
        view(
            "t0",
            3_000_000,
            List.of(volume("b", reads(0, 0, 0, 0)), volume("a", reads(150, 0, 50, 0))),
            reads(150, 0, 50, 0),
            4096);
    Rates rates = Rates.between(before, after, false);
    assertThat(rates.seconds()).isEqualTo(2);
    assertThat(rates.rows()).extracting(Rates.Row::name).containsExactly("a", "b");
    Rates.Flow a = rates.rows().getFirst().read();
    assertThat(a.operationsPerSecond()).isEqualTo(50);
    assertThat(a.bytesPerSecond()).isEqualTo(50 * 4096);
    assertThat(a.errorsPerSecond()).isEqualTo(5);
    assertThat(a.p50Micros()).isEqualTo(10);
    assertThat(a.p99Micros()).isCloseTo(39.6, Offset.offset(1e-9));
    assertThat(rates.rows().get(1).read().p50Micros()).isNull();
    assertThat(rates.total().read()).isEqualTo(a);
    assertThat(rates.sharedBytesPerSecond()).isEqualTo(2048);
    assertThat(Rates.between(before, after, true).rows().getFirst().name()).isEqualTo("iqn.a");
  }

  @Test
  void whatHasBegunAnewIsNotNegative() {
    StatisticsView before =
        view("t0", 9_000_000, List.of(volume("a", reads(100, 0, 0, 0))), reads(100, 0, 0, 0), 99);
    StatisticsView after =
        view("t1", 1_000_000, List.of(volume("a", reads(10, 0, 0, 0))), reads(10, 0, 0, 0), 1);
    Rates restarted = Rates.between(before, after, false);
    assertThat(restarted.seconds()).isEqualTo(1);
    assertThat(restarted.rows().getFirst().read().operationsPerSecond()).isEqualTo(10);
    assertThat(restarted.sharedBytesPerSecond()).isEqualTo(1);
    StatisticsView forgotten =
        view("t0", 10_000_000, List.of(volume("a", reads(0, 5, 0, 0))), reads(100, 5, 0, 0), 99);
    Rates.Flow flow = Rates.between(before, forgotten, false).rows().getFirst().read();
    assertThat(flow.operationsPerSecond()).isEqualTo(5);
  }

  @Test
  void whatTookTooLongForAnyBucket() {
    StatisticsView none = view("t0", 0, List.of(), NONE, 0);
    StatisticsView after = view("t0", 1_000_000, List.of(), reads(0, 0, 0, 10), 0);
    assertThat(Rates.between(none, after, false).total().read().p50Micros()).isEqualTo(40);
  }
}
