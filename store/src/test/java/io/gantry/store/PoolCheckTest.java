package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
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
    damageJournal();
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

  private void damageJournal() throws IOException {
    try (RandomAccessFile journal = new RandomAccessFile(file("journal"), "rw")) {
      journal.seek(60);
      int old = journal.read();
      journal.seek(60);
      journal.write(old ^ 4);
    }
  }

  private void checkpoint() throws IOException {
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      pool.checkpoint();
    }
  }

  @Test
  void everyByteOfACheckpointIsCoveredOrFree() throws IOException {
    checkpoint();
    byte[] good = Files.readAllBytes(directory.resolve("pages"));
    int found = 0;
    for (int at = 0; at < good.length; at += 61) {
      byte[] bad = good.clone();
      bad[at] ^= 1;
      Files.write(directory.resolve("pages"), bad);
      PoolCheck check = check();
      if (!check.isConsistent()) {
        found++;
        assertThat(check.findings())
            .singleElement()
            .asString()
            .contains("pages at " + at / PageImage.BYTES * PageImage.BYTES, "checksum");
      }
    }
    assertThat(found).as("all slots are in use").isEqualTo((good.length + 60) / 61);
  }

  @Test
  void anOldImageInASlotIsFound() throws IOException {
    checkpoint();
    byte[] first = Files.readAllBytes(directory.resolve("pages"));
    for (int i = 0; i < 3; i++) {
      try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
        pool.volume("v").orElseThrow().write(0, ByteBuffer.allocate(512));
        pool.checkpoint();
      }
    }
    // The disk lost the writes of every slot that the first checkpoint had, too.
    byte[] now = Files.readAllBytes(directory.resolve("pages"));
    System.arraycopy(first, 0, now, 0, first.length);
    Files.write(directory.resolve("pages"), now);
    assertThat(check().findings()).singleElement().asString().contains("checkpoint");
  }

  @Test
  void aCutOffPagesFileIsFound() throws IOException {
    checkpoint();
    try (RandomAccessFile pages = new RandomAccessFile(file("pages"), "rw")) {
      pages.setLength(PageImage.BYTES);
    }
    assertThat(check().isConsistent()).isFalse();
  }

  @Test
  void aJournalThatMissesItsBeginningIsFound() throws IOException {
    checkpoint();
    Files.move(directory.resolve("journal"), directory.resolve("journal-0000000000010000"));
    assertThat(check().findings()).singleElement().asString().contains("the journal has bytes");
  }

  @Test
  void aSilentlyChangedChunkIsFoundAndNamed() throws IOException {
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      pool.scrub(0, (_, _) -> true);
    }
    try (FileMedium medium = FileMedium.open(directory)) {
      PoolCheck check = PoolCheck.withChunks(medium, PoolOptions.defaults(), (_, _) -> true);
      assertThat(check.findings()).isEmpty();
      assertThat(check.verifiedChunks()).isEqualTo(36);
    }
    try (RandomAccessFile chunks = new RandomAccessFile(file("chunks"), "rw")) {
      chunks.seek(20 * CHUNK + 5);
      int old = chunks.read();
      chunks.seek(20 * CHUNK + 5);
      chunks.write(old ^ 128);
    }
    assertThat(check().findings()).isEmpty();
    try (FileMedium medium = FileMedium.open(directory)) {
      assertThat(PoolCheck.withChunks(medium, PoolOptions.defaults(), (_, _) -> true).findings())
          .singleElement()
          .asString()
          .contains("snapshot v@s: byte " + 20 * CHUNK, "chunk 20", "should be");
    }
  }

  @Test
  void aRepairCutsTheTornEndGivesRoomBackAndShortensTheJournal() throws IOException {
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      Volume volume = pool.createVolume("large", 400L * CHUNK, 512);
      volume.write(0, ByteBuffer.allocate(400 * CHUNK));
      pool.deleteVolume(volume);
      // The room is not given back any more if the process dies here; the copy is as it was then.
    }
    try (RandomAccessFile journal = new RandomAccessFile(file("journal"), "rw")) {
      journal.seek(journal.length());
      journal.write(new byte[5000]);
    }
    List<String> done;
    try (FileMedium medium = FileMedium.open(directory)) {
      done = PoolCheck.repair(medium, PoolOptions.defaults());
    }
    assertThat(done)
        .hasSize(3)
        .satisfiesExactly(
            cut -> assertThat(cut).contains("torn end"),
            room -> assertThat(room).contains("6,553,600 bytes of free chunks"),
            checkpoint -> assertThat(checkpoint).contains("a checkpoint was written"));
    PoolCheck check = check();
    assertThat(check.findings()).isEmpty();
    assertThat(check.notes()).isEmpty();
    assertThat(check.usedChunks()).isEqualTo(36);
  }

  @Test
  void aPoolWithFindingsIsNotRepaired() throws IOException {
    damageJournal();
    byte[] before = Files.readAllBytes(directory.resolve("journal"));
    try (FileMedium medium = FileMedium.open(directory)) {
      assertThatThrownBy(() -> PoolCheck.repair(medium, PoolOptions.defaults()))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(Files.readAllBytes(directory.resolve("journal"))).isEqualTo(before);
  }

  private java.io.File file(String name) {
    return directory.resolve(name).toFile();
  }
}
