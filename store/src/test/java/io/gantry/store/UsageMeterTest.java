package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** What volumes, snapshots and tokens take, several measured with one meter. */
@NullUnmarked
class UsageMeterTest {
  private static final int CHUNK = 16 << 10;

  /** What a leaf covers. */
  private static final long LEAF = (long) CHUNK * Page.ENTRIES;

  private Pool pool;

  @BeforeEach
  void open() throws IOException {
    pool = Pool.create(new SimulatedMedium(), CHUNK, PoolOptions.defaults());
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
  }

  private static void write(Volume volume, long offset) throws IOException {
    volume.write(offset, ByteBuffer.wrap(new byte[CHUNK]));
  }

  /** More leaves than one hold of the lock is for. */
  @Test
  void clonesOfManyLeavesAreAllCounted() throws IOException {
    Volume golden = pool.createVolume("golden", 600 * LEAF, 512);
    for (int leaf = 0; leaf < 600; leaf++) {
      write(golden, leaf * LEAF);
    }
    List<Volume> clones = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      clones.add(pool.cloneVolume(golden, "clone-" + i));
      if (i % 2 == 0) {
        write(clones.get(i), i * LEAF);
        write(clones.get(i), i * LEAF + CHUNK);
      }
    }
    UsageMeter meter = pool.meter();
    for (int i = 0; i < 20; i++) {
      int more = i % 2 == 0 ? 1 : 0;
      assertThat(meter.of(clones.get(i)))
          .as("clone %d", i)
          .isEqualTo(new Usage((600L + more) * CHUNK, 2L * more * CHUNK));
    }
    assertThat(meter.of(golden)).isEqualTo(new Usage(600L * CHUNK, 0));
  }

  /** Compared with who names each chunk, looked up one by one. */
  @RepeatedTest(20)
  void oneMeterForAllTellsWhatEachTakes(RepetitionInfo repetition) throws IOException {
    long seed = Long.getLong("seed", repetition.getCurrentRepetition());
    Random random = new Random(seed);
    List<Volume> volumes = new ArrayList<>();
    List<PageTable> tables = new ArrayList<>();
    volumes.add(pool.createVolume("v0", 3 * LEAF, 512));
    for (int i = 1; i < 40; i++) {
      Volume some = volumes.get(random.nextInt(volumes.size()));
      switch (random.nextInt(5)) {
        case 0 -> volumes.add(pool.cloneVolume(some, "v" + i));
        case 1 -> tables.add(pool.createSnapshot(some, "s" + i).table);
        case 2 ->
            tables.add(pool.freeze(some, List.of(new Extent(0, LEAF)), 60_000).orElseThrow().table);
        case 3 -> some.fill(0, 2 * LEAF, ByteBuffer.allocate(512).put(0, (byte) i));
        default -> write(some, random.nextInt(3 * Page.ENTRIES) * (long) CHUNK);
      }
    }
    volumes.forEach(volume -> tables.add(volume.table));
    Map<Long, Integer> names = new HashMap<>();
    for (PageTable table : tables) {
      for (long index = 0; index < 3L * Page.ENTRIES; index++) {
        names.merge(table.get(index), 1, Integer::sum);
      }
    }
    UsageMeter meter = pool.meter();
    for (Volume volume : volumes) {
      long mapped = 0;
      long unique = 0;
      for (long index = 0; index < 3L * Page.ENTRIES; index++) {
        long chunk = volume.table.get(index);
        mapped += chunk >= 0 ? 1 : 0;
        unique += chunk >= 0 && names.get(chunk) == 1 ? 1 : 0;
      }
      assertThat(meter.of(volume))
          .as("%s, seed %d", volume.name(), seed)
          .isEqualTo(new Usage(mapped * CHUNK, unique * CHUNK));
      assertThat(volume.usage()).isEqualTo(meter.of(volume));
    }
  }
}
