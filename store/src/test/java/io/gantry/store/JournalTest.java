package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found on the medium: torn ends are cut off, damage is named, nothing is guessed. */
@NullUnmarked
class JournalTest {
  private static final int FRAME = 4096;
  private static final int CHUNK = 16 << 10;

  @TempDir Path directory;
  private Path place;
  private Path journal;
  private byte[] good;

  /** Three volumes, one frame each. */
  @BeforeEach
  void makePool() throws IOException {
    place = directory.resolve("pool");
    journal = place.resolve("journal");
    try (Pool pool = Pool.create(FileMedium.create(place), CHUNK, PoolOptions.defaults())) {
      for (String name : List.of("a", "b", "c")) {
        pool.createVolume(name, 1 << 20, 512);
      }
    }
    good = Files.readAllBytes(journal);
    // Closing commits once more.
    good = Arrays.copyOf(good, 3 * FRAME);
    Files.write(journal, good);
  }

  private Pool open() throws IOException {
    return Pool.open(FileMedium.open(place), PoolOptions.defaults());
  }

  private List<String> names() throws IOException {
    try (Pool pool = open()) {
      return pool.volumes().stream().map(Volume::name).toList();
    }
  }

  private void assertDamaged(String... words) {
    assertThatThrownBy(this::open)
        .isInstanceOf(CorruptPoolException.class)
        .hasMessageContainingAll(words)
        .hasMessageContaining(place.toString());
    // Nothing was touched, and the lock is free again.
    assertThatThrownBy(this::open).isInstanceOf(CorruptPoolException.class);
  }

  /** An empty one would make an empty pool of it, and its chunks would be used again. */
  @Test
  void aJournalThatIsMissingIsToldAndNotMade() throws IOException {
    Files.delete(journal);
    assertDamaged("the journal is missing");
    assertThat(journal).doesNotExist();
    Files.write(journal, good);
    assertThat(names()).containsExactly("a", "b", "c");
  }

  @Test
  void aPoolWithoutItsRootIsNotTakenForAnEmptyPlace() throws IOException {
    Files.delete(place.resolve("pool"));
    assertThatThrownBy(this::open)
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContainingAll(place.toString(), "its file 'pool' is missing");
    assertThatThrownBy(() -> FileMedium.create(place))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContainingAll(place.toString(), "but not its file 'pool'");
    assertThat(journal).hasBinaryContent(good);
  }

  @Test
  void aTornLastFrameIsCutOffWhateverItsLength() throws IOException {
    for (int length = 0; length < FRAME; length++) {
      ByteBuffer torn = ByteBuffer.wrap(Arrays.copyOf(good, 2 * FRAME + length));
      List<JournalRecord> records = new ArrayList<>();
      SimulatedMedium medium = new SimulatedMedium();
      medium.appendJournal(torn);
      new Journal(medium, poolId()).replay(0, 0, records::add);
      assertThat(records).as("%d bytes", length).hasSize(2);
      assertThat(medium.journalEnd()).isEqualTo(2 * FRAME);
    }
  }

  @Test
  void framesAfterATornOneAreFoundAgain() throws IOException {
    for (int length : new int[] {1, 47, 48, 100, 511, 512, 4095}) {
      Files.write(journal, Arrays.copyOf(good, 2 * FRAME + length));
      try (Pool pool = open()) {
        pool.createVolume("d", 1 << 20, 512);
        pool.createVolume("e", 1 << 20, 512);
      }
      assertThat(names()).as("%d bytes", length).containsExactly("a", "b", "d", "e");
    }
  }

  @Test
  void aTornLastFrameWithAHoleIsCutOff() throws IOException {
    byte[] torn = good.clone();
    Arrays.fill(torn, 2 * FRAME, 2 * FRAME + 64, (byte) 0);
    Files.write(journal, torn);
    assertThat(names()).containsExactly("a", "b");
  }

