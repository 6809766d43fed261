package io.gantry.copy;

import static io.gantry.copy.Disks.MIB;
import static io.gantry.copy.Disks.asksForPage;
import static io.gantry.copy.Disks.is;
import static io.gantry.copy.Disks.isExtendedCopy;
import static io.gantry.copy.Disks.noise;
import static io.gantry.copy.Disks.read;
import static io.gantry.copy.Disks.write;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies between volumes of real pools and files. */
@NullUnmarked
class CopierTest {
  private static final List<CopyMethod> METHODS =
      List.of(CopyMethod.AUTO, CopyMethod.ODX, CopyMethod.RW);

  @TempDir private Path directory;

  private final AtomicLong clock = new AtomicLong();

  private Disks disks;
  private Disks.Array pool;

  @BeforeEach
  void makePool() throws IOException {
    disks = new Disks(directory);
    pool = disks.array("pool");
  }

  @AfterEach
  void closePools() throws Exception {
    disks.close();
  }

  private CopyResult copy(CopyEnd from, CopyEnd to, CopyRequest request) throws IOException {
    return new Copier(from, to, CopyProgress.NONE, () -> clock.addAndGet(1_000)).run(request);
  }

  @Test
  void volumesOfOnePoolAreOffloadedAndShared() throws IOException {
    byte[] content = noise(5 * MIB, 1);
    Volume from = pool.volume("from", 5 * MIB, 512);
    Volume to = pool.volume("to", 5 * MIB, 512);
    write(from, 0, content);
    long chunksBefore = pool.pool().statistics().usedChunks();

    CopyResult result = copy(pool.end(from), pool.end(to), CopyRequest.everything(CopyMethod.AUTO));

    assertThat(result.bytesOffloaded()).isEqualTo(5 * MIB);
    assertThat(result.bytesMoved()).isZero();
    assertThat(reasons(result)).isEmpty();
    assertThat(result.traffic().blockBytes()).isZero();
    assertThat(read(to, 0, 5 * MIB)).isEqualTo(content);
    assertThat(pool.pool().statistics().usedChunks()).isEqualTo(chunksBefore);
  }

  @Test
  void partOfAVolumeGoesToAnotherPlace() throws IOException {
    byte[] content = noise(4 * MIB, 2);
    Volume from = pool.volume("from", 4 * MIB, 512);
    Volume to = pool.volume("to", 8 * MIB, 512);
    write(from, 0, content);

    for (CopyMethod method : METHODS) {
      CopyRequest request = new CopyRequest(512, OptionalLong.of(MIB + 512), 3 * MIB, method, true);
      assertThat(copy(pool.end(from), pool.end(to), request).bytes()).isEqualTo(MIB + 512);
      assertThat(read(to, 3 * MIB, MIB + 512))
          .isEqualTo(Arrays.copyOfRange(content, 512, MIB + 1024));
      to.zero(0, 8 * MIB);
    }
  }

  @Test
  void differentPoolsAreReadAndWrittenAndTheReasonIsTold() throws IOException {
    Disks.Array other = disks.array("other");
    byte[] content = noise(3 * MIB + 4096, 3);
    Volume from = pool.volume("from", content.length, 512);
    Volume to = other.volume("to", content.length, 512);
    write(from, 0, content);

    CopyResult result =
        copy(pool.end(from), other.end(to), CopyRequest.everything(CopyMethod.AUTO));

    assertThat(result.bytesOffloaded()).isZero();
    assertThat(result.bytesMoved()).isEqualTo(content.length);
    assertThat(reasons(result))
        .contains("does not accept the token", "STATUS_INVALID_TOKEN", "different targets");
    assertThat(read(to, 0, content.length)).isEqualTo(content);
    assertThatThrownBy(
            () -> copy(pool.end(from), other.end(to), CopyRequest.everything(CopyMethod.ODX)))
        .isInstanceOf(CopyException.class)
        .hasMessageContaining("does not accept the token")
        .hasMessageContaining("at byte 0 of the copy");
  }

