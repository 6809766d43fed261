package io.gantry.copy;

import static io.gantry.copy.Disks.MIB;
import static io.gantry.copy.Disks.is;
import static io.gantry.copy.Disks.noise;
import static io.gantry.copy.Disks.read;
import static io.gantry.copy.Disks.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies that end early, and go on. */
@NullUnmarked
class ResumeTest {
  private static final int SIZE = 12 * MIB; // three pieces

  @TempDir private Path directory;
  private Path state;
  private Disks disks;
  private Disks.Array array;
  private Disks.Array other;
  private Volume from;
  private Volume to;

  @BeforeEach
  void makeVolumes() throws IOException {
    disks = new Disks(directory);
    array = disks.array("pool");
    other = disks.array("other");
    from = array.volume("from", SIZE);
    to = other.volume("to", SIZE);
    write(from, 0, noise(7 * MIB, 1));
    write(from, 9L * MIB, noise(3 * MIB, 2));
    state = directory.resolve("state");
  }

  @AfterEach
  void close() throws Exception {
    disks.close();
  }

  private CopyRequest request(CopyMethod method) {
    return new CopyRequest(0, OptionalLong.empty(), 0, method, true)
        .limited(2, 0)
        .resumable(new CopyRequest.Resume(state, Duration.ZERO));
  }

  private static Copier copier(CopyEnd source, CopyEnd destination) {
    return new Copier(source, destination, CopyProgress.NONE, System::nanoTime);
  }

  private CopyResult goOn() throws IOException {
    return copier(array.end(from), other.end(to)).run(request(CopyMethod.RW));
  }

  /**
   * A disk whose cache is lost when it goes: writes reach the device behind it when its cache is
   * flushed. After so many commands it is gone.
   */
  private static final class VolatileCache implements ScsiDevice {
    private final ScsiDevice device;
    private final List<ScsiRequest> cached = new ArrayList<>();
    private int commandsLeft;

    VolatileCache(ScsiDevice device, int commandsLeft) {
      this.device = device;
      this.commandsLeft = commandsLeft;
    }

    @Override
    public synchronized CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
      if (commandsLeft == 0) {
        return CompletableFuture.failedFuture(new IOException("connection lost"));
      }
      commandsLeft--;
      if (is(request, Command.WRITE_16) || is(request, Command.WRITE_SAME_16)) {
        ByteBuffer data = request.dataOut().duplicate();
        ByteBuffer copy = ByteBuffer.allocate(data.remaining()).put(data).flip();
        cached.add(new ScsiRequest(request.cdb(), copy, null));
        return CompletableFuture.completedFuture(ScsiResponse.good(copy.remaining()));
      }
      if (is(request, Command.SYNCHRONIZE_CACHE_16)) {
        for (ScsiRequest write : cached) {
          assertThat(device.submit(write).join().isGood()).isTrue();
        }
        cached.clear();
      }
      return device.submit(request);
    }

