package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pool of format version 1 as it was once written, with every kind of journal record. Every later
 * Gantry must open it and find this in it; the files are never made again.
 */
class GoldenPoolTest {
  private static final int CHUNK = 16 << 10;
  private static final long TOKEN = -7257250668169246951L;
  private static final long DELETED_TOKEN = -4190769277300674572L;

  @TempDir Path directory;

  @BeforeEach
  void unpack() throws IOException {
    for (String file : new String[] {"pool", "journal.gz", "chunks.gz"}) {
      try (InputStream resource =
              Objects.requireNonNull(getClass().getResourceAsStream("/golden-pool-1/" + file));
          InputStream in = file.endsWith(".gz") ? new GZIPInputStream(resource) : resource) {
        Files.copy(in, directory.resolve(file.replace(".gz", "")));
      }
    }
  }

  private Pool open() throws IOException {
    return Pool.open(FileMedium.open(directory), PoolOptions.defaults());
  }

  /** Block i of a pattern holds the byte seed + i. */
  private static byte[] pattern(int seed, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (seed + i / 512);
    }
    return bytes;
  }

  private static byte[] read(Pool pool, String volume, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    pool.volume(volume).orElseThrow().read(offset, bytes);
    return bytes.array();
  }

  @Test
  void everythingIsThere() throws IOException {
    byte[] before = pattern(1, 3 * CHUNK);
    byte[] now = before.clone();
    System.arraycopy(pattern(100, 1024), 0, now, CHUNK + 512, 1024);
    java.util.Arrays.fill(now, 2 * CHUNK, 3 * CHUNK, (byte) 0);
    try (Pool pool = open()) {
      assertThat(pool.chunkBytes()).isEqualTo(CHUNK);
      assertThat(pool.volumes())
          .extracting(Volume::name)
          .containsExactly("system", "copy", "rolled");
      assertThat(pool.volumes()).extracting(Volume::lun).containsExactly(0, 1, 3);
      assertThat(read(pool, "system", 0, 3 * CHUNK)).isEqualTo(now);
      byte[] copied = java.util.Arrays.copyOfRange(now, CHUNK, 2 * CHUNK);
      assertThat(read(pool, "system", 1 << 29, CHUNK)).isEqualTo(copied);
      assertThat(read(pool, "copy", 0, 3 * CHUNK)).isEqualTo(before);
      assertThat(read(pool, "rolled", 0, 3 * CHUNK)).isEqualTo(now);
      Volume copy = pool.volume("copy").orElseThrow();
      assertThat(copy.sizeBytes()).isEqualTo(2L << 30);
      assertThat(copy.readOnly()).isTrue();
      Volume system = pool.volume("system").orElseThrow();
      assertThat(system.readOnly()).isFalse();
      assertThat(pool.snapshots(system)).extracting(Snapshot::name).containsExactly("before");
      assertThat(pool.ended(DELETED_TOKEN)).contains(Token.End.DELETED);
      Token token = pool.token(TOKEN).orElseThrow();
      assertThat(token.extents()).containsExactly(new Extent(CHUNK, CHUNK), new Extent(0, 512));
      Volume scratch = pool.createVolume("scratch", 2 * CHUNK, 512);
      pool.copy(token, 0, scratch, 0, CHUNK + 512);
      assertThat(read(pool, "scratch", 0, CHUNK)).isEqualTo(copied);
      assertThat(read(pool, "scratch", CHUNK, 512)).isEqualTo(pattern(1, 512));
      pool.verifyReferences();
    }
  }

  @Test
  void aNewerVersionIsRefusedByName() throws IOException {
    byte[] root = Files.readAllBytes(directory.resolve("pool"));
    root[7] = '3';
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(root, 0, 92);
    ByteBuffer.wrap(root).putInt(92, (int) crc.getValue());
    Files.write(directory.resolve("pool"), root);
    assertThatThrownBy(this::open)
        .isInstanceOf(CorruptPoolException.class)
        .hasMessageContaining("version 3")
        .hasMessageContaining(directory.toString());
  }
}
