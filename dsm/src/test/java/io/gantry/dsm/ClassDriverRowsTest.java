package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What Windows' class driver tests of an offload before it sends a command, in its order, with its
 * statuses; each row is made to fail for a read and for a write. Not here, since it cannot happen
 * in this module: a caller at raised IRQL (INVALID_LEVEL), one in user mode (ACCESS_DENIED), no
 * buffer at all, and no memory (INSUFFICIENT_RESOURCES).
 */
class ClassDriverRowsTest {
  private static final int TIME_TO_LIVE = 32;

  @ParameterizedTest(name = "{0}. {1}")
  @CsvSource(
      textBlock =
          """
          1,  not a disk,                                    C0000463
          2,  no limits descriptor in VPD page 8Fh,          C0000463
          3,  VPD page 8Fh ended with a medium error,        C000009C
          7a, input shorter than the header,                 C000000D
          7b, input shorter than header and both blocks,     C000000D
          8a, no DataSetRangesOffset,                        C000000D
          8b, no DataSetRangesLength,                        C000000D
          8c, DataSetRangesLength of less than a range,      C000000D
          10a, offset is no multiple of a sector,            C000000D
          10b, length is no multiple of a sector,            C000000D
          10c, length is 0,                                  C000000D
          11, range ends past the disk,                      C0000015
          12, parameter block a byte too short,              C000000D
          13, TimeToLive over the maximum; reads only,       C000000D
          14, output a byte too short,                       C0000023
          """)
  void row(String row, String what, String status) throws IOException {
    for (DsmAction action : List.of(DsmAction.OFFLOAD_READ, DsmAction.OFFLOAD_WRITE)) {
      if (row.equals("13") && action == DsmAction.OFFLOAD_WRITE) {
        continue;
      }
      TestDisk disk = disk(row);
      int room = action.outputBlock().lengthBytes() - (row.equals("14") ? 1 : 0);
      IoctlResult result = disk.control(input(row, action), room);
      assertThat(result.status().value())
          .as("%s: %s", action, what)
          .isEqualTo(Integer.parseUnsignedInt(status, 16));
      assertThat(result.output()).as("Information is not set").isEmpty();
      disk.device.assertDone();
    }
  }

  private static TestDisk disk(String row) throws IOException {
    return switch (row) {
      case "1" ->
          TestDisk.on(
              new ScriptedDevice()
                  .expect(TestDisk.INQUIRY, Answer.good(TestData.hex("05 80 06 12")))
                  .expect(TestDisk.PAGES, Answer.good(TestDisk.PAGE_LIST))
                  .expect(TestDisk.BLOCK_LIMITS, Answer.good(TestDisk.blockLimits()))
                  .expect(
                      TestDisk.READ_CAPACITY,
                      Answer.good(TestDisk.capacity(TestDisk.BLOCKS, 512))));
      case "2" -> TestDisk.with(new byte[40]);
      case "3" ->
          TestDisk.on(
              new ScriptedDevice()
                  .expect(TestDisk.INQUIRY, Answer.good(new byte[36]))
                  .expect(TestDisk.PAGES, Answer.good(TestDisk.PAGE_LIST))
                  .expect(TestDisk.THIRD_PARTY_COPY, Answer.check(3, 0x11, 0))
                  .expect(TestDisk.BLOCK_LIMITS, Answer.good(TestDisk.blockLimits()))
                  .expect(
                      TestDisk.READ_CAPACITY,
                      Answer.good(TestDisk.capacity(TestDisk.BLOCKS, 512))));
      default -> TestDisk.with(TestDisk.limits(64, 600, 0, 0));
    };
  }

  private static byte[] input(String row, DsmAction action) {
    boolean isRead = action == DsmAction.OFFLOAD_READ;
    byte[] input = Golden.bytes(isRead ? "read_one_range" : "write_token_offset_0");
    ByteBuffer b = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
    int range = b.getInt(20);
    switch (row) {
      case "1", "2", "3", "14" -> {}
      case "7a" -> {
        return Arrays.copyOf(input, 27);
      }
      case "7b" -> {
        return Arrays.copyOf(input, 28 + b.getInt(16) + b.getInt(24) - 1);
      }
      case "8a" -> b.putInt(20, 0);
      case "8b" -> b.putInt(24, 0);
      case "8c" -> b.putInt(24, 15);
      case "10a" -> b.putLong(range, 513);
      case "10b" -> b.putLong(range + 8, 1023);
      case "10c" -> b.putLong(range + 8, 0);
      case "11" -> b.putLong(range, (1L << 30) - 512);
      case "12" -> b.putInt(16, b.getInt(16) - 1);
      case "13" -> b.putInt(TIME_TO_LIVE, 601);
      default -> throw new AssertionError(row);
    }
    return input;
  }