  @Test
  void aFlippedBitInAnEarlierFrameIsDamage() throws IOException {
    int used = 48 + ByteBuffer.wrap(good).getInt(FRAME + 32);
    for (int at = FRAME; at < FRAME + used; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] bad = good.clone();
        bad[at] ^= (byte) (1 << bit);
        SimulatedMedium medium = new SimulatedMedium();
        medium.appendJournal(ByteBuffer.wrap(bad));
        assertThatThrownBy(() -> new Journal(medium, poolId()).replay(0, 0, _ -> {}))
            .as("byte %d bit %d", at, bit)
            .isInstanceOf(CorruptPoolException.class)
            .hasMessageContaining("damaged at " + FRAME);
        assertThat(medium.journalEnd()).isEqualTo(good.length);
      }
    }
  }

  @Test
  void aMissingOrRepeatedFrameIsDamage() throws IOException {
    byte[] missing = Arrays.copyOf(good, 2 * FRAME);
    System.arraycopy(good, 2 * FRAME, missing, FRAME, FRAME);
    Files.write(journal, missing);
    assertDamaged("damaged at " + FRAME, "found frame 2, expected 1");
    byte[] repeated = good.clone();
    System.arraycopy(good, FRAME, repeated, 2 * FRAME, FRAME);
    Files.write(journal, repeated);
    assertDamaged("damaged at " + 2 * FRAME, "found frame 1, expected 2");
  }

  @Test
  void aJournalOfALaterVersionIsNamed() throws IOException {
    byte[] later = good.clone();
    later[7] = '2';
    seal(later, 0);
    Files.write(journal, later);
    assertDamaged("version 2", "newer");
  }

  @Test
  void aJournalOfAnotherPoolIsNamedAndKept() throws IOException {
    UUID own = poolId();
    Path other = directory.resolve("other");
    try (Pool pool = Pool.create(FileMedium.create(other), CHUNK, PoolOptions.defaults())) {
      pool.createVolume("x", 1 << 20, 512);
    }
    byte[] foreign = Files.readAllBytes(other.resolve("journal"));
    Files.write(journal, foreign);
    assertDamaged("belongs to the pool", own.toString());
    assertThat(Files.readAllBytes(journal)).isEqualTo(foreign);
  }

  @Test
  void aRecordThatMakesNoSenseIsDamage() throws IOException {
    byte[] bad = good.clone();
    bad[FRAME + 48] = 99; // type of the first record
    seal(bad, FRAME);
    Files.write(journal, bad);
    assertDamaged("frame at " + FRAME, "record at +49", "unknown journal record type 99");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 8, 23, 27, 31, 63, 95})
  void aFlippedBitInTheRootIsDamage(int at) throws IOException {
    byte[] root = Files.readAllBytes(place.resolve("pool"));
    root[at] ^= 1;
    Files.write(place.resolve("pool"), root);
    assertDamaged("root record", "damaged");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 11, 96, 127, 129})
  void aRootOfAnotherLengthIsDamage(int length) throws IOException {
    byte[] root = Files.readAllBytes(place.resolve("pool"));
    Files.write(place.resolve("pool"), Arrays.copyOf(root, length));
    assertDamaged("root record");
  }

  @Test
  void aRootOfALaterVersionIsNamed() throws IOException {
    byte[] root = Arrays.copyOf(Files.readAllBytes(place.resolve("pool")), 128);
    root[7] = '3';
    CRC32C crc = new CRC32C();
    crc.update(root, 0, root.length - 4);
    ByteBuffer.wrap(root).putInt(root.length - 4, (int) crc.getValue());
    Files.write(place.resolve("pool"), root);
    assertDamaged("version 3", "newer");
  }

  @Test
  void aSecondOpenerIsKeptOut() throws IOException {
    try (Pool pool = open()) {
      assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("in use");
      assertThat(pool.volumes()).hasSize(3);
    }
    assertThat(names()).hasSize(3);
  }

  @Test
  void creatingNeverOverwrites() throws IOException {
    assertThatThrownBy(() -> FileMedium.create(place))
        .isInstanceOf(FileAlreadyExistsException.class);
    byte[] root = Files.readAllBytes(place.resolve("pool"));
    Files.delete(place.resolve("pool"));
    assertThatThrownBy(() -> FileMedium.create(place))
        .isInstanceOf(FileAlreadyExistsException.class);
    Files.write(place.resolve("pool"), root);
    assertThat(names()).containsExactly("a", "b", "c");
  }

  @Test
  void aCreationThatWasInterruptedIsDoneAgain() throws IOException {
    Path fresh = directory.resolve("fresh");
    FileMedium.create(fresh).close();
    try (Pool pool = Pool.create(FileMedium.create(fresh), CHUNK, PoolOptions.defaults())) {
      assertThat(pool.volumes()).isEmpty();
    }
  }

  private UUID poolId() throws IOException {
    ByteBuffer root = ByteBuffer.wrap(Files.readAllBytes(place.resolve("pool")));
    return new UUID(root.getLong(8), root.getLong(16));
  }

  /** Gives a changed frame a good CRC. */
  private static void seal(byte[] journal, int at) {
    ByteBuffer b = ByteBuffer.wrap(journal);
    b.putInt(at + 36, 0);
    CRC32C crc = new CRC32C();
    crc.update(journal, at, 48 + b.getInt(at + 32));
    b.putInt(at + 36, (int) crc.getValue());
  }
}
