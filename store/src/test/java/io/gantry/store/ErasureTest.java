package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What only a volume held is gone from the medium; what others hold stays; at any crash. */
@NullUnmarked
@Timeout(120)
class ErasureTest {
  private static final int CHUNK = 16 << 10;
  private static final int BLOCK = 512;
  private static final int SIZE = 20 * CHUNK + 3 * BLOCK;
  private static final byte SECRET = 0x5E;
  private static final byte KEPT = 0x4B;

  @TempDir Path directory;

  private static ByteBuffer bytes(int value, int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private static byte[] read(Volume volume, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    volume.read(offset, bytes);
    return bytes.array();
  }

  private static byte[] pattern(int value) {
    byte[] block = new byte[BLOCK];
    java.util.Arrays.fill(block, (byte) value);
    return block;
  }

  /** A volume with secrets, and a snapshot of some other of its bytes. */
  private static Volume secrets(Pool pool) throws IOException {
    Volume volume = pool.createVolume("v", SIZE, BLOCK);
    volume.write(2 * CHUNK, bytes(KEPT, 2 * CHUNK));
    pool.createSnapshot(volume, "s");
    volume.write(4 * CHUNK, bytes(SECRET, 8 * CHUNK));
    volume.write(20 * CHUNK, bytes(SECRET, 3 * BLOCK));
    pool.flush();
    return volume;
  }

  private long count(byte value) throws IOException {
    long count = 0;
    for (byte found : Files.readAllBytes(directory.resolve("chunks"))) {
      count += found == value ? 1 : 0;
    }
    return count;
  }

  @Test
  void zeros() throws IOException {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults())) {
      Volume volume = secrets(pool);
      assertThat(count(SECRET)).isEqualTo(8 * CHUNK + 3 * BLOCK);
      Erasure erasure = pool.erase(volume, Erasure.Plan.zeros(BLOCK));
      assertThat(read(volume, 0, SIZE)).containsOnly(0);
      assertThat(pool.erasures()).containsExactly(erasure);
      assertThatThrownBy(() -> pool.erase(volume, Erasure.Plan.zeros(BLOCK)))
          .isInstanceOf(IllegalArgumentException.class);
      volume.write(0, bytes(1, CHUNK)); // it can be used meanwhile
      assertThat(erasure.run(0, _ -> true)).isTrue();
      assertThat(count(SECRET)).isZero();
      assertThat(count(KEPT)).isEqualTo(2 * CHUNK);
      assertThat(pool.erasures()).isEmpty();
      pool.rollBack(volume, pool.snapshot(volume, "s").orElseThrow());
      assertThat(read(volume, 2 * CHUNK, 2 * CHUNK)).containsOnly(KEPT);
      assertThat(pool.scrub(0, (_, _) -> true).findings()).isEmpty();
      pool.verifyReferences();
    }
  }

  @Test
  void aPatternThreeTimes() throws IOException {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults())) {
      Volume volume = secrets(pool);
      Erasure.Plan plan = new Erasure.Plan(2, true, pattern(0xA5));
      assertThat(pool.erase(volume, plan).run(0, _ -> true)).isTrue();
      assertThat(read(volume, 0, SIZE)).containsOnly(0x5A);
      assertThat(count(SECRET)).isZero();
      pool.resizeVolume(volume, SIZE + CHUNK, false);
      assertThat(read(volume, SIZE, CHUNK)).containsOnly(0);
      pool.verifyReferences();
    }
  }

  /** It is told to stop; it goes on after a restart, or a checkpoint and a restart. */
  @Test
  void anInterruptedOneIsRunAgain() throws IOException {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults())) {
      Volume volume = secrets(pool);
      Erasure.Plan plan = new Erasure.Plan(1, false, pattern(0x11));
      assertThat(pool.erase(volume, plan).run(0, _ -> false)).isFalse();
    }
    for (boolean checkpoint : new boolean[] {true, false}) {
      try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
        Volume volume = pool.volume("v").orElseThrow();
        assertThat(read(volume, 0, SIZE)).containsOnly(0x11);
        assertThat(pool.erasures()).hasSize(1);
        assertThat(pool.erasures().getFirst().plan().lastBlock()).containsOnly(0x11);
        if (checkpoint) {
          pool.checkpoint();
        } else {
          pool.deleteSnapshot(pool.snapshot(volume, "s").orElseThrow());
          pool.deleteVolume(volume);
          assertThat(pool.erasures().getFirst().run(0, _ -> true)).isTrue();
          assertThat(count(SECRET)).isZero();
        }
      }
    }
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      assertThat(pool.erasures()).isEmpty();
      pool.verifyReferences();
      assertThat(pool.statistics().usedChunks()).isZero();
    }
    assertThat(PoolCheck.of(FileMedium.open(directory), PoolOptions.defaults()).findings())
        .isEmpty();
  }

  /** The power fails at the n-th write, sync or append, for all n. */
  @Test
  void everyCrash() throws IOException {
    Random random = new Random(1);
    boolean finished = false;
    for (int n = 0; !finished; n++) {
      SimulatedMedium medium = new SimulatedMedium();
      Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults());
      Volume volume = secrets(pool);
      medium.crashAfter(n);
      try {
        pool.erase(volume, new Erasure.Plan(2, true, pattern(0x22))).run(0, _ -> true);
        finished = !medium.isOff();
      } catch (IOException e) {
        if (!medium.isOff()) {
          throw e;
        }
      }
      try {
        pool.close();
      } catch (IOException e) {
        assertThat(medium.isOff()).isTrue();
      }
      SimulatedMedium after = medium.afterPowerLoss(random);
      try (Pool again = Pool.open(after, PoolOptions.defaults())) {
        again.verifyReferences();
        Volume it = again.volume("v").orElseThrow();
        if (read(it, 0, BLOCK)[0] == 0) {
          assertThat(finished).isFalse();
          assertThat(again.erasures()).isEmpty();
          assertThat(read(it, 2 * CHUNK, 2 * CHUNK)).containsOnly(KEPT);
          assertThat(read(it, 4 * CHUNK, 8 * CHUNK)).containsOnly(SECRET);
          assertThat(read(it, 20 * CHUNK, 3 * BLOCK)).containsOnly(SECRET);
          continue;
        }
        assertThat(read(it, 0, SIZE)).containsOnly(0xDD);
        for (Erasure erasure : again.erasures()) {
          assertThat(erasure.run(0, _ -> true)).isTrue();
        }
        ByteBuffer all = ByteBuffer.allocate((int) after.length(Medium.Area.CHUNKS));
        Medium.await(after.read(Medium.Area.CHUNKS, 0, all));
        assertThat(all.array()).as("crash at %d", n).doesNotContain(SECRET);
        assertThat(List.of(again.volumes().size(), again.erasures().size()))
            .isEqualTo(List.of(1, 0));
        again.verifyReferences();
      }
    }
  }
}
