package io.gantry.copy;

import static io.gantry.copy.Disks.MIB;
import static io.gantry.copy.Disks.asksForPage;
import static io.gantry.copy.Disks.is;
import static io.gantry.copy.Disks.noise;
import static io.gantry.copy.Disks.read;
import static io.gantry.copy.Disks.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holes are not read, and become holes. */
@NullUnmarked
class HolesTest {
  private static final int SIZE = 48 * MIB;

  @TempDir private Path directory;
  private Disks disks;
  private Disks.Array array;
  private Volume sparse;
  private Volume full;

  @BeforeEach
  void makeVolumes() throws IOException {
    disks = new Disks(directory);
    array = disks.array("pool");
    sparse = array.volume("sparse", SIZE);
    write(sparse, 5 * MIB, noise(MIB, 1));
    write(sparse, 33L * MIB + 512, noise(4096, 2));
    full = array.volume("full", SIZE);
    write(full, 0, noise(SIZE, 3));
  }

  @AfterEach
  void close() throws Exception {
    disks.close();
  }

  private static CopyResult copy(CopyEnd from, CopyEnd to) throws IOException {
    return new Copier(from, to, CopyProgress.NONE, System::nanoTime)
        .run(new CopyRequest(0, OptionalLong.empty(), 0, CopyMethod.RW, true));
  }

  @Test
  void holesOfAVolumeAreZerosAndHolesOfAnother() throws IOException {
    DiskEnd source = array.end(sparse);

    CopyResult result = copy(source, array.end(full));

    long data = MIB + 64L * 1024; // in chunks
    assertThat(result.bytesMoved()).isEqualTo(data);
    assertThat(result.bytesZeroed()).isEqualTo(SIZE - data);
    CopyResult.Comparison comparison = result.comparison().orElseThrow();
    assertThat(comparison.bytesRead()).isBetween(data, 2L * MIB);
    assertThat(comparison.bytesRead() + comparison.bytesOfHoles()).isEqualTo(SIZE);
    assertThat(read(full)).isEqualTo(read(sparse));
    assertThat(full.usage().mappedBytes()).isEqualTo(data);
  }

  @Test
  void everyWayToZeroGivesZeros() throws IOException {
    Predicate<ScsiRequest> unmap =
        request -> is(request, Command.WRITE_SAME_16) && (request.cdb()[1] & 8) != 0;
    Predicate<ScsiRequest> writeSame = request -> is(request, Command.WRITE_SAME_16);
    Predicate<ScsiRequest> token = request -> is(request, Command.WRITE_USING_TOKEN);
    Predicate<ScsiRequest> page = request -> asksForPage(request, 0x8F);
    for (Predicate<ScsiRequest> refused :
        List.of(unmap, unmap.or(token), writeSame.or(token), writeSame.or(page))) {
      write(full, 0, noise(SIZE, 4));
      DiskEnd destination =
          array.end(
              full,
              request ->
                  refused.test(request) ? ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB) : null);

      copy(array.end(sparse), destination);

      assertThat(read(full)).isEqualTo(read(sparse));
    }
  }

  @Test
  void aTargetThatTellsNoHolesIsReadWhole() throws IOException {
    DiskEnd source =
        array.end(
            sparse,
            request ->
                is(request, Command.GET_LBA_STATUS)
                    ? ScsiResponse.check(Sense.INVALID_OPERATION_CODE)
                    : null);

    CopyResult result = copy(source, array.end(full));

    assertThat(result.bytesMoved()).isEqualTo(SIZE);
    assertThat(read(full)).isEqualTo(read(sparse));
    assertThat(full.usage().mappedBytes()).as("runs of zeros").isLessThan(2L * MIB);
  }

  /** A status that does not start at the block that was asked for could hide data. */
  @Test
  void anAnswerAboutOtherBlocksIsNotBelieved() throws IOException {
    DiskEnd source =
        array.end(
            sparse,
            request -> {
              if (!is(request, Command.GET_LBA_STATUS)) {
                return null;
              }
              request.dataIn().putLong(8, 12345).putInt(16, 1 << 30).put(20, (byte) 1);
              return ScsiResponse.good(24);
            });

    assertThat(copy(source, array.end(full)).bytesZeroed()).isZero();
    assertThat(read(full)).isEqualTo(read(sparse));
  }

  @Test
  void holesOfAFileAreHolesOfAVolumeAndBack() throws IOException {
    Path in = sparseFile("in");
    try (FileEnd source = FileEnd.openSource(in)) {
      assumeThat(source.allocation(0, SIZE).isHole()).as("the file system has holes").isTrue();
      CopyResult result = copy(source, array.end(full));
      assertThat(result.bytesZeroed()).isGreaterThan(SIZE / 2);
    }
    assertThat(read(full, 0, SIZE)).isEqualTo(Files.readAllBytes(in));

    Path out = directory.resolve("out");
    try (FileEnd destination = FileEnd.create(out)) {
      CopyResult result = copy(array.end(full), destination);
      assertThat(result.bytesMoved()).isLessThan(2L * MIB);
    }
    assertThat(out).hasSameBinaryContentAs(in);
    try (FileEnd written = FileEnd.openSource(out)) {
      assertThat(written.allocation(0, SIZE).isHole()).isTrue();
    }
  }

  @Test
  void aHoleReplacesWhatAFileHeld() throws IOException {
    Path in = sparseFile("in");
    Path out = Files.write(directory.resolve("out"), noise(SIZE + 1000, 5));
    byte[] behind = noise(SIZE + 1000, 5);
    try (FileEnd source = FileEnd.openSource(in);
        FileEnd destination = FileEnd.openDestination(out)) {
      copy(source, destination);
    }
    System.arraycopy(Files.readAllBytes(in), 0, behind, 0, SIZE);
    assertThat(out).hasBinaryContent(behind);
  }

  private Path sparseFile(String name) throws IOException {
    Path path = directory.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(7L * MIB + 100);
      file.write(noise(5000, 6));
      file.setLength(SIZE);
    }
    return path;
  }
}
