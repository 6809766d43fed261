package io.gantry.dsm;

import static io.gantry.dsm.TestData.hex;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** IOCTL_STORAGE_QUERY_PROPERTY, property by property; the copy offload one is in DiskTest. */
class PropertyDescriptorsTest {
  private static final int QUERY_PROPERTY = 0x002D1400;
  private static final String LOG_SENSE = "4d 00 4c 00 00 0000 0200 00";

  private static IoctlResult query(TestDisk disk, String name, int capacity) throws IOException {
    return disk.disk.control(QUERY_PROPERTY, Golden.bytes("query_" + name), capacity);
  }

  @ParameterizedTest(name = "{0}, {1} bytes: {2}, {3} bytes")
  @CsvSource({
    "device,           7, BUFFER_TOO_SMALL, 0",
    "access_alignment, 7, BUFFER_TOO_SMALL, 0",
    "access_alignment, 8, SUCCESS, 8",
    "access_alignment, 27, SUCCESS, 8",
    "access_alignment, 28, SUCCESS, 28",
    "seek_penalty,     7, BUFFER_TOO_SMALL, 0",
    "seek_penalty,     8, SUCCESS, 8",
    "seek_penalty,     11, SUCCESS, 8",
    "trim,             7, BUFFER_TOO_SMALL, 0",
    "trim,             8, SUCCESS, 8",
    "trim,             11, SUCCESS, 8",
    "trim,             12, SUCCESS, 12",
    "trim,             512, SUCCESS, 12",
    "lb_provisioning,  7, BUFFER_TOO_SMALL, 0",
    "lb_provisioning,  8, SUCCESS, 8",
    "lb_provisioning,  31, SUCCESS, 8",
  })
  void room(String name, int capacity, NtStatus status, int length) throws IOException {
    TestDisk disk = TestDisk.thin();
    IoctlResult result = query(disk, name, capacity);
    assertThat(result.status()).isEqualTo(status);
    assertThat(result.output()).hasSize(length);
    if (length == 8) {
      int size = Structures.find(structure(name)).orElseThrow().layout().sizeBytes();
      assertThat(result.output()).isEqualTo(hex("%02x000000 %02x000000".formatted(size, size)));
    }
    disk.device.assertDone();
  }

  private static String structure(String name) {
    return switch (name) {
      case "access_alignment" -> "STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR";
      case "seek_penalty" -> "DEVICE_SEEK_PENALTY_DESCRIPTOR";
      case "trim" -> "DEVICE_TRIM_DESCRIPTOR";
      default -> "DEVICE_LB_PROVISIONING_DESCRIPTOR";
    };
  }

