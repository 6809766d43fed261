package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Reads that do not wait: what was written a moment ago is in the page cache. */
@NullUnmarked
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class ReadNowTest {
  private static final int CHUNK = 16 << 10;
  private static final long SIZE = 64L * CHUNK;

  @TempDir Path directory;
  private FileMedium medium;
  private Pool pool;
  private Volume volume;

  @BeforeEach
  void open() throws IOException {
    medium = FileMedium.create(directory.resolve("pool"));
    pool = Pool.create(medium, CHUNK, PoolOptions.defaults());
    volume = pool.createVolume("v", SIZE, 512);
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

  private ByteBuffer now(long offset, int length) {
    ByteBuffer target = ByteBuffer.allocateDirect(length + 7).position(7);
    boolean read = volume.readNow(offset, target);
    assertThat(target.limit()).isEqualTo(length + 7);
    return read ? target.position(7).slice() : null;
  }

  /** The same as read, or not at all: over any range of a volume with all that there is. */
  @Test
  void readsTheSameOrNothing() throws IOException {
    volume.write(0, random(40 * CHUNK, 1));
    pool.createSnapshot(volume, "s");
    volume.write(5 * CHUNK + 512, random(512, 2)); // a copied chunk in the middle
    volume.zero(20 * CHUNK, 3 * CHUNK);
    Random random = new Random(3);
    int read = 0;
    for (int i = 0; i < 2000; i++) {
      long offset = 512L * random.nextInt((int) (SIZE / 512));
      int length = (int) Math.min(SIZE - offset, 512L * (1 + random.nextInt(128)));
      ByteBuffer found = now(offset, length);
      if (found != null) {
        ByteBuffer expected = ByteBuffer.allocate(length);
        volume.read(offset, expected);
        assertThat(found).isEqualTo(expected.flip());
        read++;
      }
    }
    assertThat(read).isGreaterThan(1000);
  }

  @Test
  void chunksInARowAreReadAndOthersAreNot() throws IOException {
    volume.write(0, random(8 * CHUNK, 1));
    assertThat(now(512, 6 * CHUNK)).isEqualTo(random(8 * CHUNK, 1).slice(512, 6 * CHUNK));
    assertThat(now(7 * CHUNK, 2 * CHUNK)).isNull(); // and a hole
    assertThat(now(9 * CHUNK, 20 * CHUNK)).isEqualTo(ByteBuffer.allocate(20 * CHUNK));
  }

  @Test
  void whatIsNotToBeReadAtOnce() throws IOException {
    volume.write(0, random(CHUNK, 1));
    assertThat(now(SIZE - 512, 1024)).isNull();
    assertThat(now(-512, 512)).isNull();
    assertThat(now(Long.MAX_VALUE - 10, 512)).isNull();
    assertThat(volume.readNow(0, ByteBuffer.allocate(512))).as("not a direct buffer").isFalse();
    pool.deleteVolume(volume);
    assertThat(now(0, 512)).isNull();
    pool.close();
    assertThat(medium.readNow(Medium.Area.CHUNKS, 0, ByteBuffer.allocateDirect(512))).isFalse();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
  }

  @Test
  void aPoolThatVerifiesReadsDoesNotSkipThat() throws IOException {
    volume.write(0, random(CHUNK, 1));
    pool.close();
    medium = FileMedium.open(directory.resolve("pool"));
    pool = Pool.open(medium, PoolOptions.defaults().withVerifiedReads());
    volume = pool.volume("v").orElseThrow();
    assertThat(now(0, 512)).isNull();
  }
}
