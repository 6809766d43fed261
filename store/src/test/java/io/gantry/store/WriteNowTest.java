package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes in the caller's thread, which only go where a chunk is and nobody else has it. */
@NullUnmarked
@Timeout(60)
class WriteNowTest {
  private static final int CHUNK = 16 << 10;
  private static final long SIZE = 64L * CHUNK;

  @TempDir Path directory;

  /** Goes on whenever somebody looks at it. */
  private final AtomicLong timeNanos = new AtomicLong(Long.MAX_VALUE - 1000);

  private final AtomicLong writeNanos = new AtomicLong(1);
  private Pool pool;
  private Volume volume;

  @BeforeEach
  void open() throws IOException {
    FileMedium medium =
        FileMedium.create(directory.resolve("pool"), () -> timeNanos.getAndAdd(writeNanos.get()));
    pool = Pool.create(medium, CHUNK, PoolOptions.defaults());
    volume = pool.createVolume("v", SIZE, 512);
    volume.write(0, random(8 * CHUNK, 1));
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
  }

  private static ByteBuffer random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private ByteBuffer read(long offset, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    volume.read(offset, target);
    return target.flip();
  }

  private boolean now(long offset, ByteBuffer source) throws IOException {
    return volume.writeNow(offset, source);
  }

  @Test
  void whatIsWrittenIsThere() throws IOException {
    assertThat(now(CHUNK + 4096, random(8192, 2))).isTrue();
    assertThat(read(CHUNK + 4096, 8192)).isEqualTo(random(8192, 2));
    assertThat(read(CHUNK, 4096)).isEqualTo(random(8 * CHUNK, 1).slice(CHUNK, 4096));
    pool.close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    volume = pool.volume("v").orElseThrow();
    assertThat(read(CHUNK + 4096, 8192)).isEqualTo(random(8192, 2));
  }

  @Test
  void whatHasNoChunkOfItsOwnIsLeft() throws IOException {
    assertThat(now(9 * CHUNK, random(4096, 2))).as("a hole").isFalse();
    assertThat(now(CHUNK - 4096, random(8192, 2))).as("two chunks").isFalse();
    Snapshot snapshot = pool.createSnapshot(volume, "s");
    assertThat(now(0, random(4096, 2))).as("a shared chunk").isFalse();
    assertThat(read(0, 8 * CHUNK)).isEqualTo(random(8 * CHUNK, 1));
    pool.deleteSnapshot(snapshot);
    pool.flush();
    assertThat(now(0, random(4096, 2))).as("the volume's alone again").isTrue();
  }

  @Test
  void whatMustNotBeWrittenIsLeft() throws IOException {
    assertThat(now(-4096, random(4096, 2))).isFalse();
    assertThat(now(SIZE, random(4096, 2))).isFalse();
    assertThat(now(Long.MAX_VALUE - 4095, random(4096, 2))).isFalse();
    assertThat(now(512, random(512, 2))).as("part of a page").isFalse();
    pool.protectVolume(volume, true);
    assertThat(now(0, random(4096, 2))).isFalse();
    pool.protectVolume(volume, false);
    assertThat(now(0, random(4096, 2))).isTrue();
    pool.deleteVolume(volume);
    assertThat(now(0, random(4096, 2))).isFalse();
  }

  /** A write that took 50 ms sends those of the next second elsewhere. */
  @Test
  void aSlowDiskIsLeftAloneForAWhile() throws IOException {
    writeNanos.set(50_000_000);
    assertThat(now(0, random(4096, 2))).isTrue();
    writeNanos.set(1);
    timeNanos.addAndGet(900_000_000);
    assertThat(now(0, random(4096, 2))).isFalse();
    timeNanos.addAndGet(100_000_000);
    assertThat(now(0, random(4096, 2))).isTrue();
    assertThat(now(0, random(4096, 2))).isTrue();
  }

  @Test
  void whoFreezesTheVolumeIsNotWaitedFor() throws Exception {
    volume.freezeLock.writeLock().lock();
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      boolean written = threads.submit(() -> volume.writeNow(0, random(4096, 2))).get();
      assertThat(written).isFalse();
    } finally {
      volume.freezeLock.writeLock().unlock();
    }
  }
}
