package io.gantry.junit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.copy.Copier;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyProgress;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import io.gantry.dsm.ControlCode;
import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.Disk;
import io.gantry.dsm.DsmAction;
import io.gantry.dsm.IoctlResult;
import io.gantry.dsm.ManageDataSetAttributes;
import io.gantry.dsm.NtStatus;
import io.gantry.dsm.OffloadReadOutput;
import io.gantry.dsm.OffloadReadParameters;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.dsm.StorageDevice;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.junit.GantryTarget;
import io.gantry.junit.TestTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/library.md on a target that is somewhere. */
@NullUnmarked
@GantryTarget(volumes = 2, size = "4G")
class OffloadTest {
  private static final byte[] CONTENT = new byte[1 << 20];

  @TempDir private Path directory;
  private String source;
  private String destination;

  @BeforeEach
  void fill(TestTarget target) throws IOException {
    Arrays.fill(CONTENT, (byte) 42);
    target.volume(0).write(1L << 30, ByteBuffer.wrap(CONTENT));
    source = target.url(0);
    destination = target.url(1);
  }

  private static void assertCopied(TestTarget target) throws IOException {
    ByteBuffer copied = ByteBuffer.allocate(CONTENT.length);
    target.volume(1).read(1L << 30, copied);
    assertThat(copied.array()).isEqualTo(CONTENT);
  }

  @Test
  void offload(TestTarget target) throws IOException {
    try (IscsiSession from = IscsiSession.open(IscsiUrl.parse(source));
        IscsiSession to = IscsiSession.open(IscsiUrl.parse(destination))) {
      Disk reading = Disk.attach(from);
      Disk writing = Disk.attach(to);
      long end = reading.capacity().blocks() * reading.capacity().blockLengthBytes();
      for (long at = 0; at < end; ) {
        OffloadReadResult read = reading.offloadRead(new DataSetRange(at, end - at));
        OffloadToken token = read.tokenOrThrow();
        long tokenEnd = at + read.lengthProtected(); // may be less than was asked for
        for (long in = at; in < tokenEnd; ) {
          DataSetRange range = new DataSetRange(in, tokenEnd - in);
          OffloadWriteResult written = writing.offloadWrite(token, in - at, range);
          if (!written.status().isSuccess()) {
            throw new IOException("copied %d bytes, then %s".formatted(in, written.status()));
          }
          in += written.lengthCopied(); // so may this
        }
        at = tokenEnd;
      }
    }
    assertCopied(target);
  }

  @Test
  void copyWithTheEngine(TestTarget target) throws IOException {
    try (DiskEnd from = DiskEnd.attach(source, IscsiSession.open(IscsiUrl.parse(source)));
        DiskEnd to = DiskEnd.attach(destination, IscsiSession.open(IscsiUrl.parse(destination)))) {
      Copier copier = new Copier(from, to, CopyProgress.NONE, System::nanoTime);
      CopyResult result = copier.run(CopyRequest.everything(CopyMethod.AUTO));
      System.out.printf(
          "%d bytes, of them offloaded %d%n", result.bytes(), result.bytesOffloaded());
      for (CopyResult.Fallback why : result.fallbacks()) {
        System.out.printf("%d bytes not by %s: %s%n", why.bytes(), why.method(), why.reason());
      }
      assertThat(result.bytesOffloaded()).isEqualTo(4L << 30);
    }
    assertCopied(target);
  }

  @Test
  void copyToAFile() throws IOException {
    Path image = directory.resolve("disk.img");
    try (DiskEnd from = DiskEnd.attach(source, IscsiSession.open(IscsiUrl.parse(source)));
        FileEnd to = FileEnd.create(image)) { // appears when all of it is there
      CopyResult result =
          new Copier(from, to, CopyProgress.NONE, System::nanoTime)
              .run(CopyRequest.everything(CopyMethod.AUTO));
      System.out.printf(
          "%d bytes read, %d bytes of holes skipped%n", result.bytesMoved(), result.bytesZeroed());
    }
    assertThat(image).hasSize(4L << 30);
  }

  @Test
  void theControlCodeItself() throws IOException {
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(source))) {
      StorageDevice disk = Disk.attach(session); // on Windows also WindowsDevice.open(...)
      byte[] input =
          ManageDataSetAttributes.input(
              DsmAction.OFFLOAD_READ,
              new OffloadReadParameters(0, 0).encode(),
              List.of(new DataSetRange(1L << 30, 1 << 20)));
      IoctlResult result =
          disk.control(ControlCode.IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES.value(), input, 4096);
      assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
      OffloadReadOutput output = OffloadReadOutput.decode(result.output());
      assertThat(output.lengthProtected()).isEqualTo(1 << 20);
      assertThat(output.token().bytes()).hasSize(512);
    }
  }

  @Test
  void otherActions() throws IOException {
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(source))) {
      StorageDevice disk = Disk.attach(session);
      List<DataSetRange> first = List.of(new DataSetRange(0, 1 << 20));
      assertThat(disk.trim(first)).isEqualTo(NtStatus.SUCCESS);
      assertThat(disk.writeZeroes(first)).isEqualTo(NtStatus.SUCCESS);
      System.out.printf("%d bytes are free in the pool%n", disk.freeSpace());
    }
  }
}