  @ParameterizedTest
  @CsvSource({"device", "access_alignment", "seek_penalty", "trim", "lb_provisioning"})
  void existsAndOtherQueries(String name) throws IOException {
    TestDisk disk = TestDisk.thin();
    byte[] query = Golden.bytes("query_" + name);
    query[4] = 1;
    IoctlResult exists = disk.disk.control(QUERY_PROPERTY, query, 0);
    assertThat(exists.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(exists.output()).isEmpty();
    query[4] = 2;
    assertThat(disk.disk.control(QUERY_PROPERTY, query, 512).status())
        .isEqualTo(NtStatus.NOT_SUPPORTED);
    disk.device.assertDone();
  }

  @Test
  void logicalBlockProvisioning() throws IOException {
    TestDisk disk =
        TestDisk.thin(TestDisk.thinLimits(256, -1, 128, 8), TestDisk.provisioning(0xC4));
    Answer log = Answer.good(hex("0c 00 000c 0001 03 08 00001003 02 000000"));
    disk.device.expect(LOG_SENSE, log).expect(LOG_SENSE, log).expect(LOG_SENSE, log);
    byte[] whole = Golden.bytes("output_lb_provisioning");
    assertThat(query(disk, "lb_provisioning", 40).output()).isEqualTo(whole);
    assertThat(query(disk, "lb_provisioning", 4096).output()).isEqualTo(whole);
    byte[] old = Arrays.copyOf(whole, 32);
    old[0] = 32;
    old[4] = 32;
    assertThat(query(disk, "lb_provisioning", 39).output()).isEqualTo(old);
    disk.device.assertDone();
  }

  @Test
  void provisioningOfAThickDisk() throws IOException {
    TestDisk disk = TestDisk.plain();
    assertThat(query(disk, "lb_provisioning", 40).output())
        .isEqualTo(hex("28000000 28000000" + "00".repeat(32)));
    assertThat(query(disk, "trim", 12).status()).isEqualTo(NtStatus.INVALID_DEVICE_REQUEST);
    assertThat(query(disk, "seek_penalty", 12).status()).isEqualTo(NtStatus.INVALID_DEVICE_REQUEST);
  }

  @Test
  void trim() throws IOException {
    assertThat(query(TestDisk.thin(), "trim", 12).output()).isEqualTo(Golden.bytes("output_trim"));
    TestDisk cannot = TestDisk.thin(TestDisk.thinLimits(1, 0, 128, 0), TestDisk.provisioning(0xC4));
    assertThat(query(cannot, "trim", 12).output()).isEqualTo(hex("0c000000 0c000000 00000000"));
  }

  @ParameterizedTest(name = "medium rotation rate {0}")
  @CsvSource({"1, 0", "1025, 1", "7200, 1", "65534, 1", "0, -1", "2, -1", "1024, -1", "65535, -1"})
  void seekPenalty(int rate, int penalty) throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect("12 01 b1 00ff 00", Answer.good(hex("00 b1 003c %04x".formatted(rate))));
    IoctlResult result = query(disk, "seek_penalty", 12);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(penalty < 0 ? NtStatus.UNSUCCESSFUL : NtStatus.SUCCESS);
    byte[] expected = Golden.bytes("output_seek_penalty");
    expected[8] = (byte) penalty;
    assertThat(result.output()).isEqualTo(penalty < 0 ? new byte[0] : expected);
  }

  @Test
  void accessAlignment() throws IOException {
    byte[] capacity = TestDisk.capacity(TestDisk.BLOCKS, 512);
    capacity[13] = 3; // eight logical blocks in a physical one
    ByteBuffer.wrap(capacity).putShort(14, (short) 0xC001); // LBPME, LBPRZ; block 1 begins one
    TestDisk disk =
        TestDisk.on(
            new ScriptedDevice()
                .expect(TestDisk.INQUIRY, Answer.good(new byte[36]))
                .expect(TestDisk.PAGES, Answer.check(5, 0x24, 0))
                .expect(TestDisk.READ_CAPACITY, Answer.good(capacity)));
    assertThat(query(disk, "access_alignment", 28).output())
        .isEqualTo(Golden.bytes("output_access_alignment"));
  }

  @Test
  void device() throws IOException {
    TestDisk disk = TestDisk.thin();
    Answer serial = Answer.good(hex("00 80 0008 20 34 32 41 42 20 20 20"));
    disk.device.expect("12 01 80 00ff 00", serial).expect("12 01 80 00ff 00", serial);
    byte[] whole = query(disk, "device", 512).output();
    assertThat(whole)
        .isEqualTo(
            hex(
                "28000000 6c000000 00 00 00 01 48000000 51000000 62000000 67000000 01000000"
                    + "24000000"
                    + "00 00 06 12 1f 00 00 02 47414e5452592020 566f6c756d6520202020202020202020"
                    + "302e3120"
                    + "47414e5452592020 00 566f6c756d6520202020202020202020 00 302e3120 00"
                    + "34324142 00"));
    assertThat(query(disk, "device", 20).output()).isEqualTo(Arrays.copyOf(whole, 20));
    disk.device.assertDone();
  }

  @Test
  void aDeviceThatTellsNothingOfItself() throws IOException {
    ScriptedDevice device =
        new ScriptedDevice()
            .expect(TestDisk.INQUIRY, Answer.check(5, 0x24, 0))
            .expect(TestDisk.PAGES, Answer.check(5, 0x24, 0))
            .expect(TestDisk.READ_CAPACITY, Answer.good(TestDisk.capacity(1024, 4096)));
    assertThat(query(TestDisk.on(device), "device", 512).output())
        .isEqualTo(
            hex("28000000 28000000 00000000" + "00".repeat(16) + "01000000" + "00".repeat(8)));
  }
}
