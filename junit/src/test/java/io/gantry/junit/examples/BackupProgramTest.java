package io.gantry.junit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.NtStatus;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.StorageDevice;
import io.gantry.junit.CommandStatistics;
import io.gantry.junit.GantryTarget;
import io.gantry.junit.TestTarget;
import io.gantry.target.CopyFaults;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

@GantryTarget(volumes = 2, size = "1G")
class BackupProgramTest {
  private static final DataSetRange ALL = new DataSetRange(0, 1L << 30);

  @Test
  void theProgramOffloads(TestTarget target) throws IOException {
    CommandStatistics before = target.commands();
    backUp(target.disk(0), target.disk(1)); // or a process that is given target.url(0)
    CommandStatistics seen = target.commands().since(before);
    assertThat(seen.offloadWrites()).isPositive();
    assertThat(seen.bytesRead()).isZero();
  }

  @Test
  void theProgramSurvivesACrashOfTheStorage(TestTarget target) throws IOException {
    target.volume(0).write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    OffloadToken token = target.disk(0).offloadRead(ALL).tokenOrThrow();
    target.pool().flush();
    target.crash(); // as kill -9; what was flushed is there afterwards
    target.restart(); // with the same URLs
    assertThat(target.disk(1).offloadWrite(token, 0, ALL).status()).isEqualTo(NtStatus.SUCCESS);
  }

  @Test
  void theProgramGoesOnWhereATokenEnds(TestTarget target) throws IOException {
    target.faults(
        0, new CopyFaults(false, OptionalLong.of(2048), 0, OptionalInt.empty(), Duration.ZERO));
    OffloadReadResult read = target.disk(0).offloadRead(ALL);
    assertThat(read.isRangeTruncated()).isTrue();
    assertThat(read.lengthProtected()).isEqualTo(2048 * 512);
  }

  private static void backUp(StorageDevice from, StorageDevice to) throws IOException {
    OffloadToken token = from.offloadRead(ALL).tokenOrThrow();
    assertThat(to.offloadWrite(token, 0, ALL).lengthCopied()).isEqualTo(ALL.lengthInBytes());
  }
}
