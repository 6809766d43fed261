package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An atomic write is there wholly or not at all: for readers, and after a power failure. */
@NullUnmarked
@Timeout(120)
class AtomicUpdateTest {
  private static final int CHUNK = 16 << 10;
  private static final int BLOCK = 512;
  private static final int SIZE = 10 * CHUNK + 3 * BLOCK;
  private static final int OFFSET = CHUNK + 5 * BLOCK;
  private static final int LENGTH = 3 * CHUNK + 7 * BLOCK;

  @TempDir Path directory;

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, 30);
  }

  private static ByteBuffer version(int version, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      bytes.putInt(version);
    }
    return bytes.flip();
  }

  /** The version that all of a range holds. */
  private static int versionOf(Volume volume, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    volume.read(offset, bytes);
    int version = bytes.getInt(0);
    assertThat(bytes.flip()).isEqualTo(version(version, length));
    return version;
  }

  /** The power fails again and again, at any write, sync or append. */
  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void aPowerFailureLeavesAllOrNothing(long seed) throws IOException {
    Random random = new Random(seed);
    SimulatedMedium medium = new SimulatedMedium();
    Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults());
    pool.createVolume("v", SIZE, BLOCK);
    pool.createVolume("other", 40 * CHUNK, BLOCK);
    int last = 0;
    int flushed = 0;
    for (int crash = 0; crash < 15; crash++) {
      medium.crashAfter(random.nextInt(40));
      try {
        while (!medium.isOff()) {
          Volume volume = pool.volume("v").orElseThrow();
          switch (random.nextInt(8)) {
            case 0, 1, 2 -> volume.writeAtomic(OFFSET, version(++last, LENGTH));
            case 3 -> volume.write(OFFSET + LENGTH, version(random.nextInt(), BLOCK));
            case 4 -> {
              // The free chunks do not all lie together.
              Volume other = pool.volume("other").orElseThrow();
              int at = random.nextInt(40) * CHUNK;
              if (random.nextBoolean()) {
                other.write(at, version(1, CHUNK));
              } else {
                other.zero(at, CHUNK);
              }
            }
            case 5 -> {
              var _ = pool.freeze(volume, List.of(new Extent(0, SIZE)), 1_000_000);
            }
            case 6 -> pool.checkpoint();
            default -> {
              int before = last;
              pool.flush();
              flushed = before;
            }
          }
        }
      } catch (IOException e) {
        if (!medium.isOff()) {
          throw e;
        }
      }
      Pool crashed = pool;
      assertThatThrownBy(crashed::close).isInstanceOf(IOException.class);
      medium = medium.afterPowerLoss(random);
      pool = Pool.open(medium, PoolOptions.defaults());
      pool.verifyReferences();
      int found = versionOf(pool.volume("v").orElseThrow(), OFFSET, LENGTH);
      assertThat(found).isBetween(flushed, last);
      flushed = found;
      last = found;
    }
    pool.close();
  }

  /** Others write around it in the same chunks, and tokens are made, while readers watch. */
  @Test
  void readersSeeAllOrNothing() throws Exception {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults());
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Volume volume = pool.createVolume("v", SIZE, BLOCK);
      AtomicBoolean over = new AtomicBoolean();
      Future<?> reader =
          threads.submit(() -> {
            for (int before = 0; !over.get(); ) {
              int seen = versionOf(volume, OFFSET, LENGTH);
              assertThat(seen).isGreaterThanOrEqualTo(before);
              before = seen;
            }
            return null;
          });
      Future<?> neighbour =
          threads.submit(() -> {
            for (int i = 0; !over.get(); i++) {
              volume.write(OFFSET - BLOCK, version(i, BLOCK));
              volume.write(OFFSET + LENGTH, version(i, BLOCK));
              assertThat(versionOf(volume, OFFSET - BLOCK, BLOCK)).isEqualTo(i);
              assertThat(versionOf(volume, OFFSET + LENGTH, BLOCK)).isEqualTo(i);
              if (i % 8 == 0) {
                Token token =
                    pool.freeze(volume, List.of(new Extent(0, SIZE)), 1_000_000).orElseThrow();
                pool.end(token, Token.End.DELETED);
              }
            }
            return null;
          });
      for (int i = 1; i <= 2000; i++) {
        volume.writeAtomic(OFFSET, version(i, LENGTH));
      }
      over.set(true);
      reader.get();
      neighbour.get();
      pool.verifyReferences();
    }
  }

  /** Each of many threads adds one to a counter; none is lost. */
  @Test
  void updatesFollowEachOther() throws Exception {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults());
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Volume volume = pool.createVolume("v", SIZE, BLOCK);
      List<Future<Object>> all =
          java.util.stream.IntStream.range(0, 4)
              .mapToObj(_ ->
                  threads.submit(() -> {
                    for (int i = 0; i < 300; i++) {
                      assertThat(
                              volume.update(
                                  OFFSET, BLOCK, old -> version(old.getInt(0) + 1, BLOCK)))
                          .isTrue();
                    }
                    return null;
                  }))
              .toList();
      for (Future<Object> one : all) {
        one.get();
      }
      assertThat(versionOf(volume, OFFSET, BLOCK)).isEqualTo(1200);
      assertThat(volume.update(OFFSET, BLOCK, _ -> null)).isFalse();
      assertThat(versionOf(volume, OFFSET, BLOCK)).isEqualTo(1200);
      pool.verifyReferences();
    }
  }

  /** Sharing entries waits for nobody: an update that it overtakes begins anew. */
  @Test
  void aCopyThatComesBetween() throws IOException {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", SIZE, BLOCK);
      Volume source = pool.createVolume("source", SIZE, BLOCK);
      source.write(0, version(7, SIZE));
      Token token = pool.freeze(source, List.of(new Extent(0, SIZE)), 1_000_000).orElseThrow();
      AtomicInteger asked = new AtomicInteger();
      volume.update(
          OFFSET,
          BLOCK,
          old -> {
            if (asked.getAndIncrement() == 0) {
              try {
                pool.copy(token, CHUNK, volume, CHUNK, CHUNK);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            }
            return version(old.getInt(0) + 1, BLOCK);
          });
      assertThat(asked).hasValue(2);
      assertThat(versionOf(volume, OFFSET, BLOCK)).isEqualTo(8);
      assertThat(versionOf(volume, CHUNK, OFFSET - CHUNK)).isEqualTo(7);
      pool.verifyReferences();
    }
  }

  @Test
  void aFullPoolLosesNothing() throws IOException {
    SimulatedMedium medium = new SimulatedMedium();
    medium.capacity = (16 << 20) + 4 * CHUNK;
    try (Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", SIZE, BLOCK);
      volume.write(0, version(1, 3 * CHUNK));
      assertThatThrownBy(() -> volume.writeAtomic(OFFSET, version(2, LENGTH)))
          .isInstanceOf(NoSpaceException.class);
      assertThat(versionOf(volume, 0, 3 * CHUNK)).isEqualTo(1);
      pool.verifyReferences();
      volume.zero(0, 2 * CHUNK);
      volume.writeAtomic(0, version(3, CHUNK));
      assertThat(versionOf(volume, 0, CHUNK)).isEqualTo(3);
      pool.verifyReferences();
    }
  }

  /** A pattern over all of a large volume takes one chunk, and writing into it copies one. */
  @Test
  void filling() throws IOException {
    long size = (1L << 40) + 5 * BLOCK;
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", size, BLOCK);
      volume.fill(BLOCK, size - BLOCK, version(5, BLOCK));
      assertThat(pool.statistics().usedChunks()).isEqualTo(3);
      assertThat(versionOf(volume, 0, BLOCK)).isZero();
      assertThat(versionOf(volume, BLOCK, 2 * CHUNK)).isEqualTo(5);
      assertThat(versionOf(volume, size - CHUNK, CHUNK)).isEqualTo(5);
      volume.write((1L << 39) + BLOCK, version(6, BLOCK));
      assertThat(versionOf(volume, 1L << 39, BLOCK)).isEqualTo(5);
      assertThat(versionOf(volume, (1L << 39) + BLOCK, BLOCK)).isEqualTo(6);
      assertThat(versionOf(volume, (1L << 39) + 2 * BLOCK, CHUNK)).isEqualTo(5);
      volume.fill(3 * BLOCK, 2 * BLOCK, version(9, BLOCK));
      assertThat(versionOf(volume, 3 * BLOCK, 2 * BLOCK)).isEqualTo(9);
      pool.resizeVolume(volume, 1L << 41, false);
      assertThat(versionOf(volume, size, 4 * CHUNK)).as("behind the old end").isZero();
      volume.fill(0, 1L << 40, ByteBuffer.wrap(new byte[BLOCK]));
      pool.verifyReferences();
      pool.checkpoint();
    }
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      pool.verifyReferences();
      assertThat(pool.statistics().usedChunks()).isOne();
      byte[] block = new byte[BLOCK];
      pool.volume(0).orElseThrow().read(1L << 40, ByteBuffer.wrap(block));
      assertThat(block).isEqualTo(version(5, BLOCK).array());
      assertThat(Arrays.hashCode(block)).isNotZero();
    }
  }
}
