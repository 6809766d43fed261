package io.gantry.target;

import static io.gantry.target.IoKind.FLUSH;
import static io.gantry.target.IoKind.OTHER;
import static io.gantry.target.IoKind.READ;
import static io.gantry.target.IoKind.UNMAP;
import static io.gantry.target.IoKind.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Lun;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.UnmapList;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is counted of commands, for whom, and what counting costs. */
@NullUnmarked
class IoStatisticsTest {
  private static final int BLOCK = 512;
  private static final int BLOCKS = 2048;

  @TempDir Path directory;
  private final TestTicker ticker = new TestTicker();
  private Pool pool;
  private Volume volume;
  private PoolTarget target;

  @BeforeEach
  void start() throws IOException {
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            Pool.DEFAULT_CHUNK,
            PoolOptions.defaults());
    volume = pool.createVolume("v", (long) BLOCKS * BLOCK, BLOCK);
    target =
        new PoolTarget(
            pool, RamDevice.NAME, AccessPolicy.DEFAULT, CopyOptions.defaults().withTicker(ticker));
  }

  @AfterEach
  void stop() throws IOException {
    target.close();
    pool.close();
  }

  private static ScsiResponse send(ScsiDevice device, ScsiRequest request) {
    return device.submit(request).join();
  }

  private static ScsiDevice ready(ScsiDevice device) {
    send(device, ScsiRequest.of(new Cdb.TestUnitReady())); // takes the unit attention
    return device;
  }

  private static ByteBuffer blocks(int count) {
    return ByteBuffer.allocate(count * BLOCK);
  }

  private IoTally ofVolume() {
    return target.ioStatistics().volumes().get(volume.id());
  }

  @Test
  void eachKindIsCountedWithItsBytes() throws IOException {
    try (ScsiDevice device = target.open("iqn.2026-11.example:a,i,0x1", volume.lun())) {
      ScsiResponse first = send(device, ScsiRequest.of(new Cdb.TestUnitReady()));
      assertThat(first.isGood()).isFalse();
      send(device, ScsiRequest.out(Cdb.Transfer.write(0, 8), blocks(8)));
      send(device, ScsiRequest.out(Cdb.Transfer.write(8, 2), blocks(2)));
      send(device, ScsiRequest.in(Cdb.Transfer.read(0, 4), blocks(4)));
      send(device, ScsiRequest.of(Cdb.SynchronizeCache.all()));
      ByteBuffer list = UnmapList.encode(List.of(new BlockRange(0, 16), new BlockRange(100, 3)));
      send(device, ScsiRequest.out(new Cdb.Unmap(list.remaining()), list));
      assertThat(send(device, ScsiRequest.in(Cdb.Transfer.read(BLOCKS, 1), blocks(1))).isGood())
          .isFalse();
    }
    IoTally tally = ofVolume();
    assertThat(tally.operations(OTHER)).isEqualTo(1);
    assertThat(tally.errors(OTHER)).as("a unit attention is no failure").isZero();
    assertThat(tally.operations(WRITE)).isEqualTo(2);
    assertThat(tally.bytes(WRITE)).isEqualTo(10 * BLOCK);
    assertThat(tally.operations(READ)).isEqualTo(2);
    assertThat(tally.bytes(READ)).isEqualTo(4 * BLOCK);
    assertThat(tally.errors(READ)).isEqualTo(1);
    assertThat(tally.operations(FLUSH)).isEqualTo(1);
    assertThat(tally.operations(UNMAP)).isEqualTo(1);
    assertThat(tally.bytes(UNMAP)).isEqualTo(19 * BLOCK);
  }

  @Test
  void pathsAddUpAlsoWhenTheyAreGone() throws IOException {
    Volume other = pool.createVolume("w", 1 << 20, BLOCK);
    ScsiDevice a1 = ready(target.open("iqn.2026-11.example:a,i,0x1", volume.lun()));
    ScsiDevice a2 = ready(target.open("iqn.2026-11.example:a,i,0x2", other.lun()));
    ScsiDevice b = ready(target.open("iqn.2026-11.example:b,i,0x1", volume.lun()));
    for (ScsiDevice device : List.of(a1, a2, b)) {
      send(device, ScsiRequest.in(Cdb.Transfer.read(0, 1), blocks(1)));
    }
    IoStatistics open = target.ioStatistics();
    a1.close();
    b.close();
    IoStatistics closed = target.ioStatistics();
    for (IoStatistics each : List.of(open, closed)) {
      assertThat(each.total().operations(READ)).isEqualTo(3);
      assertThat(each.volumes().get(volume.id()).operations(READ)).isEqualTo(2);
      assertThat(each.initiators().get("iqn.2026-11.example:a").operations(READ)).isEqualTo(2);
      assertThat(each.initiators().get("iqn.2026-11.example:b").operations(READ)).isEqualTo(1);
    }
    pool.deleteVolume(volume);
    IoStatistics deleted = target.ioStatistics();
    assertThat(deleted.volumes()).containsOnlyKeys(other.id());
    assertThat(deleted.total().operations(READ)).isEqualTo(3);
    assertThat(deleted.initiators().get("iqn.2026-11.example:a").operations(READ)).isEqualTo(2);
    a2.close();
  }

  @Test
  void latencyIsTheTimeBetweenCommandAndAnswer() throws IOException {
    Duration delay = Duration.ofMillis(3);
    target.setFaults(
        volume, new CopyFaults(false, OptionalLong.empty(), 0, OptionalInt.empty(), delay));
    try (ScsiDevice device = ready(target.open("iqn.2026-11.example:a,i,0x1", volume.lun()))) {
      send(
          device, ScsiRequest.out(new Cdb.TokenOperation(Command.POPULATE_TOKEN, 1, 8), blocks(1)));
    }
    IoTally tally = ofVolume();
    assertThat(tally.errors(OTHER)).as("it has no ranges").isEqualTo(1);
    assertThat(tally.nanos(OTHER)).isEqualTo(delay.toNanos());
    assertThat(tally.latencies(OTHER)[Latencies.bucket(delay.toNanos())]).isEqualTo(1);
    CopyCounts counts = target.copyCounts();
    assertThat(counts.commands().get("POPULATE_TOKEN"))
        .isEqualTo(new CopyCounts.OfCommand(Map.of(CopyStatus.State.FAILED, 1L), delay.toNanos()));
    assertThat(counts.refused()).containsOnly(Map.entry("5/1a/00", 1L));
  }

  @Test
  void whoeverIsNotThereMakesRoom() {
    IoAccounts accounts = new IoAccounts(2);
    IoAccounts.PathIo a = accounts.open("a");
    a.of(1).record(READ, 1, 1);
    a.close();
    IoAccounts.PathIo b = accounts.open("b");
    IoAccounts.PathIo c = accounts.open("c");
    assertThat(accounts.statistics(() -> Set.of(1)).initiators()).containsOnlyKeys("b", "c");
    accounts.open("d").of(1).record(READ, 10, 1);
    accounts.open("e").of(1).record(READ, 10, 1);
    IoStatistics full = accounts.statistics(() -> Set.of(1));
    assertThat(full.initiators()).containsOnlyKeys("b", "c", IoStatistics.OTHERS);
    assertThat(full.initiators().get(IoStatistics.OTHERS).bytes(READ)).isEqualTo(20);
    assertThat(full.volumes().get(1).bytes(READ)).as("nothing is lost").isEqualTo(21);
    b.close();
    c.close();
    IntStream.range(0, 1000).forEach(i -> accounts.open("x" + i).close());
    assertThat(accounts.statistics(() -> Set.of(1)).initiators()).hasSizeLessThanOrEqualTo(3);
  }

  @Test
  void countersOfVolumesThatAreGoneAreLetGo() {
    IoAccounts accounts = new IoAccounts(2);
    IoAccounts.PathIo path = accounts.open("a");
    IntStream.range(0, 100).forEach(volume -> path.of(volume).record(WRITE, 1, 1));
    IoStatistics one = accounts.statistics(() -> Set.of(99));
    assertThat(path.volumes()).containsExactly(99);
    assertThat(one.total().bytes(WRITE)).isEqualTo(100);
    assertThat(one.initiators().get("a").bytes(WRITE)).isEqualTo(100);
    assertThat(accounts.statistics(() -> Set.of(99)).total().bytes(WRITE)).isEqualTo(100);
  }

  /** Needs preadv2. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void readingAtOnceAllocatesNothing() throws Exception {
    volume.write(0, blocks(BLOCKS));
    Identity identity =
        new Identity("iqn.2026-11.example:a", null, InetAddress.getLoopbackAddress());
    Nexus nexus = new Nexus("iqn.2026-11.example:a,i,0x1", "t,t,0x1");
    byte[] attention = new Cdb.TestUnitReady().encode();
    long lun = new Lun(volume.lun()).encode();
    try (TargetPath path = target.connect(nexus, identity, PathTasks.NONE)) {
      path.submit(lun, new ScsiRequest(attention, null, null)).join();
      ByteBuffer data = ByteBuffer.allocateDirect(8 * BLOCK);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      int reads = 20_000;
      double least = Double.MAX_VALUE;
      // The interpreter and its compilers allocate; what is compiled must not.
      for (int round = 0; round < 20 && least > 0.01; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < reads; i++) {
          data.clear();
          require(path.readNow(lun, i % 100, 8, data));
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        least = Math.min(least, (double) allocated / reads);
      }
      assertThat(least).as("bytes for each read").isLessThan(0.01);
    }
    assertThat(ofVolume().operations(READ)).isGreaterThanOrEqualTo(20_000);
  }

  /** AssertJ's would allocate. */
  private static void require(boolean read) {
    if (!read) {
      throw new AssertionError("the blocks were not read at once");
    }
  }
}
