package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a check says of pools that are whole, torn and damaged. */
class PoolCheckTest {
  private static final int CHUNK = 16 << 10;

  @TempDir Path directory;

  @BeforeEach
  void makePool() throws IOException {
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", 100L * CHUNK, 512);
      byte[] bytes = new byte[30 * CHUNK];
      new Random(1).nextBytes(bytes);
      volume.write(0, ByteBuffer.wrap(bytes));
      pool.createSnapshot(volume, "s");
      volume.write(CHUNK + 512, ByteBuffer.wrap(bytes, 0, 5 * CHUNK));
      Token token =
          pool.freeze(volume, List.of(new Extent(0, 10 * CHUNK)), 1_000_000).orElseThrow();
      pool.copy(token, 0, volume, 50 * CHUNK, 10 * CHUNK);
    }
  }

  private PoolCheck check() throws IOException {
    try (FileMedium medium = FileMedium.open(directory)) {
      return PoolCheck.of(medium, PoolOptions.defaults());
    }
  }

  @Test
  void aWholePoolHasNoFindings() throws IOException {
    PoolCheck check = check();
    assertThat(check.findings()).isEmpty();
    assertThat(check.notes()).isEmpty();
    assertThat(check.volumes()).isEqualTo(1);
    assertThat(check.snapshots()).isEqualTo(1);
    assertThat(check.tokens()).isEqualTo(1);
    assertThat(check.usedChunks()).isEqualTo(36); // 30, and 6 copied on write
  }

  @Test
  void aTornEndIsANoteAndStaysAsItIs() throws IOException {
    try (RandomAccessFile journal = new RandomAccessFile(file("journal"), "rw")) {
      journal.seek(journal.length());
      journal.write(new byte[5000]);
    }
    long before = directory.resolve("journal").toFile().length();
    PoolCheck check = check();
    assertThat(check.isConsistent()).isTrue();
    assertThat(check.notes()).singleElement().asString().contains("torn frame");
    assertThat(directory.resolve("journal").toFile().length()).isEqualTo(before);
  }

  @Test
  void aChunksFileThatWasCutOffIsFound() throws IOException {
    try (RandomAccessFile chunks = new RandomAccessFile(file("chunks"), "rw")) {
      chunks.setLength(20 * CHUNK);
    }
    assertThat(check().findings())
        .anySatisfy(finding -> assertThat(finding).contains("snapshot v@s names chunk 29"));
  }

  @Test
  void aDamagedJournalIsFoundWithItsOffset() throws IOException {
    try (RandomAccessFile journal = new RandomAccessFile(file("journal"), "rw")) {
      journal.seek(60);
      int old = journal.read();
      journal.seek(60);
      journal.write(old ^ 4);
    }
    assertThat(check().findings())
        .singleElement()
        .asString()
        .contains(directory.toString(), "damaged at 0");
  }

  @Test
  void aDamagedRootIsFound() throws IOException {
    try (RandomAccessFile root = new RandomAccessFile(file("pool"), "rw")) {
      root.seek(30);
      root.write(1);
    }
    assertThat(check().findings()).singleElement().asString().contains("root record");
  }

  private java.io.File file(String name) {
    return directory.resolve(name).toFile();
  }
}
