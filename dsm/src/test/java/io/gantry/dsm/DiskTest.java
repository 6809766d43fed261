package io.gantry.dsm;

import static io.gantry.dsm.TestData.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.dsm.ScriptedDevice.Answer;
import io.gantry.scsi.RodTokenLimits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attaching a disk, and requests other than well-formed offloads. */
class DiskTest {
  private static final int QUERY_PROPERTY = 0x002D1400;
  private static final Answer CAPACITY = Answer.good(TestDisk.capacity(TestDisk.BLOCKS, 512));

  private static Answer refused() {
    return Answer.check(5, 0x24, 0);
  }

  @Test
  void attachAsksWhatWindowsAsks() throws IOException {
    Disk disk = TestDisk.with(TestDisk.limits(64, 600, 0x100000, 0x20000)).disk;
    assertThat(disk.capacity().blocks()).isEqualTo(TestDisk.BLOCKS);
    assertThat(disk.capacity().blockLengthBytes()).isEqualTo(512);
    assertThat(disk.copyOffloadLimits())
        .contains(new RodTokenLimits(64, 600, 60, 0x100000, 0x20000));
    assertThat(disk.blockLimits().maximumTransferBlocks()).isEqualTo(0x10000);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "8Fh is not listed,         00 00 0003 00 83 b0",
    "pages do not ascend,       00 00 0004 00 b0 8f c0",
    "a page is listed twice,    00 00 0005 00 83 8f 8f b0",
    "the list starts elsewhere, 00 00 0003 83 8f b0",
    "the list is empty,         00 00 0000",
    "the list is cut off,       00 00",
  })
  void withoutATrustworthyPageListThereIsNoOffload(String what, String pages) throws IOException {
    ScriptedDevice device =
        new ScriptedDevice()
            .expect(TestDisk.INQUIRY, Answer.good(new byte[36]))
            .expect(TestDisk.PAGES, Answer.good(hex(pages)));
    if (what.startsWith("8Fh")) {
      device.expect(TestDisk.BLOCK_LIMITS, Answer.good(TestDisk.blockLimits()));
    }
    device.expect(TestDisk.READ_CAPACITY, CAPACITY);
    assertNoOffload(TestDisk.on(device));
  }

  @ParameterizedTest(name = "byte {0} of the page is {1}")
  @CsvSource({"3, 35", "5, 1", "7, 31", "7, 36"})
  void withoutALimitsDescriptorThereIsNoOffload(int at, int value) throws IOException {
    byte[] page = TestDisk.limits(64, 600, 0, 0);
    page[at] = (byte) value;
    assertNoOffload(TestDisk.with(page));
    assertNoOffload(TestDisk.with(Arrays.copyOf(TestDisk.limits(64, 600, 0, 0), 39)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"05", "20", "7f"})
  void onlyADiskThatIsThereOffloads(String peripheral) throws IOException {
    assertNoOffload(
        TestDisk.on(
            new ScriptedDevice()
                .expect(TestDisk.INQUIRY, Answer.good(hex(peripheral + "00 06 00")))
                .expect(TestDisk.PAGES, Answer.good(TestDisk.PAGE_LIST))
                .expect(TestDisk.BLOCK_LIMITS, Answer.good(TestDisk.blockLimits()))
                .expect(TestDisk.READ_CAPACITY, CAPACITY)));
  }

  private static void assertNoOffload(TestDisk disk) throws IOException {
    disk.device.assertDone();
    assertThat(disk.disk.copyOffloadLimits()).isEmpty();
    for (String input : List.of("read_one_range", "write_token_offset_0")) {
      IoctlResult result = disk.control(Golden.bytes(input), 536);
      assertThat(result.status()).isEqualTo(NtStatus.DEVICE_FEATURE_NOT_SUPPORTED);
      assertThat(result.output()).isEmpty();
    }
  }

  @Test
  void unitAttentionsOfANewSessionAreRiddenOut() throws IOException {
    ScriptedDevice device =
        new ScriptedDevice()
            .expect(TestDisk.INQUIRY, Answer.good(new byte[36]))
            .expect(TestDisk.PAGES, refused());
    for (int i = 0; i < 4; i++) {
      device.expect(TestDisk.READ_CAPACITY, Answer.check(6, 0x29, i));
    }
    device.expect(TestDisk.READ_CAPACITY, CAPACITY);
    assertThat(TestDisk.on(device).disk.capacity().blocks()).isEqualTo(TestDisk.BLOCKS);
  }

  @Test
  void anOldDiskTellsItsCapacityTheOldWay() throws IOException {
    ScriptedDevice device =
        new ScriptedDevice()
            .expect(TestDisk.INQUIRY, refused())
            .expect(TestDisk.PAGES, refused())
            .expect(TestDisk.READ_CAPACITY, Answer.check(5, 0x20, 0))
            .expect("25 00 00000000 000000 00", Answer.good(hex("000003ff 00001000")));
    Disk disk = TestDisk.on(device).disk;
    assertThat(disk.capacity().blocks()).isEqualTo(1024);
    assertThat(disk.capacity().blockLengthBytes()).isEqualTo(4096);
  }

  @ParameterizedTest
  @CsvSource({"1024, 0", "0, 512", "0x7FFFFFFFFFFFFFFF, 512", "1024, -512"})
  void anImpossibleCapacityIsNoDisk(String blocks, int blockLength) {
    byte[] data = TestDisk.capacity(Long.decode(blocks), blockLength);
    ScriptedDevice device =
        new ScriptedDevice()
            .expect(TestDisk.INQUIRY, Answer.good(new byte[36]))
            .expect(TestDisk.PAGES, refused())
            .expect(TestDisk.READ_CAPACITY, Answer.good(data));
    assertThatThrownBy(() -> TestDisk.on(device))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("impossible capacity");
  }

  @Test
  void otherControlCodesAreInvalid() throws IOException {
    Disk disk = TestDisk.unlimited().disk;
    for (int code : new int[] {0, -1, 0x00098208, 0x002D9408}) {
      IoctlResult result = disk.control(code, Golden.bytes("read_one_range"), 536);
      assertThat(result.status()).isEqualTo(NtStatus.INVALID_DEVICE_REQUEST);
      assertThat(result.output()).isEmpty();
    }
  }

  @ParameterizedTest(name = "property {0}, query type {1}, {2} bytes: {3}, {4} bytes")
  @CsvSource({
    "13, 1, 0, SUCCESS, 0",
    "13, 2, 48, NOT_SUPPORTED, 0",
    "13, 0, 7, BUFFER_TOO_SMALL, 0",
    "13, 0, 8, SUCCESS, 8",
    "13, 0, 47, SUCCESS, 8",
    "13, 0, 48, SUCCESS, 48",
    "13, 0, 4096, SUCCESS, 48",
    "8, 0, 48, INVALID_DEVICE_REQUEST, 0",
    "5, 0, 48, NOT_SUPPORTED, 0",
  })
  void copyOffloadProperty(int property, int type, int capacity, NtStatus status, int length)
      throws IOException {
    Disk disk = TestDisk.with(TestDisk.limits(64, 600, 0x1_0000_0000L, 0x20000)).disk;
    byte[] query = Golden.bytes("query_copy_offload");
    query[0] = (byte) property;
    query[4] = (byte) type;
    IoctlResult result = disk.control(QUERY_PROPERTY, query, capacity);
    assertThat(result.status()).isEqualTo(status);
    byte[] expected =
        switch (length) {
          case 8 -> hex("30000000 30000000");
          case 48 -> Golden.bytes("output_copy_offload");
          default -> new byte[0];
        };
    assertThat(result.output()).isEqualTo(expected);
  }

  @Test
  void copyOffloadPropertyOfADiskThatCannot() throws IOException {
    Disk disk = TestDisk.plain().disk;
    byte[] query = Golden.bytes("query_copy_offload");
    assertThat(disk.control(QUERY_PROPERTY, query, 48).status())
        .isEqualTo(NtStatus.DEVICE_FEATURE_NOT_SUPPORTED);
    assertThat(disk.control(QUERY_PROPERTY, query, 8).status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(disk.control(QUERY_PROPERTY, new byte[7], 48).status())
        .isEqualTo(NtStatus.INVALID_PARAMETER);
  }

  @Test
  void javaCallersGetTheStatusOfARefusal() throws IOException {
    Disk disk = TestDisk.unlimited().disk;
    assertThat(disk.offloadRead(List.of(), 0))
        .isEqualTo(new OffloadReadResult(NtStatus.INVALID_PARAMETER, 0, 0, null));
    assertThat(disk.offloadWrite(TestData.token(), 0, List.of(new DataSetRange(1L << 40, 512))))
        .isEqualTo(new OffloadWriteResult(NtStatus.NONEXISTENT_SECTOR, 0, 0));
  }

  /** Whatever the bytes: a status, never an exception but that of the device. */
  @Test
  void garbageGetsAStatus() throws IOException {
    long seed = Long.getLong("seed", 42);
    Random random = new Random(seed);
    List<byte[]> templates =
        List.of(
            Golden.bytes("read_one_range"),
            Golden.bytes("read_three_ranges"),
            Golden.bytes("write_token_offset_0"),
            Golden.bytes("write_two_ranges_first"));
    FailingDevice device = new FailingDevice(random);
    Disk disk = Disk.attach(device);
    for (int i = 0; i < 20_000; i++) {
      byte[] template = templates.get(random.nextInt(templates.size()));
      byte[] input = Arrays.copyOf(template, random.nextInt(template.length * 2));
      for (int change = random.nextInt(4); change > 0 && input.length > 0; change--) {
        int at = random.nextInt(Math.min(input.length, random.nextBoolean() ? 64 : 1024));
        input[at] = (byte) (random.nextBoolean() ? random.nextInt() : 1 << random.nextInt(8));
      }
      int capacity = random.nextInt(600);
      int code = random.nextInt(10) == 0 ? QUERY_PROPERTY : 0x002D9404;
      IoctlResult result = disk.control(code, input, capacity);
      assertThat(result.output().length)
          .as("seed %d, round %d", seed, i)
          .isLessThanOrEqualTo(capacity);
      if (result.output().length == 16) {
        OffloadWriteOutput output = OffloadWriteOutput.decode(result.output());
        assertThat(result.status().isSuccess()).isEqualTo(output.lengthCopied() > 0);
      }
    }
  }

  /** The same for all that is no offload, and for answers of the disk that are anything. */
  @Test
  void garbageForEverythingElseGetsAStatus() throws IOException {
    long seed = Long.getLong("seed", 43);
    Random random = new Random(seed);
    List<byte[]> templates =
        Stream.of(
                "trim_three_ranges",
                "trim_entire_disk",
                "allocation_one_range",
                "allocation_entire_disk",
                "scrub_one_range",
                "range_errors_one_range",
                "write_zeroes_one_range",
                "free_space_entire_disk",
                "notification_begin",
                "query_device",
                "query_seek_penalty",
                "query_lb_provisioning",
                "query_access_alignment")
            .map(Golden::bytes)
            .toList();
    int[] codes = {0x002D9404, QUERY_PROPERTY, 0x00094264, 0x00098268};
    Disk disk = Disk.attach(new FailingDevice(random));
    for (int i = 0; i < 20_000; i++) {
      byte[] template = templates.get(random.nextInt(templates.size()));
      byte[] input =
          random.nextInt(4) == 0 ? Arrays.copyOf(template, random.nextInt(600)) : template.clone();
      for (int change = random.nextInt(3); change > 0 && input.length > 0; change--) {
        input[random.nextInt(Math.min(input.length, 64))] = (byte) (1 << random.nextInt(8));
      }
      int capacity = random.nextInt(8) == 0 ? random.nextInt(64) : random.nextInt(20_000);
      int usual = template.length == 12 ? 1 : 0;
      int code = codes[random.nextInt(4) == 0 ? random.nextInt(4) : usual];
      IoctlResult result = disk.control(code, input, capacity);
      assertThat(result.output().length)
          .as("seed %d, round %d", seed, i)
          .isLessThanOrEqualTo(capacity);
    }
  }
}
