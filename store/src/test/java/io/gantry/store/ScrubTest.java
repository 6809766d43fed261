package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is frozen gets checksums, and what a disk makes of it is found and named. */
@NullUnmarked
@Timeout(60)
class ScrubTest {
  private static final int CHUNK = 16 << 10;

  @TempDir Path directory;

  private Pool open(PoolOptions options) throws IOException {
    return FileMedium.exists(directory)
        ? Pool.open(FileMedium.open(directory), options)
        : Pool.create(FileMedium.create(directory), CHUNK, options);
  }

  private Pool open() throws IOException {
    return open(PoolOptions.defaults());
  }

  private static ByteBuffer bytes(int value, int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  /** A volume of 100 chunks, of which the first 40 are written, and a snapshot of it. */
  private static Volume golden(Pool pool) throws IOException {
    Volume volume = pool.createVolume("win", 100 * CHUNK, 512);
    for (int i = 0; i < 40; i++) {
      volume.write((long) i * CHUNK, bytes(i + 1, CHUNK));
    }
    pool.createSnapshot(volume, "golden");
    return volume;
  }

  private static Scrub.Report scrub(Pool pool) throws IOException {
    return pool.scrub(0, (_, _) -> true);
  }

  /** Flips a bit of the chunk space as a bad disk would. */
  private void flip(long position) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("chunks"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      file.read(one, position);
      one.put(0, (byte) (one.get(0) ^ 4)).flip();
      file.write(one, position);
    }
  }

  private static byte[] read(Volume volume, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    volume.read(offset, bytes);
    return bytes.array();
  }

  @Test
  void whatIsFrozenIsSummedOnceAndVerifiedAfterwards() throws IOException {
    try (Pool pool = open()) {
      golden(pool);
      Volume own = pool.createVolume("own", 10 * CHUNK, 512);
      own.write(0, bytes(9, 5 * CHUNK));
      Scrub.Report first = scrub(pool);
      assertThat(first.findings()).isEmpty();
      assertThat(first.finished()).isTrue();
      assertThat(first.readBytes()).isEqualTo(45 * CHUNK);
      assertThat(first.summedChunks()).isEqualTo(40);
      assertThat(first.verifiedChunks()).isZero();
      Scrub.Report second = scrub(pool);
      assertThat(second.summedChunks()).isZero();
      assertThat(second.verifiedChunks()).isEqualTo(40);
    }
  }

  @Test
  void aFlippedBitOfAGoldenImageIsNamedAlsoAfterARestart() throws IOException {
    try (Pool pool = open()) {
      golden(pool);
      scrub(pool);
    }
    for (boolean checkpoint : new boolean[] {false, true}) {
      try (Pool pool = open()) {
        if (checkpoint) {
          pool.checkpoint();
        }
      }
    }
    flip(17L * CHUNK + 1234);
    try (Pool pool = open(PoolOptions.defaults().withVerifiedReads())) {
      assertThat(scrub(pool).findings())
          .singleElement()
          .asString()
          .startsWith("snapshot win@golden: byte 278528 and on (chunk 17, chunks at 278528)")
          .contains("should be");
      Volume volume = pool.volume("win").orElseThrow();
      assertThat(read(volume, 16L * CHUNK, CHUNK)).containsOnly(17);
      assertThatThrownBy(() -> read(volume, 17L * CHUNK + 512, 512))
          .isInstanceOf(CorruptPoolException.class)
          .hasMessageContaining("chunk 17");
      // Nor is the damage copied into a new chunk, where it would be right for ever.
      assertThatThrownBy(() -> volume.write(17L * CHUNK, bytes(1, 512)))
          .isInstanceOf(CorruptPoolException.class);
      volume.write(17L * CHUNK, bytes(1, CHUNK));
      assertThat(read(volume, 17L * CHUNK, CHUNK)).containsOnly(1);
    }
  }

  @Test
  void aChunkWithAChecksumIsCopiedNotWrittenInPlace() throws IOException {
    try (Pool pool = open()) {
      Volume volume = golden(pool);
      scrub(pool);
      pool.deleteSnapshot(pool.snapshot(volume, "golden").orElseThrow());
      pool.metadata.reclaim();
      volume.write(0, bytes(77, 512));
      pool.metadata.reclaim();
      assertThat(read(volume, 0, 1024)).startsWith(bytes(77, 512).array()).endsWith(1);
      assertThat(scrub(pool).findings()).isEmpty();
      // The new chunk is the volume's alone: in place from now on, and free of checksums.
      long used = pool.statistics().usedChunks();
      volume.write(512, bytes(78, 512));
      pool.metadata.reclaim();
      assertThat(pool.statistics().usedChunks()).isEqualTo(used).isEqualTo(40);
      pool.verifyReferences();
    }
    try (Pool pool = open()) {
      assertThat(scrub(pool).findings()).isEmpty();
    }
  }

