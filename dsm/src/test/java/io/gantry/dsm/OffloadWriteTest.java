package io.gantry.dsm;

import static io.gantry.dsm.TestData.descriptorSense;
import static io.gantry.dsm.TestData.report;
import static io.gantry.dsm.TestData.sense;
import static io.gantry.dsm.TestData.write;
import static io.gantry.dsm.TestData.writeList;
import static io.gantry.dsm.TestData.written;
import static io.gantry.dsm.TestDisk.FIRST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Offload write: the exact commands, and what comes of each way they can end. */
class OffloadWriteTest {
  private static final OffloadToken TOKEN = TestData.token();
  private static final int MIB_BLOCKS = 2048;

  /** write_token_offset_*: 2 MiB at 1 MiB. */
  private static final long LBA = 0x800;

  private static final long BLOCKS = 0x1000;

  /** Without limits, Windows has room for a report as long as the longest parameter list. */
  private static final int ALLOCATION = 65_535;

  private static void assertWrite(IoctlResult result, NtStatus status, int flags, long blocks) {
    assertThat(result.status()).isEqualTo(status);
    assertThat(OffloadWriteOutput.decode(result.output()))
        .isEqualTo(new OffloadWriteOutput(flags, blocks * 512));
    assertThat(result.output()).hasSize(16);
  }

