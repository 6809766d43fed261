package io.gantry.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies between volumes of real pools and files. */
class CopierTest {
  private static final int MIB = 1 << 20;
  private static final String PORT = "iqn.2026-11.io.gantry:test,i,0x000000000001";

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final AtomicLong clock = new AtomicLong();

  @SuppressWarnings("NullAway.Init")
  private PoolOnDisk pool;

  private record PoolOnDisk(Pool pool, PoolTarget target) {
    Volume volume(String name, long sizeBytes, int blockBytes) throws IOException {
      return pool.createVolume(name, sizeBytes, blockBytes);
    }

    ScsiDevice device(Volume volume) {
      return target.open(PORT, volume.lun());
    }

    DiskEnd end(Volume volume) throws IOException {
      return DiskEnd.attach(volume.name(), device(volume));
    }
  }

  @BeforeEach
  void makePool() throws IOException {
    pool = pool("pool");
  }

  @AfterEach
  void closePools() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }

  private PoolOnDisk pool(String name) throws IOException {
    Pool made =
        Pool.create(
            FileMedium.create(directory.resolve(name)), Pool.DEFAULT_CHUNK, PoolOptions.defaults());
    PoolTarget target = new PoolTarget(made, "iqn.2026-11.io.gantry:" + name);
    open.add(made);
    open.add(target);
    return new PoolOnDisk(made, target);
  }

  private CopyResult copy(CopyEnd from, CopyEnd to, CopyRequest request) throws IOException {
    return new Copier(from, to, CopyProgress.NONE, () -> clock.addAndGet(1_000)).run(request);
  }

  private static byte[] noise(int bytes, long seed) {
    byte[] noise = new byte[bytes];
    new SplittableRandom(seed).nextBytes(noise);
    return noise;
  }

  private static void write(Volume volume, byte[] content) throws IOException {
    volume.write(0, ByteBuffer.wrap(content));
  }

  private static byte[] read(Volume volume, long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    volume.read(offset, buffer);
    return buffer.array();
  }

  @Test
  void volumesOfOnePoolAreOffloadedAndShared() throws IOException {
    byte[] content = noise(5 * MIB, 1);
    Volume from = pool.volume("from", 5 * MIB, 512);
    Volume to = pool.volume("to", 5 * MIB, 512);
    write(from, content);
    long chunksBefore = pool.pool.statistics().usedChunks();

    CopyResult result = copy(pool.end(from), pool.end(to), CopyRequest.everything(CopyMethod.AUTO));

    assertThat(result.bytesOffloaded()).isEqualTo(5 * MIB);
    assertThat(result.bytesReadWritten()).isZero();
    assertThat(result.notOffloaded()).isEmpty();
    assertThat(result.traffic().blockBytes()).isZero();
    assertThat(read(to, 0, 5 * MIB)).isEqualTo(content);
    assertThat(pool.pool.statistics().usedChunks()).isEqualTo(chunksBefore);
  }

  @Test
  void partOfAVolumeGoesToAnotherPlace() throws IOException {
    byte[] content = noise(4 * MIB, 2);
    Volume from = pool.volume("from", 4 * MIB, 512);
    Volume to = pool.volume("to", 8 * MIB, 512);
    write(from, content);

    for (CopyMethod method : CopyMethod.values()) {
      CopyRequest request = new CopyRequest(512, OptionalLong.of(MIB + 512), 3 * MIB, method, true);
      assertThat(copy(pool.end(from), pool.end(to), request).bytes()).isEqualTo(MIB + 512);
      assertThat(read(to, 3 * MIB, MIB + 512))
          .isEqualTo(Arrays.copyOfRange(content, 512, MIB + 1024));
      to.zero(0, 8 * MIB);
    }
  }

  @Test
  void differentPoolsAreReadAndWrittenAndTheReasonIsTold() throws IOException {
    PoolOnDisk other = pool("other");
    byte[] content = noise(3 * MIB + 4096, 3);
    Volume from = pool.volume("from", content.length, 512);
    Volume to = other.volume("to", content.length, 512);
    write(from, content);

    CopyResult result =
        copy(pool.end(from), other.end(to), CopyRequest.everything(CopyMethod.AUTO));

    assertThat(result.bytesOffloaded()).isZero();
    assertThat(result.bytesReadWritten()).isEqualTo(content.length);
    assertThat(result.notOffloaded().orElseThrow())
        .contains("does not accept the token", "STATUS_INVALID_TOKEN", "different targets");
    assertThat(read(to, 0, content.length)).isEqualTo(content);
    assertThatThrownBy(
            () -> copy(pool.end(from), other.end(to), CopyRequest.everything(CopyMethod.ODX)))
        .isInstanceOf(CopyException.class)
        .hasMessageContaining("0 of 3,149,824 bytes were copied");
  }

  @Test
  void aTargetWithoutOffloadIsReadAndWritten() throws IOException {
    byte[] content = noise(2 * MIB, 4);
    Volume from = pool.volume("from", content.length, 512);
    Volume to = pool.volume("to", content.length, 512);
    write(from, content);
    DiskEnd plain =
        DiskEnd.attach(
            "plain", new Refusing(pool.device(to), request -> asksForPage(request, 0x8F)));

    CopyResult result = copy(pool.end(from), plain, CopyRequest.everything(CopyMethod.AUTO));

    assertThat(result.notOffloaded())
        .hasValue("plain offers no offload (no token limits in VPD page 8Fh)");
    assertThat(result.bytesReadWritten()).isEqualTo(content.length);
    assertThat(read(to, 0, content.length)).isEqualTo(content);
  }

  @Test
  void readingAndWritingGoesOnWhereTheOffloadEnded() throws IOException {
    byte[] content = noise(192 * MIB, 5);
    Volume from = pool.volume("from", content.length, 512);
    Volume to = pool.volume("to", content.length, 512);
    write(from, content);
    AtomicInteger writes = new AtomicInteger();
    // The second WRITE USING TOKEN fails: a command of Windows' disk class covers 64 to 256 MiB.
    DiskEnd tired =
        DiskEnd.attach(
            "tired",
            new Refusing(
                pool.device(to),
                request -> is(request, Command.WRITE_USING_TOKEN) && writes.incrementAndGet() > 1));

    CopyRequest halves = new CopyRequest(0, OptionalLong.of(96 * MIB), 0, CopyMethod.AUTO, false);
    assertThat(copy(pool.end(from), tired, halves).bytes()).isEqualTo(96 * MIB);
    CopyRequest rest =
        new CopyRequest(96 * MIB, OptionalLong.of(96 * MIB), 96 * MIB, CopyMethod.AUTO, true);
    CopyResult result = copy(pool.end(from), tired, rest);

    assertThat(result.bytes()).isEqualTo(96 * MIB);
    assertThat(result.bytesReadWritten()).isPositive();
    assertThat(result.notOffloaded().orElseThrow()).contains("tired refuses the token at");
    assertThat(read(to, 0, content.length)).isEqualTo(content);
  }

  @Test
  void aBusyTargetIsAskedAgain() throws IOException {
    byte[] content = noise(2 * MIB, 6);
    Volume from = pool.volume("from", content.length, 4096);
    Volume to = pool.volume("to", content.length, 4096);
    write(from, content);
    AtomicInteger writes = new AtomicInteger();
    ScsiDevice busy =
        new Refusing(
            pool.device(to),
            request -> is(request, Command.WRITE_16) && writes.incrementAndGet() == 1) {
          @Override
          ScsiResponse refusal() {
            return new ScsiResponse(ScsiStatus.BUSY, null, 0);
          }
        };

    copy(pool.end(from), DiskEnd.attach("busy", busy), CopyRequest.everything(CopyMethod.RW));

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
      assertThat(result.notOffloaded().orElseThrow()).contains("is a file");
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
    write(from, noise(4 * MIB, 8));
    Path out = Files.writeString(directory.resolve("out"), "before");
    AtomicInteger reads = new AtomicInteger();
    DiskEnd source =
        DiskEnd.attach(
            "from",
            new Refusing(
                pool.device(from),
                request -> is(request, Command.READ_16) && reads.incrementAndGet() > 2));

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
    write(small, noise(MIB, 9));
    write(large, noise(2 * MIB, 10));
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
    write(from, content);
    content[3 * MIB + 5] ^= 1;
    write(to, content);
    Copier copier = new Copier(pool.end(from), pool.end(to), CopyProgress.NONE, clock::get);

    assertThatThrownBy(() -> copier.verify(CopyRequest.everything(CopyMethod.AUTO)))
        .hasMessageContaining("to: byte 3,145,733 is not that of from at 3,145,733");
  }

  @Test
  void progressAddsUp() throws IOException {
    Volume from = pool.volume("from", 4 * MIB, 512);
    Volume to = pool.volume("to", 4 * MIB, 512);
    for (CopyMethod method : CopyMethod.values()) {
      AtomicLong copied = new AtomicLong();
      AtomicLong verified = new AtomicLong();
      CopyProgress progress =
          (step, bytes, total) -> {
            assertThat(total).isEqualTo(4 * MIB);
            (step == CopyProgress.Step.COPY ? copied : verified).addAndGet(bytes);
          };
      new Copier(pool.end(from), pool.end(to), progress, clock::get)
          .run(new CopyRequest(0, OptionalLong.empty(), 0, method, true));
      assertThat(copied).hasValue(4 * MIB);
      assertThat(verified).hasValue(4 * MIB);
    }
  }

  private static boolean is(ScsiRequest request, Command command) {
    return (request.cdb()[0] & 0xff) == command.opcode()
        && command.serviceAction().orElse(request.cdb()[1] & 0x1f) == (request.cdb()[1] & 0x1f);
  }

  private static boolean asksForPage(ScsiRequest request, int page) {
    return is(request, Command.INQUIRY)
        && (request.cdb()[1] & 1) != 0
        && (request.cdb()[2] & 0xff) == page;
  }

  /** A device that refuses some commands. */
  private static class Refusing implements ScsiDevice {
    private final ScsiDevice device;
    private final Predicate<ScsiRequest> refused;

    Refusing(ScsiDevice device, Predicate<ScsiRequest> refused) {
      this.device = device;
      this.refused = refused;
    }

    ScsiResponse refusal() {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB);
    }

    @Override
    public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
      return refused.test(request)
          ? CompletableFuture.completedFuture(refusal())
          : device.submit(request);
    }

    @Override
    public void close() throws IOException {
      device.close();
    }
  }
}
