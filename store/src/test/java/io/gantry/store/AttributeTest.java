package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HexFormat;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that a volume keeps for somebody. */
@NullUnmarked
class AttributeTest {
  private static final byte[] SOME = {1, 2, 3};

  @TempDir Path directory;

  private Pool pool;
  private Volume volume;

  @BeforeEach
  void make() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    volume = pool.createVolume("v", 1 << 20, 512);
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
    PoolCheck check =
        PoolCheck.of(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    assertThat(check.findings()).isEmpty();
  }

  private void restart() throws IOException {
    pool.close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    volume = pool.volume("v").orElse(null);
  }

  @Test
  void surviveARestartAndACheckpoint() throws IOException {
    assertThat(pool.attribute(volume, "a")).isEmpty();
    pool.setAttribute(volume, "a", SOME);
    byte[] long64K = new byte[Pool.MAX_ATTRIBUTE_BYTES];
    long64K[0xFFFE] = 7;
    pool.setAttribute(volume, "long", long64K);
    restart();
    assertThat(pool.attribute(volume, "a")).isEqualTo(SOME);
    pool.checkpoint();
    restart();
    assertThat(pool.attribute(volume, "a")).isEqualTo(SOME);
    assertThat(pool.attribute(volume, "long")).isEqualTo(long64K);
    pool.setAttribute(volume, "a", new byte[0]);
    pool.setAttribute(volume, "long", SOME);
    restart();
    assertThat(pool.attribute(volume, "a")).isEmpty();
    assertThat(pool.attribute(volume, "long")).isEqualTo(SOME);
  }

  @Test
  void belongToOneVolume() throws IOException {
    pool.setAttribute(volume, "a", SOME);
    Volume clone = pool.cloneVolume(volume, "clone");
    assertThat(pool.attribute(clone, "a")).isEmpty();
    pool.deleteVolume(volume);
    assertThatThrownBy(() -> pool.setAttribute(volume, "a", SOME))
        .isInstanceOf(VolumeGoneException.class);
    pool.checkpoint();
    restart();
    assertThat(pool.volumes()).hasSize(1);
  }

  @Test
  void areBoundedAndCopied() throws IOException {
    byte[] mine = SOME.clone();
    pool.setAttribute(volume, "a", mine);
    mine[0] = 9;
    pool.attribute(volume, "a")[1] = 9;
    assertThat(pool.attribute(volume, "a")).isEqualTo(SOME);
    for (int i = 1; i < 16; i++) {
      pool.setAttribute(volume, "a" + i, SOME);
    }
    assertThatThrownBy(() -> pool.setAttribute(volume, "one more", SOME))
        .hasMessage("volume v has 16 attributes already");
    assertThatThrownBy(() -> pool.setAttribute(volume, "a", new byte[0x10000]))
        .hasMessageContaining("65536 bytes");
    pool.setAttribute(volume, "a", SOME);
  }

  @Test
  void recordsAreAsTheyAreDocumented() {
    RecordOutput journal = new RecordOutput();
    new JournalRecord.AttributeSet(5, "ab", SOME).encode(journal);
    assertThat(bytes(journal)).isEqualTo("13" + "00000005" + "00026162" + "0003010203");
    RecordOutput catalog = new RecordOutput();
    new CheckpointRecord.AttributeState(5, "ab", SOME).encode(catalog);
    assertThat(bytes(catalog)).isEqualTo("08" + "00000005" + "00026162" + "0003010203");
  }

  private static String bytes(RecordOutput out) {
    ByteBuffer content = out.content();
    byte[] bytes = new byte[content.remaining()];
    content.get(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void aListOfVolumesThatChangesIsNoticed() throws IOException {
    int before = pool.inventory();
    pool.renameVolume(volume, "w");
    assertThat(pool.inventory()).isNotEqualTo(before);
    before = pool.inventory();
    pool.resizeVolume(volume, 2 << 20, false);
    assertThat(pool.inventory()).isEqualTo(before);
    Volume other = pool.createVolume("other", 512, 512);
    assertThat(pool.inventory()).isNotEqualTo(before);
    before = pool.inventory();
    pool.deleteVolume(other);
    assertThat(pool.inventory()).isNotEqualTo(before);
  }
}
