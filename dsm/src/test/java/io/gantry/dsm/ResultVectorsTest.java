package io.gantry.dsm;

import static io.gantry.dsm.TestData.populate;
import static io.gantry.dsm.TestData.populateList;
import static io.gantry.dsm.TestData.populated;
import static io.gantry.dsm.TestData.report;
import static io.gantry.dsm.TestData.reportData;
import static io.gantry.dsm.TestData.write;
import static io.gantry.dsm.TestData.writeList;
import static io.gantry.dsm.TestDisk.FIRST;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The cases that a caller of the ioctl tells apart, each with its status, Information and the
 * output's bytes. Numbers are written as they stand in the buffer, from byte 0.
 */
class ResultVectorsTest {
  private static final OffloadToken TOKEN = TestData.token();
  private static final long MIB = 1 << 20;
  private static final int MIB_BLOCKS = 2048;

  /**
   * A row of the table.
   *
   * @param status the I/O status
   * @param output the start of the output, in hexadecimal; empty if Information is not set
   */
  record Row(
      String what,
      byte[] input,
      int capacity,
      Consumer<TestDisk> script,
      int status,
      int information,
      String output) {
    @Override
    public String toString() {
      return what;
    }
  }

  static Stream<Row> rows() {
    return Stream.of(
        row(
            "read, target protects all",
            "read_one_range",
            disk -> expectRead(disk, Answer.good(populated(1, 0x1000))),
            0,
            "00000000 00000000 0000200000000000 00020000"),
        row(
            "read, target protects less, status 03h",
            "read_one_range",
            disk -> expectRead(disk, Answer.good(populated(3, 0x10))),
            0,
            "01000000 00000000 0020000000000000 00020000"),
        new Row(
            "read, 65 ranges",
            sixtyFive(),
            536,
            ResultVectorsTest::expectSixtyFour,
            0,
            536,
            "01000000 00000000 0080000000000000 00020000"),
        row(
            "read, POPULATE TOKEN ends with 5h/26h/08h",
            "read_one_range",
            disk ->
                disk.device.expect(
                    populate(FIRST, 32), populateList(0, 0x800, 0x1000), Answer.check(5, 0x26, 8)),
            0xC0000473,
            "00000000 00000000 0000000000000000 00000000"),
        row(
            "read, report says in progress",
            "read_one_range",
            disk -> expectRead(disk, Answer.good(populated(0x12, 0x1000))),
            0xC0000001,
            "00000000 00000000 0000000000000000 00000000"),
        refused("read, 535 bytes of output", "read_one_range", 535, 0xC0000023),
        row(
            "write, all done",
            "write_token_offset_0",
            disk -> expectWrite(disk, 0, Answer.good()),
            0,
            "00000000 00000000 0000200000000000"),
        new Row(
            "write of 300 MiB without limits: 4 x 64 MiB + 44 MiB",
            writing(300 * MIB),
            16,
            disk -> expectSteps(disk, 64, 64, 64, 64, 44),
            0,
            16,
            "00000000 00000000 0000c01200000000"),
        row(
            "write, first command ends with 5h/23h/04h",
            "write_token_offset_0",
            disk -> expectWrite(disk, 0, Answer.check(5, 0x23, 4)),
            0xC0000465,
            "02000000 00000000 0000000000000000"),
        new Row(
            "write, second command ends with 5h/23h/04h",
            writing(100 * MIB),
            16,
            disk -> {
              expectSteps(disk, 64);
              disk.device.expect(
                  write(FIRST + 1, 552),
                  writeList(64 * MIB_BLOCKS, TOKEN, 64 * MIB_BLOCKS, 36 * MIB_BLOCKS),
                  Answer.check(5, 0x23, 4));
            },
            0,
            16,
            "03000000 00000000 0000000400000000"),
        new Row(
            "write, 4 s have gone by before all is done",
            writing(100 * MIB),
            16,
            disk ->
                disk.device.expect(
                    write(FIRST, 552),
                    writeList(0, TOKEN, 0, 64 * MIB_BLOCKS),
                    Answer.good(),
                    () -> disk.nanos.addAndGet(4_000_000_000L)),
            0,
            16,
            "01000000 00000000 0000000400000000"),
        row(
            "write, TokenOffset 513 is as 512",
            "write_token_offset_513",
            disk -> expectWrite(disk, 1, Answer.good()),
            0,
            "00000000 00000000 0000200000000000"),
        refused("range past the end", "read_past_end", 536, 0xC0000015),
        refused("length 0", "read_no_bytes", 536, 0xC000000D),
        refused("misaligned offset", "read_misaligned_offset", 536, 0xC000000D),
        refused("misaligned length", "read_misaligned_length", 536, 0xC000000D));
  }

  private static Row row(
      String what, String input, Consumer<TestDisk> script, int status, String output) {
    int information = input.startsWith("read") ? 536 : 16;
    return new Row(what, Golden.bytes(input), information, script, status, information, output);
  }

  private static Row refused(String what, String input, int capacity, int status) {
    return new Row(what, Golden.bytes(input), capacity, _ -> {}, status, 0, "");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void result(Row row) throws IOException {
    TestDisk disk = TestDisk.unlimited();
    row.script.accept(disk);
    IoctlResult result = disk.control(row.input, row.capacity);
    disk.device.assertDone();

    assertThat(result.status().value()).isEqualTo(row.status);
    assertThat(result.output()).hasSize(row.information);
    byte[] start = TestData.hex(row.output);
    assertThat(result.output()).startsWith(start);
    if (row.information == 536) {
      byte[] token = new byte[512];
      ByteBuffer.wrap(result.output()).get(20, token);
      assertThat(token).isEqualTo(row.status == 0 ? TOKEN.bytes() : new byte[512]);
    }
  }

  private static void expectRead(TestDisk disk, Answer answer) {
    disk.device
        .expect(populate(FIRST, 32), populateList(0, 0x800, 0x1000), Answer.good())
        .expect(report(FIRST, 805), answer);
  }

  private static void expectWrite(TestDisk disk, long offset, Answer answer) {
    disk.device.expect(write(FIRST, 552), writeList(offset, TOKEN, 0x800, 0x1000), answer);
  }

  private static void expectSteps(TestDisk disk, int... mebibytes) {
    long at = 0;
    for (int i = 0; i < mebibytes.length; i++) {
      long blocks = (long) mebibytes[i] * MIB_BLOCKS;
      disk.device.expect(write(FIRST + i, 552), writeList(at, TOKEN, at, blocks), Answer.good());
      at += blocks;
    }
  }

  private static byte[] writing(long length) {
    return ManageDataSetAttributes.input(
        DsmAction.OFFLOAD_WRITE,
        new OffloadWriteParameters(0, 0, TOKEN).encode(),
        List.of(new DataSetRange(0, length)));
  }

  private static byte[] sixtyFive() {
    return ManageDataSetAttributes.input(
        DsmAction.OFFLOAD_READ,
        new OffloadReadParameters(0, 0).encode(),
        IntStream.range(0, 65).mapToObj(i -> new DataSetRange(i * 1024L, 512)).toList());
  }

  private static void expectSixtyFour(TestDisk disk) {
    long[] ranges = new long[128];
    for (int i = 0; i < 64; i++) {
      ranges[2 * i] = 2L * i;
      ranges[2 * i + 1] = 1;
    }
    disk.device
        .expect(populate(FIRST, 16 + 1024), populateList(0, ranges), Answer.good())
        .expect(
            report(FIRST, 805), Answer.good(reportData(1, 64, new byte[0], TOKEN.bytes(), 514)));
  }
}