  @Test
  void aTargetWithoutOffloadIsReadAndWritten() throws IOException {
    byte[] content = noise(2 * MIB, 4);
    Volume from = pool.volume("from", content.length, 512);
    Volume to = pool.volume("to", content.length, 512);
    write(from, 0, content);
    DiskEnd plain =
        pool.end(
            to,
            request -> asksForPage(request, 0x8F) || isExtendedCopy(request) ? refused() : null);

    CopyResult result = copy(pool.end(from), plain, CopyRequest.everything(CopyMethod.AUTO));

    assertThat(reasons(result))
        .isEqualTo(
            "to offers no offload (no token limits in VPD page 8Fh), to offers no EXTENDED COPY");
    assertThat(result.bytesMoved()).isEqualTo(content.length);
    assertThat(read(to, 0, content.length)).isEqualTo(content);
  }

  @Test
  void readingAndWritingGoesOnWhereTheOffloadEnded() throws IOException {
    byte[] content = noise(192 * MIB, 5);
    Volume from = pool.volume("from", content.length, 512);
    Volume to = pool.volume("to", content.length, 512);
    write(from, 0, content);
    AtomicInteger writes = new AtomicInteger();
    // The second WRITE USING TOKEN fails: a command of Windows' disk class covers 64 to 256 MiB.
    DiskEnd tired =
        pool.end(
            to,
            request ->
                (is(request, Command.WRITE_USING_TOKEN) && writes.incrementAndGet() > 1)
                        || isExtendedCopy(request)
                    ? refused()
                    : null);

    CopyRequest halves = new CopyRequest(0, OptionalLong.of(96 * MIB), 0, CopyMethod.AUTO, false);
    assertThat(copy(pool.end(from), tired, halves).bytes()).isEqualTo(96 * MIB);
    CopyRequest rest =
        new CopyRequest(96 * MIB, OptionalLong.of(96 * MIB), 96 * MIB, CopyMethod.AUTO, true);
    CopyResult result = copy(pool.end(from), tired, rest);

    assertThat(result.bytes()).isEqualTo(96 * MIB);
    assertThat(result.bytesMoved()).isPositive();
    assertThat(reasons(result))
        .contains("to refuses the token (STATUS_INVALID_INITIATOR_TARGET_PATH)");
    assertThat(read(to, 0, content.length)).isEqualTo(content);
  }

  @Test
  void aBusyTargetIsAskedAgain() throws IOException {
    byte[] content = noise(2 * MIB, 6);
    Volume from = pool.volume("from", content.length, 4096);
    Volume to = pool.volume("to", content.length, 4096);
    write(from, 0, content);
    AtomicInteger writes = new AtomicInteger();
    DiskEnd busy =
        pool.end(
            to,
            request ->
                is(request, Command.WRITE_16) && writes.incrementAndGet() == 1
                    ? new ScsiResponse(ScsiStatus.BUSY, null, 0)
                    : null);

    copy(pool.end(from), busy, CopyRequest.everything(CopyMethod.RW));

    assertThat(read(to, 0, content.length)).isEqualTo(content);
  }

  @Test
  void filesGoInAndOut() throws IOException {
    byte[] content = noise(3 * MIB + 77, 7);
    Path file = Files.write(directory.resolve("in"), content);
    Volume volume = pool.volume("volume", 3 * MIB + 512, 512);

    try (FileEnd source = FileEnd.openSource(file)) {
      CopyResult result = copy(source, pool.end(volume), CopyRequest.everything(CopyMethod.AUTO));
      assertThat(result.bytes()).isEqualTo(3 * MIB + 512);
      assertThat(reasons(result)).contains("is a file");
    }
    Path out = directory.resolve("out");
    try (FileEnd destination = FileEnd.create(out)) {
      copy(pool.end(volume), destination, CopyRequest.everything(CopyMethod.RW));
    }

    assertThat(Files.readAllBytes(out)).isEqualTo(Arrays.copyOf(content, 3 * MIB + 512));
  }

