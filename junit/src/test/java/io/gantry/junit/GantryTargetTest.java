package io.gantry.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.copy.Copier;
import io.gantry.copy.CopyException;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyProgress;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.NtStatus;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.dsm.StorageDevice;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.store.Volume;
import io.gantry.target.Access;
import io.gantry.target.CopyFaults;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** What a test gets, and what it can do with it. */
@NullUnmarked
class GantryTargetTest {
  private static final int BYTES = 4 << 20;

  @GantryTarget(size = "4M", volumes = 2)
  private TestTarget target;

  private static byte[] noise(long seed) {
    byte[] noise = new byte[BYTES];
    new SplittableRandom(seed).nextBytes(noise);
    return noise;
  }

  private static byte[] content(Volume volume) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) volume.sizeBytes());
    volume.read(0, all);
    return all.array();
  }

  private static CopyResult copy(TestTarget target, CopyMethod method) throws IOException {
    try (DiskEnd from = DiskEnd.attach("source", target.connect(0));
        DiskEnd to = DiskEnd.attach("destination", target.connect(1))) {
      return new Copier(from, to, CopyProgress.NONE, System::nanoTime)
          .run(CopyRequest.everything(method));
    }
  }

  @Test
  void aClientThatOffloadsIsSeenToOffload() throws IOException {
    target.volume(0).write(0, ByteBuffer.wrap(noise(1)));
    CommandStatistics before = target.commands();
    copy(target, CopyMethod.AUTO);
    CommandStatistics seen = target.commands().since(before);
    assertThat(seen.offloadReads()).isEqualTo(1);
    assertThat(seen.offloadWrites()).isEqualTo(1);
    assertThat(seen.bytesRead()).isZero();
    assertThat(seen.bytesWritten()).isZero();
    assertThat(target.copies().sharedBytes()).isEqualTo(BYTES);
    assertThat(content(target.volume(1))).isEqualTo(noise(1));
  }

  @Test
  void aClientThatDoesNotOffloadIsSeenToReadAndWrite() throws IOException {
    target.volume(0).write(0, ByteBuffer.wrap(noise(2)));
    CommandStatistics before = target.commands();
    copy(target, CopyMethod.RW);
    CommandStatistics seen = target.commands().since(before);
    assertThat(seen.offloadReads()).isZero();
    assertThat(seen.offloadWrites()).isZero();
    assertThat(seen.bytesRead()).isEqualTo(BYTES);
    assertThat(seen.bytesWritten()).isEqualTo(BYTES);
    assertThat(content(target.volume(1))).isEqualTo(noise(2));
  }

  @Test
  void whatIsNoCommandIsCounted() throws IOException {
    ScsiDevice unit = target.device(0);
    assertThat(unit.execute(new ScsiRequest(new byte[] {(byte) 0xEF, 0, 0, 0, 0, 0}, null, null)))
        .matches(answer -> !answer.isGood());
    assertThat(target.commands().unknown()).isEqualTo(1);
    unit.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
    assertThat(target.commands().count(Command.TEST_UNIT_READY)).isEqualTo(1);
  }

  @Test
  void aRestartKeepsWhatWasWrittenAndTheUrl() throws IOException {
    String url = target.url(1);
    target.volume(1).write(0, ByteBuffer.wrap(noise(3)));
    OffloadToken token = target.disk(1).offloadRead(new DataSetRange(0, BYTES)).tokenOrThrow();
    target.restart();
    assertThat(target.url(1)).isEqualTo(url);
    assertThat(content(target.volume(1))).isEqualTo(noise(3));
    OffloadWriteResult copied = target.disk(0).offloadWrite(token, 0, new DataSetRange(0, BYTES));
    assertThat(copied.lengthCopied()).isEqualTo(BYTES);
    assertThat(content(target.volume(0))).isEqualTo(noise(3));
  }

  @Test
  void aCrashKeepsWhatWasFlushedAndLosesTheRest() throws IOException {
    target.volume(0).write(0, ByteBuffer.wrap(noise(4)));
    target.pool().flush();
    IscsiSession session = target.connect(0);
    StorageDevice inProcess = target.disk(0);
    int volumes = target.volumes().size();
    target.crash();

    assertThat(target.isRunning()).isFalse();
    assertThatThrownBy(target::pool).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> session.execute(ScsiRequest.of(new Cdb.TestUnitReady())))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> inProcess.offloadRead(new DataSetRange(0, BYTES)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> IscsiSession.open(IscsiUrl.parse(target.url())))
        .isInstanceOf(IOException.class);

    target.restart();
    assertThat(target.volumes()).hasSize(volumes);
    assertThat(content(target.volume(0))).isEqualTo(noise(4));
  }

  /** What nobody flushed is in memory, and dies with it: here, where writes take chunks. */
  @Test
  void aCrashLosesWhatNobodyFlushed() throws IOException {
    for (int attempt = 0; attempt < 20; attempt++) { // the pool may have committed by itself
      target.volume(1).write(0, ByteBuffer.wrap(noise(5)));
      target.crash();
      target.restart();
      byte[] kept = content(target.volume(1));
      if (java.util.Arrays.equals(kept, new byte[BYTES])) {
        return;
      }
      target.volume(1).zero(0, BYTES);
      target.pool().flush();
    }
    throw new AssertionError("twenty crashes lost nothing");
  }

  @Test
  void faultsAreTurnedOnAndOffAndOutliveARestart() throws IOException {
    target.faults(0, TargetOptions.STANDARD.faults());
    StorageDevice disk = target.disk(0);
    OffloadReadResult read = disk.offloadRead(new DataSetRange(0, BYTES));
    CopyFaults expire =
        new CopyFaults(
            true,
            CopyFaults.NONE.truncateBlocks(),
            0,
            CopyFaults.NONE.status(),
            CopyFaults.NONE.delay());
    target.faults(0, expire);
    DataSetRange to = new DataSetRange(0, BYTES);
    assertThat(target.disk(1).offloadWrite(read.tokenOrThrow(), 0, to).status())
        .isEqualTo(NtStatus.INVALID_TOKEN);
    target.restart();
    assertThat(target.faults(0)).isEqualTo(expire);
    target.faults(0, CopyFaults.NONE);
    OffloadToken token = target.disk(0).offloadRead(to).tokenOrThrow();
    assertThat(target.disk(1).offloadWrite(token, 0, to).status()).isEqualTo(NtStatus.SUCCESS);
  }

  @Test
  void parametersGetTargetsOfTheirOwn(
      @GantryTarget(size = "1M", blockBytes = 4096, chunkBytes = 16384) TestTarget one,
      @GantryTarget(volumes = 3) TestTarget other) {
    assertThat(one.portal()).isNotEqualTo(other.portal()).isNotEqualTo(target.portal());
    assertThat(one.volume(0).blockBytes()).isEqualTo(4096);
    assertThat(one.volume(0).sizeBytes()).isEqualTo(1 << 20);
    assertThat(one.pool().chunkBytes()).isEqualTo(16384);
    assertThat(other.volumes()).extracting(Volume::lun).containsExactly(0, 1, 2);
    assertThat(other.portal().getAddress().isLoopbackAddress()).isTrue();
  }

  @Test
  void readOnlyVolumesRefuseCopies(
      @GantryTarget(volumes = 2, size = "1M", access = Access.READ_ONLY) TestTarget readOnly) {
    assertThatThrownBy(() -> copy(readOnly, CopyMethod.AUTO))
        .isInstanceOf(CopyException.class)
        .hasMessageContaining("write protected");
  }

  @Test
  void whoHasNoSecretIsRefused(
      @GantryTarget(user = "tester", secret = "twelve bytes or more") TestTarget guarded)
      throws IOException {
    assertThat(guarded.connect(0).execute(ScsiRequest.of(new Cdb.TestUnitReady())).isGood())
        .isTrue();
    String stranger = guarded.url().replaceFirst("//.*@", "//");
    assertThat(stranger).isNotEqualTo(guarded.url());
    assertThatThrownBy(() -> IscsiSession.open(IscsiUrl.parse(stranger)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void faultsOfTheAnnotationAreOnFromTheBeginning(
      @GantryTarget(volumes = 2, faults = @GantryTarget.Faults(truncateBlocks = 8))
          TestTarget truncating)
      throws IOException {
    OffloadReadResult read = truncating.disk(0).offloadRead(new DataSetRange(0, 1 << 20));
    assertThat(read.isRangeTruncated()).isTrue();
    assertThat(read.lengthProtected()).isEqualTo(8 * 512);
  }

  @Test
  void closingDeletesThePool() throws IOException {
    TestTarget made = TestTarget.start(TargetOptions.STANDARD.withVolumes(1, 1 << 20));
    assertThat(made.data()).isDirectory();
    made.crash();
    made.close();
    made.close();
    assertThat(made.data()).doesNotExist();
    assertThat(Files.exists(made.data().getParent())).isFalse();
  }
}
