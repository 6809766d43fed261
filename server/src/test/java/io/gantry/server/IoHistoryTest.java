package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of counters over time; the time is the test's. */
@NullUnmarked
class IoHistoryTest {
  private static final long SECOND = 1_000_000_000;
  private static final long START_MILLIS = 1_795_000_000_000L;

  @TempDir private Path directory;
  private Pool pool;
  private PoolTarget target;
  private IoHistory history;
  private long nanos;

  @BeforeEach
  void start() throws IOException {
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            Pool.DEFAULT_CHUNK,
            PoolOptions.defaults());
    for (String name : new String[] {"a", "b", "c"}) {
      pool.createVolume(name, 1 << 20, 512);
    }
    target = new PoolTarget(pool, "iqn.2026-11.test:history");
    history = new IoHistory("2026-11-21T12:00:00Z", 2, nanos);
  }

  @AfterEach
  void stop() throws IOException {
    target.close();
    pool.close();
  }

  private void pass(long time) {
    nanos += time;
    history.sample(target.ioStatistics(), START_MILLIS + nanos / 1_000_000, nanos);
  }

  private void seconds(int count) {
    for (int i = 0; i < count; i++) {
      pass(SECOND);
    }
  }

  private void write(String volume, int commands) throws IOException {
    use(
        volume,
        () -> ScsiRequest.out(Cdb.Transfer.write(0, 8), ByteBuffer.allocate(4096)),
        commands);
  }

  private void read(String volume, int commands) throws IOException {
    use(
        volume,
        () -> ScsiRequest.in(Cdb.Transfer.read(0, 16), ByteBuffer.allocate(8192)),
        commands);
  }

  private void use(String volume, Supplier<ScsiRequest> request, int commands) throws IOException {
    try (ScsiDevice device = target.open("iqn.2026-11.test:initiator,i,0x1", lun(volume))) {
      device.submit(ScsiRequest.of(new Cdb.TestUnitReady())).join(); // takes the unit attention
      for (int i = 0; i < commands; i++) {
        assertThat(device.submit(request.get()).join().isGood()).isTrue();
      }
    }
  }

  private int lun(String name) {
    return pool.volume(name).map(Volume::lun).orElseThrow();
  }

  @Test
  void eachSecondIsWhatWasCountedInIt() throws IOException {
    write("a", 3);
    pass(SECOND);
    read("a", 2);
    read("b", 1);
    pass(SECOND + 100_000_000);
    pass(SECOND);
    HistoryView all = history.ofAll(5, 0);
    assertThat(all.last()).isEqualTo(3);
    assertThat(all.stepSeconds()).isEqualTo(1);
    assertThat(all.millis())
        .containsExactly(START_MILLIS + 1000, START_MILLIS + 2100, START_MILLIS + 3100);
    assertThat(all.micros()).containsExactly(1_000_000, 1_100_000, 1_000_000);
    assertThat(all.writes()).containsExactly(3, 0, 0);
    assertThat(all.writeBytes()).containsExactly(3 * 4096, 0, 0);
    assertThat(all.reads()).containsExactly(0, 3, 0);
    assertThat(all.readBytes()).containsExactly(0, 3 * 8192, 0);
    assertThat(all.readMedianMicros()[1]).isPositive().isLessThanOrEqualTo(all.readHighMicros()[1]);
    assertThat(all.readHighMicros()[0]).isZero();
    HistoryView a = history.ofVolume(lun("a"), 5, 1);
    assertThat(a.recorded()).isTrue();
    assertThat(a.reads()).as("after the first").containsExactly(2, 0);
    assertThat(history.ofVolume(lun("b"), 5, 0).reads()).containsExactly(0, 1, 0);
    assertThat(history.ofVolume(lun("c"), 5, 0).reads()).containsExactly(0, 0, 0);
    assertThat(history.ofAll(5, 3).millis()).isEmpty();
    assertThat(history.ofAll(5, 1L << 50).millis()).isEmpty();
  }

  @Test
  void fiveMinutesAndAnHourAreKept() throws IOException {
    write("a", 1);
    seconds(10);
    assertThat(history.ofAll(60, 0).writes()).containsExactly(1);
    write("a", 2);
    seconds(3_700);
    HistoryView fine = history.ofAll(5, 0);
    assertThat(fine.last()).isEqualTo(3_710);
    assertThat(fine.millis()).hasSize(300).endsWith(START_MILLIS + 3_710_000);
    HistoryView minute = history.ofAll(1, 0);
    assertThat(minute.millis()).hasSize(60).endsWith(START_MILLIS + 3_710_000);
    HistoryView hour = history.ofAll(60, 0);
    assertThat(hour.stepSeconds()).isEqualTo(10);
    assertThat(hour.millis()).hasSize(360).isSorted();
    assertThat(hour.micros()).containsOnly(10_000_000);
    assertThat(LongStream.of(hour.writes()).sum()).as("it is over an hour ago").isZero();
    assertThat(history.ofAll(20, 0).millis()).hasSize(120);
    read("b", 4);
    seconds(10);
    assertThat(history.ofAll(60, 371).reads()).containsExactly(4);
    assertThat(history.ofVolume(lun("b"), 60, 371).reads()).containsExactly(4);
  }

  /** A machine that stood still ticks several times at once. */
  @Test
  void ticksThatComeTogetherAreOne() throws IOException {
    write("a", 1);
    pass(5 * SECOND);
    pass(1000);
    write("a", 1);
    pass(1000);
    assertThat(history.ofAll(5, 0).micros()).containsExactly(5_000_000);
    pass(SECOND);
    assertThat(history.ofAll(5, 0).writes()).containsExactly(1, 1);
  }

  @Test
  void onlySoManyVolumesAreKeptAndIdleOnesMakeRoom() throws IOException {
    write("a", 1);
    write("b", 1);
    pass(SECOND);
    write("c", 1);
    pass(SECOND);
    assertThat(history.ofVolume(lun("a"), 5, 0).recorded()).isTrue();
    assertThat(history.ofVolume(lun("c"), 5, 0).recorded()).isFalse();
    assertThat(history.ofVolume(lun("c"), 5, 0).writes()).containsExactly(0, 0);
    assertThat(history.ofAll(5, 0).writes()).containsExactly(2, 1);
    seconds(300);
    write("c", 1);
    pass(SECOND);
    HistoryView c = history.ofVolume(lun("c"), 5, 0);
    assertThat(c.recorded()).isTrue();
    assertThat(LongStream.of(c.writes()).sum()).isEqualTo(1);
  }

  @Test
  void aVolumeThatIsDeletedIsForgottenAndStaysInTheSum() throws IOException {
    write("a", 1);
    write("b", 1);
    pass(SECOND);
    pool.deleteVolume(pool.volume("a").orElseThrow());
    write("c", 1);
    pass(SECOND);
    assertThat(history.ofVolume(lun("c"), 5, 0).writes()).containsExactly(0, 1);
    assertThat(history.ofAll(5, 0).writes()).containsExactly(2, 1);
  }
}