  /** Of two rows that fail, the first decides: the rows with statuses of their own. */
  @ParameterizedTest(name = "{0} before {1}")
  @CsvSource({
    "unknown action, no offload, C00000BB",
    "unknown action, past the end, C00000BB",
    "no offload, misaligned parameters, C0000463",
    "no offload, past the end, C0000463",
    "misaligned parameters, past the end, C000000D",
    "past the end, time to live, C0000015",
    "past the end, short output, C0000015",
    "time to live, short output, C000000D",
  })
  void theFirstRowDecides(String first, String second, String status) throws IOException {
    List<String> both = List.of(first, second);
    TestDisk disk =
        both.contains("no offload")
            ? TestDisk.plain()
            : TestDisk.with(TestDisk.limits(64, 600, 0, 0));
    byte[] input = Golden.bytes("read_one_range");
    ByteBuffer b = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
    if (both.contains("unknown action")) {
      b.putInt(4, 0x7777);
    }
    if (both.contains("misaligned parameters")) {
      b.putInt(12, 30);
    }
    if (both.contains("past the end")) {
      b.putLong(48, 1L << 40);
    }
    if (both.contains("time to live")) {
      b.putInt(TIME_TO_LIVE, 601);
    }
    IoctlResult result = disk.control(input, both.contains("short output") ? 535 : 536);
    assertThat(result.status().value()).isEqualTo(Integer.parseUnsignedInt(status, 16));
  }

  /** Not looked at: reserved fields, other flags, excess bytes, what the token is. */
  @Test
  void whatTheClassDriverDoesNotLookAt() throws IOException {
    TestDisk disk = TestDisk.with(TestDisk.limits(64, 600, 0, 0));
    byte[] input = Arrays.copyOf(Golden.bytes("write_token_offset_0"), 700);
    ByteBuffer b = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
    b.putInt(8, 0x7FFF_FFFE).putInt(28, -1).putInt(32, -1).putInt(36, -1);
    disk.device.expect(
        TestData.write(TestDisk.FIRST, 552),
        TestData.writeList(0, TestData.token(), 0x800, 0x1000),
        Answer.good());
    assertThat(disk.write(input).status()).isEqualTo(NtStatus.SUCCESS);
    disk.device.assertDone();
  }

  /** As the class driver has it, or as it is documented. */
  @ParameterizedTest(name = "{0} of {1}: {2} s")
  @CsvSource({
    "60, SECONDS, 60",
    "600, SECONDS, 600",
    "601, SECONDS, -1",
    "60000, SECONDS, -1",
    "60000, MILLISECONDS, 60",
    "1, MILLISECONDS, 1",
    "599001, MILLISECONDS, 600",
    "600000, MILLISECONDS, 600",
    "600001, MILLISECONDS, -1",
    "-1, MILLISECONDS, -1",
    "0, MILLISECONDS, 0",
  })
  void timeToLive(int asked, TimeToLiveUnit unit, int seconds) throws IOException {
    TestDisk disk = TestDisk.with(TestDisk.limits(64, 600, 0, 0));
    if (seconds >= 0) {
      disk.device
          .expect(
              TestData.populate(TestDisk.FIRST, 32),
              TestData.populateList(seconds, 0, 1),
              Answer.good())
          .expect(TestData.report(TestDisk.FIRST, 805), Answer.good(TestData.populated(1, 1)));
    }
    OffloadReadResult result =
        disk.disk.withTimeToLiveIn(unit).offloadRead(List.of(new DataSetRange(0, 512)), asked);
    assertThat(result.status())
        .isEqualTo(seconds < 0 ? NtStatus.INVALID_PARAMETER : NtStatus.SUCCESS);
    disk.device.assertDone();
  }
}
