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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pools of each format version as they were once written: version 1 with every kind of journal
 * record that there was then; version 2 the same pool with a checkpoint, checksums, results and a
 * persistent token in it, and more of them in the journal behind it. Every later Gantry must open
 * them and find this in them; the files are never made again.
 */
class GoldenPoolTest {
  private static final int CHUNK = 16 << 10;
  private static final long TOKEN = -7257250668169246951L;
  private static final long DELETED_TOKEN = -4190769277300674572L;

  @TempDir Path directory;

  private void unpack(int version) throws IOException {
    for (String file : new String[] {"pool", "journal.gz", "chunks.gz", "pages.gz"}) {
      String name = "/golden-pool-%d/%s".formatted(version, file);
      if (version == 1 && file.equals("pages.gz")) {
        continue;
      }
      try (InputStream resource = Objects.requireNonNull(getClass().getResourceAsStream(name));
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

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void everythingIsThere(int version) throws IOException {
    unpack(version);
    byte[] before = pattern(1, 3 * CHUNK);
    byte[] now = before.clone();
    System.arraycopy(pattern(100, 1024), 0, now, CHUNK + 512, 1024);
    java.util.Arrays.fill(now, 2 * CHUNK, 3 * CHUNK, (byte) 0);
    try (Pool pool = open()) {
      assertThat(pool.chunkBytes()).isEqualTo(CHUNK);
      assertThat(pool.volumes()).extracting(Volume::name).startsWith("system", "copy", "rolled");
      assertThat(pool.volumes()).extracting(Volume::lun).startsWith(0, 1, 3);
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
  void whatVersion2CanKeepIsThere() throws IOException {
    unpack(2);
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      assertThat(pool.volumes())
          .extracting(Volume::name)
          .containsExactly("system", "copy", "rolled", "late");
      Volume late = pool.volume("late").orElseThrow();
      assertThat(late.blockBytes()).isEqualTo(4096);
      byte[] kept = pattern(7, 2 * CHUNK);
      byte[] now = kept.clone();
      System.arraycopy(pattern(70, 4096), 0, now, CHUNK, 4096);
      assertThat(read(pool, "late", 1L << 39, 2 * CHUNK)).isEqualTo(now);
      Snapshot snapshot = pool.snapshot(late, "kept").orElseThrow();
      pool.cloneSnapshot(snapshot, "clone");
      assertThat(read(pool, "clone", 1L << 39, 2 * CHUNK)).isEqualTo(kept);
      Token persistent = pool.token(-9018873993658850318L).orElseThrow();
      assertThat(persistent.terms())
          .isEqualTo(new Token.Terms(1_795_263_714_959L, 3_600_000, 0, true));
      assertThat(pool.token(1413029149243106673L).orElseThrow().lengthBytes()).isEqualTo(4096);
      Scrub.Report scrub = pool.scrub(0, (_, _) -> true);
      assertThat(scrub.findings()).isEmpty();
      assertThat(scrub.verifiedChunks()).as("of the checkpoint, and of the journal").isEqualTo(7);
      pool.verifyReferences();
    }
  }

  /** Version 1 becomes version 2 with its first checkpoint. */
  @Test
  void anOldPoolIsUpgradedByACheckpoint() throws IOException {
    unpack(1);
    try (Pool pool = open()) {
      pool.checkpoint();
    }
    assertThat(Files.readAllBytes(directory.resolve("pool"))[7]).isEqualTo((byte) '2');
    try (Pool pool = open()) {
      assertThat(pool.volumes())
          .extracting(Volume::name)
          .containsExactly("system", "copy", "rolled");
      assertThat(read(pool, "copy", 0, 3 * CHUNK)).isEqualTo(pattern(1, 3 * CHUNK));
      assertThat(pool.token(TOKEN)).isPresent();
      pool.verifyReferences();
    }
  }

  @Test
  void aNewerVersionIsRefusedByName() throws IOException {
    unpack(1);
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