  @Test
  void zerosTakeNoSpaceOnABlankDestination() throws IOException {
    byte[] content = new byte[8 * MIB];
    content[3 * MIB] = 1;
    Path file = Files.write(directory.resolve("in"), content);
    Volume volume = pool.volume("volume", 8 * MIB, 512);

    try (FileEnd source = FileEnd.openSource(file);
        DiskEnd blank = DiskEnd.attachBlank("volume", pool.device(volume))) {
      copy(source, blank, new CopyRequest(0, OptionalLong.empty(), 0, CopyMethod.RW, true));
    }

    assertThat(volume.usage().mappedBytes()).isEqualTo(Pool.DEFAULT_CHUNK);
    assertThat(read(volume, 0, content.length)).isEqualTo(content);
  }

  @Test
  void aFailedCopyLeavesTheOldFileAndNothingElse() throws IOException {
    Volume from = pool.volume("from", 4 * MIB, 512);
    write(from, 0, noise(4 * MIB, 8));
    Path out = Files.writeString(directory.resolve("out"), "before");
    AtomicInteger reads = new AtomicInteger();
    DiskEnd source =
        pool.end(
            from,
            request ->
                is(request, Command.READ_16) && reads.incrementAndGet() > 2 ? refused() : null);

    try (FileEnd destination = FileEnd.create(out)) {
      assertThatThrownBy(() -> copy(source, destination, CopyRequest.everything(CopyMethod.RW)))
          .isInstanceOf(CopyException.class)
          .hasMessageContaining("from: reading at");
    }

    assertThat(out).hasContent("before");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("pool", "out");
    }
  }

  @Test
  void mistakesAreFoundBeforeAnythingMoves() throws IOException {
    Volume small = pool.volume("small", MIB, 512);
    Volume large = pool.volume("large", 2 * MIB, 4096);
    write(small, 0, noise(MIB, 9));
    write(large, 0, noise(2 * MIB, 10));
    byte[] smallBefore = read(small, 0, MIB);

    assertThatThrownBy(() -> copyPart(large, small, 0, OptionalLong.empty(), 0))
        .hasMessageContaining(
            "small: holds 1,048,576 bytes and the copy would end at 2,097,152; copy less");
    assertThatThrownBy(() -> copyPart(small, large, 0, OptionalLong.of(2 * MIB), 0))
        .hasMessageContaining(
            "small: holds 1,048,576 bytes; 2,097,152 from byte 0 on are not there");
    assertThatThrownBy(() -> copyPart(small, large, 100, OptionalLong.of(4096), 0))
        .hasMessageContaining("small: the offset 100 is not a multiple of its block size, 512");
    assertThatThrownBy(() -> copyPart(small, large, 0, OptionalLong.of(4096), 512))
        .hasMessageContaining("large: the offset 512 is not a multiple of its block size, 4,096");
    assertThatThrownBy(() -> copyPart(small, large, 0, OptionalLong.of(512), 0))
        .hasMessageContaining("large: the length 512 is not a multiple of its block size, 4,096");
    assertThatThrownBy(() -> copyPart(small, small, 0, OptionalLong.of(4096), 512))
        .hasMessageContaining("overlap");
    assertThatThrownBy(() -> copyPart(small, large, MIB + 512, OptionalLong.empty(), 0))
        .hasMessageContaining("small: holds 1,048,576 bytes; there is no byte 1,049,088");
    long huge = 7L << 60;
    assertThatThrownBy(() -> copyPart(small, large, huge, OptionalLong.of(huge), 0))
        .hasMessageContaining("there is no byte");
    assertThatThrownBy(
            () -> copyPart(small, large, 0, OptionalLong.of(4096), Long.MAX_VALUE & -4096))
        .hasMessageContaining("large: nothing is as long");
    assertThatThrownBy(() -> FileEnd.openSource(directory.resolve("missing")))
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> FileEnd.openSource(directory)).hasMessageContaining("is a directory");

    assertThat(read(small, 0, MIB)).isEqualTo(smallBefore);
  }

  @Test
  void aFileThatChangesMeanwhileIsNotTakenForOneState() throws IOException {
    Volume to = pool.volume("to", MIB, 512);
    Path file = Files.write(directory.resolve("in"), noise(MIB, 11));
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    try (FileEnd source = FileEnd.openSource(file)) {
      Files.write(file, noise(512, 12), StandardOpenOption.WRITE);
      assertThatThrownBy(() -> copy(source, pool.end(to), CopyRequest.everything(CopyMethod.RW)))
          .hasMessageContaining("in: changed while it was copied");
    }
    try (FileEnd source = FileEnd.openSource(file)) {
      Files.write(file, noise(600, 12));
      assertThatThrownBy(() -> copy(source, pool.end(to), CopyRequest.everything(CopyMethod.RW)))
          .hasMessageContaining("it held 1,048,576 bytes and ends at 600 now");
    }
  }

  @Test
  void rangesOfOneFileOverlapByAnyName() throws IOException {
    byte[] content = noise(MIB, 13);
    Path file = Files.write(directory.resolve("in"), content);
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    try (FileEnd source = FileEnd.openSource(file);
        FileEnd destination = FileEnd.openDestination(link)) {
      assertThatThrownBy(() ->
              copy(
                  source,
                  destination,
                  new CopyRequest(0, OptionalLong.of(512), 100, CopyMethod.AUTO, false)))
          .hasMessageContaining("overlap");
      copy(
          source,
          destination,
          new CopyRequest(0, OptionalLong.of(512), 512, CopyMethod.AUTO, true));
    }
    System.arraycopy(content, 0, content, 512, 512);
    assertThat(file).hasBinaryContent(content);
  }

  private void copyPart(
      Volume from, Volume to, long offset, OptionalLong length, long destinationOffset)
      throws IOException {
    copy(
        pool.end(from),
        pool.end(to),
        new CopyRequest(offset, length, destinationOffset, CopyMethod.AUTO, false));
  }

  @Test
  void aDifferenceIsFound() throws IOException {
    Volume from = pool.volume("from", 4 * MIB, 512);
    Volume to = pool.volume("to", 4 * MIB, 512);
    byte[] content = noise(4 * MIB, 11);
    write(from, 0, content);
    content[3 * MIB + 5] ^= 1;
    write(to, 0, content);
    Copier copier = new Copier(pool.end(from), pool.end(to), CopyProgress.NONE, clock::get);

    assertThatThrownBy(() -> copier.verify(CopyRequest.everything(CopyMethod.AUTO)))
        .hasMessageContaining("to: byte 3,145,733 is not that of from at 3,145,733");
  }

  @Test
  void progressAddsUp() throws IOException {
    Volume from = pool.volume("from", 4 * MIB, 512);
    Volume to = pool.volume("to", 4 * MIB, 512);
    write(from, 0, noise(4 * MIB, 14));
    for (CopyMethod method : METHODS) {
      Map<Means, Long> copied = new EnumMap<>(Means.class);
      AtomicLong verified = new AtomicLong();
      CopyProgress progress =
          new CopyProgress() {
            @Override
            public void started(long totalBytes, long doneBytes) {
              assertThat(totalBytes).isEqualTo(4 * MIB);
              assertThat(doneBytes).isZero();
            }

            @Override
            public synchronized void copied(Means means, long bytes) {
              copied.merge(means, bytes, Long::sum);
            }

            @Override
            public void compared(long bytes, long totalBytes) {
              assertThat(totalBytes).isEqualTo(4 * MIB);
              verified.addAndGet(bytes);
            }
          };
      new Copier(pool.end(from), pool.end(to), progress, clock::get)
          .run(new CopyRequest(0, OptionalLong.empty(), 0, method, true));
      assertThat(copied)
          .containsExactly(
              Map.entry(method == CopyMethod.RW ? Means.MOVED : Means.TOKEN, 4L * MIB));
      assertThat(verified).hasValue(4 * MIB);
    }
  }

  private static ScsiResponse refused() {
    return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB);
  }

  private static String reasons(CopyResult result) {
    return result.fallbacks().stream().map(CopyResult.Fallback::reason).collect(joining(", "));
  }
}
