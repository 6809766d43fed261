package io.gantry.dsm;

import static io.gantry.dsm.TestData.populate;
import static io.gantry.dsm.TestData.populateList;
import static io.gantry.dsm.TestData.populated;
import static io.gantry.dsm.TestData.report;
import static io.gantry.dsm.TestData.reportData;
import static io.gantry.dsm.TestData.sense;
import static io.gantry.dsm.TestDisk.FIRST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.dsm.ScriptedDevice.Answer;
import io.gantry.scsi.ScsiStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Offload read: the exact commands, and what comes of each way they can end. */
class OffloadReadTest {
  private static final int ALLOCATION = 805;

  /** read_one_range: 2 MiB at 1 MiB. */
  private static final long LBA = 0x800;

  private static final long BLOCKS = 0x1000;

  private static TestDisk populating(Answer end) throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device.expect(populate(FIRST, 32), populateList(0, LBA, BLOCKS), end);
    return disk;
  }

  private static IoctlResult reading(TestDisk disk) throws IOException {
    IoctlResult result = disk.read(Golden.bytes("read_one_range"));
    disk.device.assertDone();
    return result;
  }

  private static void assertFailed(IoctlResult result, NtStatus status) {
    assertThat(result.status()).isEqualTo(status);
    assertThat(result.output()).isEqualTo(new byte[536]);
  }

  private static void assertToken(IoctlResult result, long blocks, int flags) {
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(OffloadReadOutput.decode(result.output()))
        .isEqualTo(new OffloadReadOutput(flags, blocks * 512, TestData.token()));
    assertThat(result.output()).hasSize(536);
  }

  @Test
  void populatesATokenAndAsksForIt() throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(populated(1, BLOCKS)));
    assertToken(reading(disk), BLOCKS, 0);
  }

  @Test
  void rangesKeepTheirOrderAndTimeToLiveItsNumber() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device
        .expect(populate(FIRST, 64), populateList(30, 0x2000, 0x80, 0, 1, 0x4000, 8), Answer.good())
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, 0x89)));
    assertToken(disk.read(Golden.bytes("read_three_ranges")), 0x89, 0);
  }

  @Test
  void everyCommandHasItsOwnListIdentifier() throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, BLOCKS)))
        .expect(populate(FIRST + 1, 32), populateList(0, LBA, BLOCKS), Answer.good())
        .expect(report(FIRST + 1, ALLOCATION), Answer.good(populated(1, BLOCKS)));
    disk.read(Golden.bytes("read_one_range"));
    assertToken(reading(disk), BLOCKS, 0);
  }

  @Test
  void moreThan64RangesAreCutOff() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    List<DataSetRange> ranges = new ArrayList<>();
    long[] sent = new long[128];
    for (int i = 0; i < 65; i++) {
      ranges.add(new DataSetRange(i * 4096L, 512L * (i + 1)));
      if (i < 64) {
        sent[2 * i] = i * 8L;
        sent[2 * i + 1] = i + 1L;
      }
    }
    long total = 64L * 65 / 2;
    disk.device
        .expect(populate(FIRST, 16 + 1024), populateList(0, sent), Answer.good())
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, total)));
    OffloadReadResult result = disk.disk.offloadRead(ranges, 0);
    assertThat(result)
        .isEqualTo(
            new OffloadReadResult(
                NtStatus.SUCCESS,
                total * 512,
                OffloadReadOutput.RANGE_TRUNCATED,
                TestData.token()));
  }

  @Test
  void theTargetsOwnLimitsCutOff() throws IOException {
    // Two descriptors, 0x1800 blocks: the second of three ranges is shortened.
    TestDisk disk = TestDisk.with(TestDisk.limits(2, 0, 0x1800, 0));
    List<DataSetRange> ranges =
        List.of(
            new DataSetRange(0, 0x1000 * 512),
            new DataSetRange(0x2000 * 512, 0x1000 * 512),
            new DataSetRange(0x4000 * 512, 512));
    disk.device
        .expect(populate(FIRST, 48), populateList(0, 0, 0x1000, 0x2000, 0x800), Answer.good())
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, 0x1800)));
    OffloadReadResult result = disk.disk.offloadRead(ranges, 0);
    assertThat(result.lengthProtected()).isEqualTo(0x1800 * 512);
    assertThat(result.isRangeTruncated()).isTrue();
  }

  @Test
  void theOptimalCountBindsOnlyWithoutATimeToLive() throws IOException {
    TestDisk disk = TestDisk.with(TestDisk.limits(0, 0, 0x1000, 0x100));
    List<DataSetRange> range = List.of(new DataSetRange(0, 0x200 * 512));
    disk.device
        .expect(populate(FIRST, 32), populateList(0, 0, 0x100), Answer.good())
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, 0x100)))
        .expect(populate(FIRST + 1, 32), populateList(9, 0, 0x200), Answer.good())
        .expect(report(FIRST + 1, ALLOCATION), Answer.good(populated(1, 0x200)));
    assertThat(disk.disk.offloadRead(range, 0).isRangeTruncated()).isTrue();
    assertThat(disk.disk.offloadRead(range, 9).isRangeTruncated()).isFalse();
  }

  @Test
  void aRangeOver32BitsOfBlocksIsSplit() throws IOException {
    TestDisk disk = TestDisk.with(TestDisk.limits(0, 0, 0, 0), 1L << 40, 512);
    long blocks = (1L << 32) + 5;
    disk.device
        .expect(
            populate(FIRST, 48),
            populateList(0, 7, 0xFFFF_FFFFL, 7 + 0xFFFF_FFFFL, 6),
            Answer.good())
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, blocks)));
    OffloadReadResult result =
        disk.disk.offloadRead(List.of(new DataSetRange(7 * 512, blocks * 512)), 0);
    assertThat(result.lengthProtected()).isEqualTo(blocks * 512);
  }

  @Test
  void aShortTokenIsTruncated() throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(populated(3, 5)));
    assertToken(reading(disk), 5, OffloadReadOutput.RANGE_TRUNCATED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xA, 0xB})
  void aShortPopulateIsNoFailure(int key) throws IOException {
    TestDisk disk = populating(Answer.check(sense(key, 0x0D, 0x04, 5)));
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(populated(3, 5)));
    assertToken(reading(disk), 5, OffloadReadOutput.RANGE_TRUNCATED);
  }

  @Test
  void blocksWithATokenCountMoreThanTheReportedError() throws IOException {
    TestDisk disk = populating(Answer.good());
    byte[] data = reportData(3, 5, sense(3, 0x11, 0), TestData.token().bytes(), 514);
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(data));
    assertToken(reading(disk), 5, OffloadReadOutput.RANGE_TRUNCATED);
  }

  @Test
  void aFailedPopulateAsksForNothing() throws IOException {
    assertFailed(
        reading(populating(Answer.check(5, 0x26, 8))), NtStatus.TOO_MANY_SEGMENT_DESCRIPTORS);
    assertFailed(
        reading(populating(Answer.status(ScsiStatus.RESERVATION_CONFLICT))), NtStatus.DEVICE_BUSY);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x04, 0x10, 0x11, 0x12})
  void anOperationThatHasNotEndedFails(int status) throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(populated(status, BLOCKS)));
    assertFailed(reading(disk), NtStatus.UNSUCCESSFUL);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x02, 0x60})
  void anOperationThatFailedCountsNothing(int status) throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(populated(status, BLOCKS)));
    assertFailed(reading(disk), NtStatus.UNSUCCESSFUL);
  }

  @Test
  void theReportsSenseIsTheReason() throws IOException {
    TestDisk disk = populating(Answer.good());
    byte[] data = reportData(2, 0, sense(3, 0x11, 0), null, 0);
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(data));
    assertFailed(reading(disk), NtStatus.DEVICE_DATA_ERROR);
  }

  @Test
  void moreBlocksThanAskedAreNotBelieved() throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(populated(1, BLOCKS + 1)));
    assertFailed(reading(disk), NtStatus.UNSUCCESSFUL);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 512, 513, 515, 1028})
  void aTokenDescriptorOfAnotherLengthIsNoToken(int length) throws IOException {
    TestDisk disk = populating(Answer.good());
    byte[] data = reportData(1, BLOCKS, new byte[0], TestData.token().bytes(), length);
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(data));
    assertFailed(reading(disk), NtStatus.UNSUCCESSFUL);
  }

  @Test
  void aReportThatIsCutOffIsNoToken() throws IOException {
    for (int length : new int[] {0, 31, 32, 36, 549}) {
      TestDisk disk = populating(Answer.good());
      byte[] data = Arrays.copyOf(populated(1, BLOCKS), length);
      disk.device.expect(report(FIRST, ALLOCATION), Answer.good(data));
      assertFailed(reading(disk), NtStatus.UNSUCCESSFUL);
    }
  }

  @Test
  void aReportThatIsRefusedFails() throws IOException {
    TestDisk disk = populating(Answer.good());
    disk.device.expect(report(FIRST, ALLOCATION), Answer.check(5, 0x24, 0));
    assertFailed(reading(disk), NtStatus.INVALID_INITIATOR_TARGET_PATH);
  }

  @Test
  void aUnitAttentionIsTriedOnceMore() throws IOException {
    TestDisk disk = populating(Answer.check(6, 0x29, 0));
    disk.device
        .expect(populate(FIRST, 32), populateList(0, LBA, BLOCKS), Answer.good())
        .expect(report(FIRST, ALLOCATION), Answer.check(6, 0x29, 0))
        .expect(report(FIRST, ALLOCATION), Answer.good(populated(1, BLOCKS)));
    assertToken(reading(disk), BLOCKS, 0);

    TestDisk again = populating(Answer.check(6, 0x29, 0));
    again.device.expect(
        populate(FIRST, 32), populateList(0, LBA, BLOCKS), Answer.check(6, 0x2A, 9));
    assertFailed(reading(again), NtStatus.IO_DEVICE_ERROR);
  }

  @Test
  void aLostDeviceIsAnException() throws IOException {
    TestDisk disk = populating(Answer.lost());
    assertThatThrownBy(() -> reading(disk))
        .isInstanceOf(IOException.class)
        .hasMessage("connection lost");
  }
}