    @Override
    public void close() throws IOException {
      device.close();
    }
  }

  @Test
  void whereverACopyEndsTheNextRunGivesAllBytes() throws IOException {
    boolean ended = false;
    boolean resumed = false;
    for (int commands = 8; !ended; commands++) {
      write(to, 0, noise(SIZE, 3 + commands));
      try {
        copier(array.end(from), DiskEnd.attach("to", new VolatileCache(other.device(to), commands)))
            .run(request(CopyMethod.RW));
        ended = true;
      } catch (CopyException e) {
        assertThat(e).hasMessageContaining("to: ").hasMessageContaining("connection lost");
        if (Files.exists(state)) {
          resumed |= goOn().bytesResumed() > 0;
        } else {
          goOn();
        }
      }
      assertThat(read(to)).as("after %d commands", commands).isEqualTo(read(from));
      assertThat(state).doesNotExist();
    }
    assertThat(resumed).isTrue();
  }

  @Test
  void aCopyByTokenGoesOnByToken() throws IOException {
    Volume large = array.volume("large", 256L * MIB);
    Volume copy = array.volume("copy", 256L * MIB);
    write(large, 100L * MIB, noise(MIB, 4));
    AtomicInteger redeemed = new AtomicInteger();
    DiskEnd tired =
        array.end(
            copy,
            request ->
                is(request, Command.WRITE_USING_TOKEN) && redeemed.incrementAndGet() > 2
                    ? ScsiResponse.check(Sense.INTERNAL_TARGET_FAILURE)
                    : null);
    Copier first = copier(array.end(large), tired);
    assertThatThrownBy(() -> first.run(request(CopyMethod.ODX)))
        .hasMessageContaining("copy refuses the token");
    Copier.Standing standing = first.standing().orElseThrow();
    assertThat(standing.done()).isEqualTo(128L * MIB);
    assertThat(standing.durable()).isEqualTo(128L * MIB);
    // Several pieces are under way at once, and any two of them may be the ones that were taken.
    assertThat(standing.durableFromStart()).isIn(0L, 64L * MIB, 128L * MIB);

    CopyResult result = copier(array.end(large), array.end(copy)).run(request(CopyMethod.ODX));

    assertThat(result.bytesResumed()).isEqualTo(128L * MIB);
    assertThat(result.bytesByToken()).isEqualTo(128L * MIB);
    assertThat(read(copy)).isEqualTo(read(large));
  }

  @Test
  void aStoppedCopySaysHowFarItIs() throws IOException {
    AtomicInteger writes = new AtomicInteger();
    Copier[] copier = new Copier[1];
    DiskEnd destination =
        other.end(
            to,
            request -> {
              if (is(request, Command.WRITE_16) && writes.incrementAndGet() == 6) {
                copier[0].stop();
              }
              return null;
            });
    copier[0] = copier(array.end(from), destination);

    assertThatThrownBy(() -> copier[0].run(request(CopyMethod.RW)))
        .isInstanceOf(CopyStoppedException.class);

    Copier.Standing standing = copier[0].standing().orElseThrow();
    assertThat(standing.done()).isBetween(5L * MIB, 8L * MIB);
    assertThat(standing.durable()).isEqualTo(standing.done());
    assertThat(goOn().bytesResumed()).isEqualTo(standing.done());
    assertThat(read(to)).isEqualTo(read(from));
  }

  private void stopAfter(CopyEnd source, CopyEnd destination, CopyRequest request)
      throws IOException {
    Copier copier = copier(source, destination);
    copier.stop();
    assertThatThrownBy(() -> copier.run(request)).isInstanceOf(CopyStoppedException.class);
  }

  @Test
  void whatHasChangedIsNotResumed() throws IOException {
    stopAfter(array.end(from), other.end(to), request(CopyMethod.RW));
    assertThat(state).exists();
    Volume third = array.volume("third", SIZE);

    assertThatThrownBy(() -> copier(array.end(third), other.end(to)).run(request(CopyMethod.RW)))
        .hasMessageContaining("is of another copy, or one end has changed: it says 'source ");
    assertThatThrownBy(() -> copier(array.end(from), array.end(third)).run(request(CopyMethod.RW)))
        .hasMessageContaining("it says 'destination ");
    CopyRequest part =
        new CopyRequest(0, OptionalLong.of(MIB), 0, CopyMethod.RW, false)
            .resumable(new CopyRequest.Resume(state));
    assertThatThrownBy(() -> copier(array.end(from), other.end(to)).run(part))
        .hasMessageContaining("'length 12582912', now it is 'length 1048576'");
    other.pool().resizeVolume(to, 2L * SIZE, false);
    assertThatThrownBy(this::goOn).hasMessageContaining("of 24576 blocks");
  }

  @Test
  void aFileThatWasWrittenIsNotResumed() throws IOException {
    Path in = Files.write(directory.resolve("in"), noise(SIZE, 5));
    try (FileEnd source = FileEnd.openSource(in)) {
      stopAfter(source, other.end(to), request(CopyMethod.RW));
    }
    Files.setLastModifiedTime(in, java.nio.file.attribute.FileTime.fromMillis(1_000));
    try (FileEnd source = FileEnd.openSource(in)) {
      assertThatThrownBy(() -> copier(source, other.end(to)).run(request(CopyMethod.RW)))
          .hasMessageContaining("it says 'source file ")
          .hasMessageContaining("written 1970-01-01T00:00:01Z");
    }
  }

  @Test
  void aDamagedNoteIsNotBelieved() throws IOException {
    stopAfter(array.end(from), other.end(to), request(CopyMethod.RW));
    String text = Files.readString(state);
    assertThat(text).contains("\ndone\n");
    Files.writeString(state, text.replace("\ndone\n", "\ndone 0-12582912\n"));
    assertThatThrownBy(this::goOn).hasMessageContaining("state: is damaged; delete it");
    Files.writeString(state, text.substring(0, text.length() - 3));
    assertThatThrownBy(this::goOn).hasMessageContaining("is damaged");
    Files.writeString(state, "shopping: milk\n");
    assertThatThrownBy(this::goOn).hasMessageContaining("is no file that a copy can go on from");
    assertThat(state).hasContent("shopping: milk\n");
    Files.write(state, new byte[] {-1, -2}); // no text at all
    assertThatThrownBy(this::goOn).hasMessageContaining("is no file that a copy can go on from");
    Files.delete(state);
    Files.createDirectory(state);
    assertThatThrownBy(this::goOn).hasMessageContaining("is no file that a copy can go on from");
  }

  @Test
  void aNewFileGoesOnToo() throws IOException {
    Path out = Files.writeString(directory.resolve("out"), "before");
    AtomicInteger reads = new AtomicInteger();
    DiskEnd source =
        array.end(
            from,
            request ->
                is(request, Command.READ_16) && reads.incrementAndGet() > 5
                    ? ScsiResponse.check(Sense.UNRECOVERED_READ_ERROR)
                    : null);
    try (FileEnd destination = FileEnd.createResumable(out, false)) {
      assertThatThrownBy(() -> copier(source, destination).run(request(CopyMethod.RW)))
          .hasMessageContaining("from: reading at");
    }
    assertThat(out).hasContent("before");
    assertThat(directory.resolve("out.part")).exists();

    try (FileEnd destination = FileEnd.createResumable(out, Files.exists(state))) {
      CopyResult result = copier(array.end(from), destination).run(request(CopyMethod.RW));
      assertThat(result.bytesResumed()).isGreaterThanOrEqualTo(4L * MIB);
    }
    assertThat(out).hasBinaryContent(read(from));
    assertThat(directory.resolve("out.part")).doesNotExist();
    assertThat(state).doesNotExist();
  }

  @Test
  void anotherCopyDoesNotChangeTheUnfinishedFile() throws IOException {
    Path out = directory.resolve("out");
    try (FileEnd destination = FileEnd.createResumable(out, false)) {
      stopAfter(array.end(from), destination, request(CopyMethod.RW));
    }
    Volume large = array.volume("large", 2L * SIZE);
    try (FileEnd destination = FileEnd.createResumable(out, true)) {
      assertThatThrownBy(() -> copier(array.end(large), destination).run(request(CopyMethod.RW)))
          .hasMessageContaining("is of another copy");
    }
    try (FileEnd destination = FileEnd.createResumable(out, true)) {
      CopyResult _ = copier(array.end(from), destination).run(request(CopyMethod.RW));
    }
    assertThat(out).hasBinaryContent(read(from));
  }

  @Test
  void anUnfinishedFileThatIsGoneOrReplacedIsNotResumed() throws IOException {
    Path out = directory.resolve("out");
    try (FileEnd destination = FileEnd.createResumable(out, false)) {
      stopAfter(array.end(from), destination, request(CopyMethod.RW));
    }
    Path part = directory.resolve("out.part");
    Files.move(part, directory.resolve("elsewhere"));
    assertThatThrownBy(() -> FileEnd.createResumable(out, true))
        .hasMessageContaining("out.part: is gone, so the copy cannot go on");
    Files.write(part, new byte[SIZE], StandardOpenOption.CREATE_NEW);
    try (FileEnd destination = FileEnd.createResumable(out, true)) {
      assertThatThrownBy(() -> copier(array.end(from), destination).run(request(CopyMethod.RW)))
          .hasMessageContaining("it says 'destination file ");
    }
  }
}
