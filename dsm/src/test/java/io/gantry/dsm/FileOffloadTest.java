package io.gantry.dsm;

import static io.gantry.dsm.TestData.hex;
import static io.gantry.dsm.TestData.populate;
import static io.gantry.dsm.TestData.populateList;
import static io.gantry.dsm.TestData.populated;
import static io.gantry.dsm.TestData.report;
import static io.gantry.dsm.TestData.write;
import static io.gantry.dsm.TestData.writeList;
import static io.gantry.dsm.TestDisk.FIRST;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FSCTL_OFFLOAD_READ and FSCTL_OFFLOAD_WRITE on a file that is a disk of 1 GiB (MS-FSCC). */
class FileOffloadTest {
  private static final int READ = 0x00094264;
  private static final int WRITE = 0x00098268;
  private static final String TOKEN = HexFormat.of().formatHex(TestData.token().bytes());

  private static byte[] readInput(int size, int timeToLive, long offset, long length) {
    return ByteBuffer.allocate(32)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(size)
        .putInt(0)
        .putInt(timeToLive)
        .putInt(0)
        .putLong(offset)
        .putLong(length)
        .array();
  }

  private static byte[] writeInput(int size, long offset, long length, long transferOffset) {
    return ByteBuffer.allocate(544)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(size)
        .putInt(0)
        .putLong(offset)
        .putLong(length)
        .putLong(transferOffset)
        .put(TestData.token().bytes())
        .array();
  }

  /** 1,500 ms are two seconds. */
  @Test
  void aReadMakesATokenAndCountsMilliseconds() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device
        .expect(populate(FIRST, 32), populateList(2, 0x800, 0x1000), Answer.good())
        .expect(report(FIRST, 805), Answer.good(populated(3, 0x10)));
    IoctlResult result = disk.disk.control(READ, readInput(32, 1500, 0x100000, 0x200000), 528);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output()).isEqualTo(hex("10020000 00000000 0020000000000000" + TOKEN));
  }

  @Test
  void aReadOfNothingIsAZeroToken() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    IoctlResult result = disk.disk.control(READ, readInput(32, 0, 1L << 40, 0), 528);
    disk.device.assertDone();
    assertThat(result.output())
        .isEqualTo(hex("10020000 00000000 0000000000000000 ffff0001 0000 01f8" + "00".repeat(504)));
  }

  @Test
  void theEndOfTheFileCutsARequest() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device
        .expect(populate(FIRST, 32), populateList(0, 0x1FFFFF, 1), Answer.good())
        .expect(report(FIRST, 805), Answer.good(populated(1, 1)))
        .expect(write(FIRST + 1, 552), writeList(8, TestData.token(), 0x1FFFFF, 1), Answer.good());
    assertThat(disk.disk.control(READ, readInput(32, 0, (1L << 30) - 512, 1L << 30), 528).output())
        .startsWith(hex("10020000 00000000 0002000000000000"));
    IoctlResult written =
        disk.disk.control(WRITE, writeInput(544, (1L << 30) - 512, 4096, 4096), 16);
    assertThat(written.output()).isEqualTo(hex("10000000 00000000 0002000000000000"));
    disk.device.assertDone();
  }

  @Test
  void aWriteOfNothing() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    assertThat(disk.disk.control(WRITE, writeInput(544, 0, 0, 0), 16).output())
        .isEqualTo(hex("10000000 00000000 0000000000000000"));
    disk.device.assertDone();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "input of 31 bytes,         31, 528, 32, 0, 512, C0000023",
    "output of 527 bytes,       32, 527, 32, 0, 512, C0000023",
    "lengths before Size,       31, 528, 31, 0, 512, C0000023",
    "Size 31,                   32, 528, 31, 0, 512, C000000D",
    "FileOffset misaligned,     32, 528, 32, 1, 512, C000000D",
    "CopyLength misaligned,     32, 528, 32, 0, 511, C000000D",
    "negative FileOffset,       32, 528, 32, -512, 512, C000000D",
    "negative CopyLength,       32, 528, 32, 0, -512, C000000D",
    "sum past 63 bits,          32, 528, 32, 9223372036854775296, 512, C000000D",
    "alignment before the end,  32, 528, 32, 1073741825, 512, C000000D",
    "starts at the end,         32, 528, 32, 1073741824, 512, C0000011",
  })
  void readsThatAreRefused(
      String what, int input, int output, int size, long offset, long length, String status)
      throws IOException {
    TestDisk disk = TestDisk.unlimited();
    byte[] request = Arrays.copyOf(readInput(size, 0, offset, length), input);
    assertRefused(disk.disk.control(READ, request, output), status);
    disk.device.assertDone();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "input of 543 bytes,        543, 16, 544, 0, 512, 0, C0000023",
    "output of 15 bytes,        544, 15, 544, 0, 512, 0, C0000023",
    "Size 32,                   544, 16, 32, 0, 512, 0, C000000D",
    "FileOffset misaligned,     544, 16, 544, 513, 512, 0, C000000D",
    "CopyLength misaligned,     544, 16, 544, 0, 513, 0, C000000D",
    "TransferOffset misaligned, 544, 16, 544, 0, 512, 1, C000000D",
    "negative TransferOffset,   544, 16, 544, 0, 512, -512, C000000D",
    "starts behind the end,     544, 16, 544, 1073742336, 512, 0, C0000011",
  })
  void writesThatAreRefused(
      String what,
      int input,
      int output,
      int size,
      long offset,
      long length,
      long transferOffset,
      String status)
      throws IOException {
    TestDisk disk = TestDisk.unlimited();
    byte[] request = Arrays.copyOf(writeInput(size, offset, length, transferOffset), input);
    assertRefused(disk.disk.control(WRITE, request, output), status);
    disk.device.assertDone();
  }

  @Test
  void statusesOfTheDiskAreTheFiles() throws IOException {
    TestDisk disk = TestDisk.unlimited();
    disk.device
        .expect(populate(FIRST, 32), populateList(0, 0, 1), Answer.check(5, 0x26, 8))
        .expect(
            write(FIRST + 1, 552), writeList(0, TestData.token(), 0, 1), Answer.check(5, 0x23, 4));
    assertRefused(disk.disk.control(READ, readInput(32, 0, 0, 512), 528), "C0000473");
    assertRefused(disk.disk.control(WRITE, writeInput(544, 0, 512, 0), 16), "C0000465");
    disk.device.assertDone();
    Disk plain = TestDisk.plain().disk;
    assertRefused(plain.control(READ, new byte[0], 0), "C00000BB");
    assertRefused(plain.control(WRITE, writeInput(544, 0, 512, 0), 16), "C00000BB");
  }

  private static void assertRefused(IoctlResult result, String status) {
    assertThat(result.status().value()).isEqualTo(Integer.parseUnsignedInt(status, 16));
    assertThat(result.output()).isEmpty();
  }
}