  @Test
  void aChunkThatIsUsedAgainLosesItsChecksum() throws IOException {
    try (Pool pool = open()) {
      Volume volume = golden(pool);
      scrub(pool);
      pool.deleteSnapshot(pool.snapshot(volume, "golden").orElseThrow());
      pool.deleteVolume(volume);
      pool.metadata.reclaim();
      Volume other = pool.createVolume("other", 100 * CHUNK, 512);
      other.write(0, bytes(5, 40 * CHUNK));
      pool.createSnapshot(other, "s");
      Scrub.Report report = scrub(pool);
      assertThat(report.findings()).isEmpty();
      assertThat(report.summedChunks()).isEqualTo(40);
    }
  }

  /** A chunk that is written in place while it is read to be summed gets no checksum. */
  @Test
  void aChunkThatChangesUnderTheScrubIsNotSummed() throws IOException {
    HookedMedium medium = new HookedMedium(FileMedium.create(directory));
    try (Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", 10 * CHUNK, 512);
      volume.write(0, bytes(1, CHUNK));
      pool.createSnapshot(volume, "s");
      medium.hook =
          operation -> {
            if (operation == HookedMedium.Operation.READ) {
              medium.hook = _ -> {};
              changeInPlace(pool, volume);
            }
          };
      Scrub.Report report = scrub(pool);
      assertThat(report.summedChunks()).isZero();
      assertThat(scrub(pool).summedChunks()).isEqualTo(1);
      assertThat(scrub(pool).findings()).isEmpty();
    }
  }

  /**
   * Deletes the snapshot, writes, and makes another. Without waiting for a commit, which would wait
   * for the scrub: its effects are brought about by hand, as if it had been between two reads.
   */
  private static void changeInPlace(Pool pool, Volume volume) throws IOException {
    int first = pool.snapshot(volume, "s").orElseThrow().id();
    pool.metadata.locked(() -> {
      pool.metadata.change(new JournalRecord.SnapshotDeleted(first));
      for (var left = pool.metadata.space.takeReleased(); !left.isEmpty(); ) {
        pool.metadata.space.settle(left);
      }
      return null;
    });
    long used = pool.statistics().usedChunks();
    volume.write(0, bytes(2, 512));
    assertThat(pool.statistics().usedChunks()).as("written in place").isEqualTo(used);
    pool.metadata.locked(() -> {
      int second = first + 1;
      pool.metadata.change(new JournalRecord.SnapshotCreated(second, volume.id(), "t", 0));
      return null;
    });
  }

  @Test
  void aScrubThatIsToldToStopSaysSo() throws IOException {
    try (Pool pool = open()) {
      golden(pool);
      Scrub.Report report = pool.scrub(0, (_, _) -> false);
      assertThat(report.finished()).isFalse();
      assertThat(report.readBytes()).isLessThan(41L * CHUNK);
    }
  }

  /** At a byte a second it would wait for days. */
  @Test
  void aScrubThatWaitsIsToldToStop() throws IOException {
    try (Pool pool = open()) {
      golden(pool);
      int[] asked = {0};
      Scrub.Report report = pool.scrub(1, (_, _) -> ++asked[0] < 3);
      assertThat(report.finished()).isFalse();
      assertThat(asked[0]).isEqualTo(3);
    }
  }

  @Test
  void whatCannotBeReadIsNamedAndTheRestIsRead() throws IOException {
    HookedMedium medium = new HookedMedium(FileMedium.create(directory));
    try (Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults())) {
      golden(pool);
      int[] reads = {0};
      medium.hook =
          operation -> {
            if (operation == HookedMedium.Operation.READ && reads[0]++ < 2) {
              throw new IOException("bad sector");
            }
          };
      Scrub.Report report = scrub(pool);
      assertThat(report.findings())
          .singleElement()
          .asString()
          .contains("win@golden")
          .endsWith("cannot be read: bad sector");
      assertThat(report.finished()).isTrue();
      assertThat(List.of(report.readBytes())).containsExactly(40L * CHUNK);
    }
  }

  /** What a snapshot shared is looked at in its volume if the snapshot goes in between. */
  @Test
  void aSnapshotThatGoesMeanwhileLeavesTheRestToOthers() throws IOException {
    try (Pool pool = open()) {
      Volume volume = pool.createVolume("v", 3L * Page.ENTRIES * CHUNK, 512);
      for (int leaf = 0; leaf < 3; leaf++) {
        volume.write((long) leaf * Page.ENTRIES * CHUNK, bytes(leaf + 1, CHUNK));
      }
      Snapshot going = pool.createSnapshot(volume, "going");
      pool.createSnapshot(volume, "staying");
      boolean[] gone = {false};
      Scrub.Report report =
          pool.scrub(
              0,
              (_, _) -> {
                if (!gone[0]) {
                  gone[0] = true;
                  try {
                    pool.deleteSnapshot(going);
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }
                return true;
              });
      assertThat(report.summedChunks()).isEqualTo(3);
    }
  }
}