  private static TestDisk writing(Answer first) throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device.expect(write(FIRST, 552), writeList(0, TOKEN, LBA, BLOCKS), first);
    return disk;
  }

  private static IoctlResult write0(TestDisk disk) throws IOException {
    IoctlResult result = disk.write(Golden.bytes("write_token_offset_0"));
    disk.device.assertDone();
    return result;
  }

  /** Expects the command that goes on where {@code done} blocks were written. */
  private static void expectRest(TestDisk disk, int listIdentifier, long done, Answer answer) {
    disk.device.expect(
        write(listIdentifier, 552), writeList(done, TOKEN, LBA + done, BLOCKS - done), answer);
  }

  @Test
  void allInOneCommandAsksForNoReport() throws IOException {
    assertWrite(write0(writing(Answer.good())), NtStatus.SUCCESS, 0, BLOCKS);
  }

  @ParameterizedTest
  @CsvSource({"write_token_offset_64k, 128", "write_token_offset_513, 1"})
  void theTokenOffsetIsInBlocksAndLosesItsRemainder(String input, long offset) throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device.expect(write(FIRST, 552), writeList(offset, TOKEN, LBA, BLOCKS), Answer.good());
    assertWrite(disk.write(Golden.bytes(input)), NtStatus.SUCCESS, 0, BLOCKS);
  }

  @Test
  void aZeroTokenIsATokenLikeAnyOther() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device.expect(
        write(FIRST, 552),
        writeList(0, new OffloadToken(Golden.bytes("token_zero")), LBA, BLOCKS),
        Answer.good());
    assertWrite(disk.write(Golden.bytes("write_zero_token")), NtStatus.SUCCESS, 0, BLOCKS);
  }

  @Test
  void rangesKeepTheirOrder() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device.expect(write(FIRST, 568), writeList(1, TOKEN, 0x1000, 8, 0x800, 16), Answer.good());
    assertWrite(disk.write(Golden.bytes("write_two_ranges_first")), NtStatus.SUCCESS, 0, 24);
  }

  /** Limits in MiB of 0 or more, and how much each command then writes. */
  @ParameterizedTest(name = "maximum {0} MiB, optimal {1} MiB: {2} MiB at a time")
  @CsvSource({"0, 0, 64", "32, 0, 32", "0, 16, 16", "8, 16, 8", "0, 512, 256", "0, 256, 256"})
  void aCommandWritesNoMoreThanTheLimits(int maximum, int optimal, int step) throws IOException {
    TestDisk disk =
        TestDisk.with(
            TestDisk.limits(0, 0, (long) maximum * MIB_BLOCKS, (long) optimal * MIB_BLOCKS));
    int total = 300;
    int listIdentifier = FIRST;
    for (int done = 0; done < total; done += step) {
      long at = (long) done * MIB_BLOCKS;
      long blocks = (long) Math.min(step, total - done) * MIB_BLOCKS;
      disk.device.expect(
          write(listIdentifier++, 552), writeList(at, TOKEN, at, blocks), Answer.good());
    }
    OffloadWriteResult result =
        disk.disk.offloadWrite(TOKEN, 0, List.of(new DataSetRange(0, (long) total << 20)));
    disk.device.assertDone();
    assertThat(result).isEqualTo(new OffloadWriteResult(NtStatus.SUCCESS, 300L << 20, 0));
  }

  @Test
  void blocksOf4096Bytes() throws IOException {
    TestDisk disk = TestDisk.with(TestDisk.limits(0, 0, 0, 0), 1 << 18, 4096);
    disk.device
        .expect(write(FIRST, 552), writeList(2, TOKEN, 16, 16384), Answer.good())
        .expect(write(FIRST + 1, 552), writeList(2 + 16384, TOKEN, 16400, 1), Answer.good());
    DataSetRange range = new DataSetRange(65536, (64 << 20) + 4096);
    assertThat(disk.disk.offloadWrite(TOKEN, 8192 + 4095, List.of(range)))
        .isEqualTo(new OffloadWriteResult(NtStatus.SUCCESS, (64 << 20) + 4096, 0));
    assertThat(disk.disk.offloadWrite(TOKEN, 0, List.of(new DataSetRange(512, 4096))).status())
        .isEqualTo(NtStatus.INVALID_PARAMETER);
  }

  @Test
  void moreThan64RangesTakeTwoCommands() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    List<DataSetRange> ranges = new ArrayList<>();
    long[] first = new long[128];
    for (int i = 0; i < 65; i++) {
      ranges.add(new DataSetRange(i * 4096L, 1024));
      if (i < 64) {
        first[2 * i] = i * 8L;
        first[2 * i + 1] = 2;
      }
    }
    disk.device
        .expect(write(FIRST, 536 + 1024), writeList(0, TOKEN, first), Answer.good())
        .expect(write(FIRST + 1, 552), writeList(128, TOKEN, 512, 2), Answer.good());
    OffloadWriteResult result = disk.disk.offloadWrite(TOKEN, 0, ranges);
    assertThat(result).isEqualTo(new OffloadWriteResult(NtStatus.SUCCESS, 65 * 1024, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0xA, 0xB})
  void aShortCopyGoesOnFromItsInformation(int key) throws IOException {
    for (byte[] sense : List.of(sense(key, 0x0D, 4, 0x123), descriptorSense(key, 0x0D, 4, 0x123))) {
      TestDisk disk = writing(Answer.check(sense));
      expectRest(disk, FIRST + 1, 0x123, Answer.good());
      assertWrite(write0(disk), NtStatus.SUCCESS, 0, BLOCKS);
    }
  }

  @Test
  void aShortCopyInTheMiddleOfASecondRangeGoesOnThere() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device
        .expect(
            write(FIRST, 568),
            writeList(1, TOKEN, 0x1000, 8, 0x800, 16),
            Answer.check(sense(0xA, 0x0D, 4, 11)))
        .expect(write(FIRST + 1, 552), writeList(12, TOKEN, 0x803, 13), Answer.good());
    assertWrite(disk.write(Golden.bytes("write_two_ranges_first")), NtStatus.SUCCESS, 0, 24);
  }

  @Test
  void aShortCopyWithoutABelievableCountIsReported() throws IOException {
    for (byte[] sense :
        List.of(
            sense(0xA, 0x0D, 4), // VALID=0
            sense(0xA, 0x0D, 4, 0),
            sense(0xA, 0x0D, 4, (int) BLOCKS + 1),
            descriptorSense(0xA, 0x0D, 4, -1))) {
      TestDisk disk = writing(Answer.check(sense));
      disk.device.expect(report(FIRST, ALLOCATION), Answer.good(written(3, 0x10, new byte[0])));
      expectRest(disk, FIRST + 1, 0x10, Answer.good());
      assertWrite(write0(disk), NtStatus.SUCCESS, 0, BLOCKS);
    }
  }

  @Test
  void anInvalidTokenEndsTheRequestWithoutAReport() throws IOException {
    TestDisk disk = writing(Answer.check(5, 0x23, 4));
    assertWrite(write0(disk), NtStatus.INVALID_TOKEN, OffloadWriteOutput.TOKEN_INVALID, 0);
  }

  @Test
  void aTokenThatBecomesInvalidLeavesWhatWasWritten() throws IOException {
    TestDisk disk = writing(Answer.check(sense(0xA, 0x0D, 4, 7)));
    expectRest(disk, FIRST + 1, 7, Answer.check(5, 0x23, 7));
    assertWrite(
        write0(disk),
        NtStatus.SUCCESS,
        OffloadWriteOutput.TOKEN_INVALID | OffloadWriteOutput.RANGE_TRUNCATED,
        7);
  }

  @Test
  void anyOtherFailureAsksForTheReport() throws IOException {
    TestDisk disk = writing(Answer.check(3, 0x0C, 0));
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(written(3, 9, sense(3, 0x0C, 0))));
    expectRest(disk, FIRST + 1, 9, Answer.good());
    assertWrite(write0(disk), NtStatus.SUCCESS, 0, BLOCKS);
  }

  @ParameterizedTest(name = "status {0}, {1} blocks, sense {2}/{3}: {4}, flags {5}")
  @CsvSource({
    "2, 0, 3, 12, DEVICE_DATA_ERROR, 0",
    "2, 0, 5, 35, INVALID_TOKEN, 2",
    "2, 9, 3, 12, DEVICE_DATA_ERROR, 0", // a count counts only with 01h and 03h
    "96, 9, 3, 12, DEVICE_DATA_ERROR, 0",
    "3, 0, 7, 39, MEDIA_WRITE_PROTECTED, 0",
    "3, 0, 0, 0, UNSUCCESSFUL, 0",
    "3, 4097, 0, 0, UNSUCCESSFUL, 0",
    "1, 0, 3, 12, UNSUCCESSFUL, 0", // sense of a success is a remark
    "4, 9, 0, 0, UNSUCCESSFUL, 0",
    "16, 9, 0, 0, UNSUCCESSFUL, 0",
  })
  void aReportOfNothingDoneIsTheReason(
      int status, long blocks, int key, int asc, NtStatus expected, int flags) throws IOException {
    TestDisk disk = writing(Answer.check(4, 0x44, 0));
    byte[] sense = key == 0 ? new byte[0] : sense(key, asc, 0);
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(written(status, blocks, sense)));
    assertWrite(write0(disk), expected, flags, 0);
  }

  @Test
  void aReportMayBlameTheTokenAndStillCount() throws IOException {
    TestDisk disk = writing(Answer.check(4, 0x44, 0));
    disk.device.expect(report(FIRST, ALLOCATION), Answer.good(written(3, 9, sense(5, 0x23, 6))));
    expectRest(disk, FIRST + 1, 9, Answer.check(5, 0x23, 6));
    assertWrite(write0(disk), NtStatus.SUCCESS, 3, 9);
  }

  @Test
  void aReportThatIsRefusedIsTheReason() throws IOException {
    TestDisk disk = writing(Answer.check(5, 0x26, 0));
    disk.device.expect(report(FIRST, ALLOCATION), Answer.check(5, 0x24, 0));
    assertWrite(write0(disk), NtStatus.INVALID_INITIATOR_TARGET_PATH, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({"1, 552", "64, 1560", "4062, 65528", "65535, 65535"})
  void theReportHasRoomAsTheTargetsLimitsSay(int ranges, int allocation) throws IOException {
    TestDisk disk = TestDisk.with(TestDisk.limits(ranges, 0, 0, 0));
    disk.device
        .expect(write(FIRST, 552), writeList(0, TOKEN, LBA, BLOCKS), Answer.check(4, 0x44, 0))
        .expect(report(FIRST, allocation), Answer.good(written(2, 0, sense(4, 0x44, 0))));
    assertWrite(write0(disk), NtStatus.DEVICE_HARDWARE_ERROR, 0, 0);
  }

  @Test
  void aUnitAttentionIsTriedTwiceMore() throws IOException {
    Answer attention = Answer.check(6, 0x29, 0);
    TestDisk disk = writing(attention);
    for (Answer answer : List.of(attention, Answer.good())) {
      disk.device.expect(write(FIRST, 552), writeList(0, TOKEN, LBA, BLOCKS), answer);
    }
    assertWrite(write0(disk), NtStatus.SUCCESS, 0, BLOCKS);
  }

  @Test
  void fourSecondsEndTheRequestAfterACommand() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    long step = 64L * MIB_BLOCKS;
    disk.device
        .expect(
            write(FIRST, 552),
            writeList(0, TOKEN, 0, step),
            Answer.good(),
            () -> disk.nanos.addAndGet(3_999_999_999L))
        .expect(
            write(FIRST + 1, 552),
            writeList(step, TOKEN, step, step),
            Answer.good(),
            () -> disk.nanos.addAndGet(1));
    OffloadWriteResult result =
        disk.disk.offloadWrite(TOKEN, 0, List.of(new DataSetRange(0, 300L << 20)));
    disk.device.assertDone();
    assertThat(result).isEqualTo(new OffloadWriteResult(NtStatus.SUCCESS, 128L << 20, 1));
  }

  @Test
  void timeDoesNotSpoilACompleteWrite() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device.expect(
        write(FIRST, 552),
        writeList(0, TOKEN, LBA, BLOCKS),
        Answer.good(),
        () -> disk.nanos.addAndGet(60_000_000_000L));
    assertWrite(write0(disk), NtStatus.SUCCESS, 0, BLOCKS);
  }

  @Test
  void aLostDeviceIsAnException() throws IOException {
    TestDisk disk = writing(Answer.lost());
    assertThatThrownBy(() -> write0(disk))
        .isInstanceOf(IOException.class)
        .hasMessage("connection lost");
  }
}
