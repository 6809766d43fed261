package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mode and log pages, and what a logical unit says that it can do, at the standards' offsets. */
@NullUnmarked
@Timeout(60)
class PrimaryCommandsTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final Instant NOW = Instant.ofEpochMilli(0x0123_4567_89ABL);

  // As MODE SENSE returns them: with PS, since all can be saved.
  private static final String RECOVERY = "81 0A C0 00 00 00 00 00 00 00 00 00 ";
  private static final String CACHING = "88 12 04 " + "00 ".repeat(17);
  private static final String CONTROL = "8A 0A 00 10 00 40 00 00 00 00 00 00 ";
  private static final String EXTENSION = "CA 01 00 1C 06 " + "00 ".repeat(27);
  private static final String EXCEPTIONS = "9C 0A 08 " + "00 ".repeat(9);
  private static final String PROVISIONING =
      "DC 02 00 1C " + "00 ".repeat(12) + "00 01 0000 00000000 01 02 0000 00000000";

  @TempDir Path directory;

  private volatile Instant now = NOW;
  private Pool pool;
  private PoolTarget target;
  private Initiator unit;
  private Initiator other;

  @BeforeEach
  void make() throws IOException {
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            16 << 10,
            PoolOptions.defaults().withClock(() -> now));
    pool.createVolume("v", 1000 * 512, 512);
    connect();
  }

  private void connect() throws IOException {
    target = new PoolTarget(pool, NAME);
    unit = new Initiator(target, "host", 0);
    other = new Initiator(target, "other", 0);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private static void good(ScsiResponse response) {
    assertThat(sense(response)).isEqualTo("GOOD");
  }

  private String attention(Initiator who) throws IOException {
    return sense(who.send("00 00 00 00 00 00"));
  }

  private ScsiResponse select(String list) throws IOException {
    byte[] bytes = hex(list);
    return unit.send("15 10 00 00 %02X 00".formatted(bytes.length), bytes);
  }

  @Test
  void modeSense() throws IOException {
    String plain = RECOVERY + CACHING + CONTROL + EXCEPTIONS;
    assertThat(unit.ask("1A 00 3F 00 FF 00", 255))
        .isEqualTo(hex("43 00 10 08 000003E8 00000200 " + plain));
    String all = RECOVERY + CACHING + CONTROL + EXTENSION + EXCEPTIONS + PROVISIONING;
    assertThat(unit.ask("1A 08 3F FF FF 00", 255)).isEqualTo(hex("7B 00 10 00 " + all));
    assertThat(unit.ask("1A 08 08 00 FF 00", 255)).isEqualTo(hex("17 00 10 00 " + CACHING));
    assertThat(unit.ask("5A 08 0A 00 00 00 00 00 FF 00", 255))
        .isEqualTo(hex("0012 00 10 00 00 0000 " + CONTROL));
    assertThat(unit.ask("5A 10 0A 01 00 00 00 00 FF 00", 255)) // a long block descriptor
        .isEqualTo(hex("0036 00 10 01 00 0010 00000000000003E8 00000000 00000200" + EXTENSION));
    assertThat(unit.ask("1A 08 4A 00 FF 00", 255)) // changeable: D_SENSE, SWP
        .isEqualTo(hex("0F 00 10 00 8A 0A 04 00 08 00 00 00 00 00 00 00"));
    assertThat(unit.ask("1A 08 48 00 FF 00", 255)) // changeable: WCE, RCD
        .startsWith(hex("17 00 10 00 88 12 05 00"));
    assertThat(unit.ask("1A 08 C8 00 FF 00", 255)).isEqualTo(hex("17 00 10 00 " + CACHING));
    assertThat(sense(unit.send("1A 00 02 00 FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("1A 00 0A 02 FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("1A 00 3F 01 FF 00"))).isEqualTo("05/2400");
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "'', GOOD",
    "000000, 05/1A00",
    "00000000, GOOD",
    "00000008, 05/1A00",
    "00000004 00000000, 05/2600",
    "00000008 000003E8 00000200, GOOD",
    "00000008 FFFFFFFF 00000200, GOOD",
    "00000008 00000000 00000200, GOOD",
    "00000008 000003E7 00000200, 05/2600",
    "00000008 00000000 00001000, 05/2600",
    "00000000 0A, 05/1A00",
    "00000000 0A0A 0400 0000, 05/1A00",
    "00000000 0A09 0010 0040 0000 0000 00, 05/2600",
    "00000000 0A0A 0410 0840 0000 0000 0000, GOOD",
    "00000000 8A0A 0410 0840 0000 0000 0000, GOOD",
    "00000000 0A0A 0500 0040 0000 0000 0000, 05/2600",
    "00000000 0A0A 0010 0000 0000 0000 0000, 05/2600",
    "00000000 020E 0000 0000 0000 0000 0000 0000 0000, 05/2600",
    "00000000 4A02 001C, 05/2600"
  })
  void modeSelectLists(String list, String expected) throws IOException {
    assertThat(sense(select(list))).isEqualTo(expected);
  }

  /** A bad page behind a good one: nothing is changed. */
  @Test
  void modeSelectIsWholeOrNot() throws IOException {
    String good = "0A0A 0410 0840 0000 0000 0000";
    assertThat(sense(select("00000000" + good + "0A0A 0010 0000 0000 0000 0000")))
        .isEqualTo("05/2600");
    assertThat(unit.ask("1A 08 0A 00 FF 00", 255)).endsWith(hex(CONTROL));
    assertThat(attention(other)).isEqualTo("GOOD");
    good(select("00000000 0A0A 0010 0040 0000 0000 0000"));
    assertThat(attention(other)).as("nothing has changed").isEqualTo("GOOD");
    good(select("00000000" + good));
    assertThat(attention(other)).isEqualTo("06/2A01");
    assertThat(attention(unit)).isEqualTo("GOOD");
  }

  @Test
  void softwareWriteProtection() throws IOException {
    good(select("00000000 0A0A 0010 0840 0000 0000 0000"));
    assertThat(sense(unit.send("2A 00 00000000 00 0001 00", new byte[512]))).isEqualTo("07/2702");
    assertThat(unit.ask("1A 08 0A 00 FF 00", 255)[2] & 0x80).isEqualTo(0x80);
    assertThat(unit.ask("28 00 00000000 00 0001 00", 512)).hasSize(512);
    good(select("00000000 0A0A 0010 0040 0000 0000 0000"));
    good(unit.send("2A 00 00000000 00 0001 00", new byte[512]));
  }

  @Test
  void descriptorSense() throws IOException {
    String beyond = "28 00 7FFFFFFF 00 0001 00";
    assertThat(unit.send(beyond).encodeSense()).startsWith(hex("70 00 05"));
    good(select("00000000 0A0A 0410 0040 0000 0000 0000"));
    assertThat(unit.send(beyond).encodeSense()).startsWith(hex("72 05 21 00"));
    assertThat(unit.send("FF 00 00 00 00 00").encodeSense()).startsWith(hex("72 05 20 00"));
  }

  /** Without a write cache, what was answered survives a power failure without a flush. */
  @Test
  void writingThrough() throws IOException {
    good(select("00000000 0812 0000" + "00".repeat(16)));
    byte[] data = new byte[512];
    Arrays.fill(data, (byte) 7);
    unit.write(5, data, 512);
    Path copy = java.nio.file.Files.createDirectory(directory.resolve("copy"));
    for (String file : java.util.List.of("pool", "journal", "chunks", "pages", "lock")) {
      Path from = directory.resolve("pool").resolve(file);
      if (java.nio.file.Files.exists(from)) {
        java.nio.file.Files.copy(from, copy.resolve(file));
      }
    }
    try (Pool crashed = Pool.open(FileMedium.open(copy), PoolOptions.defaults())) {
      ByteBuffer read = ByteBuffer.allocate(512);
      crashed.volume(0).orElseThrow().read(5 * 512, read);
      assertThat(read.array()).isEqualTo(data);
    }
  }

  @Test
  void savedPages() throws IOException {
    byte[] list = hex("00000000 0812 0000" + "00".repeat(16));
    good(unit.send("15 11 00 00 %02X 00".formatted(list.length), list));
    good(select("00000000 0812 0400" + "00".repeat(16)));
    assertThat(unit.ask("1A 08 C8 00 FF 00", 255)[6]).as("saved").isZero();
    assertThat(unit.ask("1A 08 88 00 FF 00", 255)[6]).as("default").isEqualTo((byte) 4);
    close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    connect();
    assertThat(unit.ask("1A 08 08 00 FF 00", 255)[6]).isZero();
  }

  @Test
  void logPages() throws IOException {
    assertThat(unit.ask("4D 00 40 00 00 0000 00FF 00", 255)).isEqualTo(hex("00 00 0003 00 0C 2F"));
    assertThat(unit.ask("4D 00 40 FF 00 0000 00FF 00", 255))
        .isEqualTo(hex("40 FF 0008 0000 00FF 0C00 2F00"));
    assertThat(unit.ask("4D 00 6F 00 00 0000 00FF 00", 255))
        .isEqualTo(hex("2F 00 0008 0000 03 04 00 00 FF FF"));
    byte[] space = unit.ask("4D 00 4C 00 00 0000 00FF 00", 255);
    assertThat(space).hasSize(28).startsWith(hex("0C 00 0018 0001 03 08"));
    assertThat(Arrays.copyOfRange(space, 12, 20)).isEqualTo(hex("02 000000 0002 03 08"));
    assertThat(ByteBuffer.wrap(space).getInt(8)).as("MiB available").isPositive();
    assertThat(unit.ask("4D 00 4C 00 00 0002 00FF 00", 255)).hasSize(16);
    assertThat(sense(unit.send("4D 00 4C 00 00 0003 00FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("4D 00 4D 00 00 0000 00FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("4D 01 4C 00 00 0000 00FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("4C 00 4C 00 00 0000 0000 00")))
        .as("LOG SELECT")
        .isEqualTo("05/2000");
  }

  @Test
  void supportedOperationCodes() throws IOException {
    byte[] all = unit.ask("A3 0C 00 00 0000 00010000 00 00", 65536);
    int count = Command.values().length;
    assertThat(ByteBuffer.wrap(all).getInt(0)).isEqualTo(8 * count).isEqualTo(all.length - 4);
    assertThat(Arrays.copyOfRange(all, 4, 12)).isEqualTo(hex("00 00 0000 00 00 0006"));
    byte[] timed = unit.ask("A3 0C 80 00 0000 00010000 00 00", 65536);
    assertThat(timed).hasSize(4 + 20 * count);
    assertThat(Arrays.copyOfRange(timed, 4, 24))
        .isEqualTo(hex("00 00 0000 00 02 0006 000A 00 00 00000001 0000001E"));
    // One by operation code, with and without timeouts.
    assertThat(unit.ask("A3 0C 01 88 0000 00000100 00 00", 256))
        .isEqualTo(hex("00 03 0010 88 18 FFFFFFFFFFFFFFFF FFFFFFFF 3F 00"));
    assertThat(unit.ask("A3 0C 81 12 0000 00000100 00 00", 256))
        .isEqualTo(hex("00 83 0006 12 01 FF FF FF 00 000A 0000 00000001 0000001E"));
    assertThat(unit.ask("A3 0C 01 FF 0000 00000100 00 00", 256)).isEqualTo(hex("00 01 0000"));
    assertThat(sense(unit.send("A3 0C 01 5E 0000 00000100 00 00"))).isEqualTo("05/2400");
    // One by service action.
    assertThat(unit.ask("A3 0C 02 5E 0003 00000100 00 00", 256))
        .isEqualTo(hex("00 03 000A 5E 03 0000000000 FFFF 00"));
    assertThat(unit.ask("A3 0C 02 5E 0009 00000100 00 00", 256)).isEqualTo(hex("00 01 0000"));
    assertThat(sense(unit.send("A3 0C 02 28 0000 00000100 00 00"))).isEqualTo("05/2400");
    // Either.
    assertThat(unit.ask("A3 0C 03 5E 0003 00000100 00 00", 256)).hasSize(14);
    assertThat(unit.ask("A3 0C 03 28 0000 00000100 00 00", 256)).hasSize(14);
    assertThat(unit.ask("A3 0C 03 28 0001 00000100 00 00", 256)).isEqualTo(hex("00 01 0000"));
    assertThat(sense(unit.send("A3 0C 04 28 0000 00000100 00 00"))).isEqualTo("05/2400");
  }

  @Test
  void supportedTaskManagementFunctions() throws IOException {
    assertThat(unit.ask("A3 0D 00 000000 00000010 00 00", 16)).isEqualTo(hex("DE 07 00 00"));
    assertThat(unit.ask("A3 0D 80 000000 00000010 00 00", 16))
        .isEqualTo(hex("DE 07 00 0C 01 00 DE 07 0000012C 0000012C"));
    assertThat(sense(unit.send("A3 0D 00 000000 00000003 00 00"))).isEqualTo("05/2400");
  }

  @Test
  void targetPortGroups() throws IOException {
    assertThat(unit.ask("A3 0A 00000000 00000100 00 00", 256))
        .isEqualTo(hex("0000000C 00 01 0001 00 00 00 01 0000 0001"));
    assertThat(unit.ask("A3 2A 00000000 00000100 00 00", 256))
        .isEqualTo(hex("00000010 10 00 0000 00 01 0001 00 00 00 01 0000 0001"));
    assertThat(sense(unit.send("A3 4A 00000000 00000100 00 00"))).isEqualTo("05/2400");
    String set = "A4 0A 00000000 00000008 00 00";
    good(unit.send(set, hex("00000000 00 00 0001")));
    assertThat(sense(unit.send(set, hex("00000000 02 00 0001")))).isEqualTo("05/2600");
    assertThat(sense(unit.send(set, hex("00000000 00 00 0002")))).isEqualTo("05/2600");
    assertThat(sense(unit.send(set, hex("00000000 00 00")))).isEqualTo("05/1A00");
    good(unit.send("A4 0A 00000000 00000000 00 00"));
  }

  @Test
  void timestamp() throws IOException {
    assertThat(unit.ask("A3 0F 00000000 00000100 00 00", 256))
        .isEqualTo(hex("000A 03 00 0123456789AB 0000"));
    String set = "A4 0F 00000000 0000000C 00 00";
    good(unit.send(set, hex("00000000 0000 0000 0001 0000")));
    assertThat(attention(unit)).isEqualTo("GOOD");
    assertThat(attention(other)).isEqualTo("06/2A10");
    String report = "A3 0F 00000000 00000100 00 00";
    assertThat(other.ask(report, 256)).isEqualTo(hex("000A 02 00 000000000001 0000"));
    now = NOW.plusMillis(0x1_0000_0000L); // it goes on from there
    assertThat(other.ask(report, 256)).isEqualTo(hex("000A 02 00 000100000001 0000"));
    good(unit.send(set, hex("00000000 FFFF FFFF FFFF 0000")));
    assertThat(attention(other)).isEqualTo("06/2A10");
    assertThat(other.ask(report, 256)).isEqualTo(hex("000A 02 00 FFFFFFFFFFFF 0000"));
    assertThat(sense(unit.send("A4 0F 00000000 0000000B 00 00", new byte[11])))
        .isEqualTo("05/1A00");
    good(unit.send("A4 0F 00000000 00000000 00 00"));
    assertThat(attention(other)).isEqualTo("GOOD");
    assertThat(unit.ask("A3 0C 02 A4 000F 00000100 00 00", 256))
        .isEqualTo(hex("00 03 000C A4 0F 00000000 FFFFFFFF 00 00"));
    target.close();
    connect(); // a start sets it anew
    assertThat(unit.ask(report, 256)).isEqualTo(hex("000A 03 00 0124456789AB 0000"));
  }

  @Test
  void identifyingInformation() throws IOException {
    assertThat(unit.ask("A3 05 00000000 00000100 00 00", 256)).isEqualTo(hex("0000 0000"));
    good(unit.send("A4 06 00000000 00000003 00 00", hex("010203")));
    assertThat(attention(other)).isEqualTo("06/3F05");
    assertThat(unit.ask("A3 05 00000000 00000100 00 00", 256)).isEqualTo(hex("0000 0003 010203"));
    good(unit.send("A4 06 00000000 00000003 04 00", hex("414200")));
    assertThat(unit.ask("A3 05 00000000 00000100 04 00", 256)).isEqualTo(hex("0000 0003 414200"));
    assertThat(unit.ask("A3 05 00000000 00000100 FE 00", 256))
        .isEqualTo(hex("0000 0008 00 00 0200 04 00 0100"));
    assertThat(sense(unit.send("A4 06 00000000 00000002 04 00", hex("4142")))).isEqualTo("05/2600");
    assertThat(sense(unit.send("A4 06 00000000 00000201 00 00", new byte[513])))
        .isEqualTo("05/2400");
    assertThat(sense(unit.send("A3 05 00000000 00000100 02 00"))).isEqualTo("05/2400");
    good(unit.send("A4 06 00000000 00000000 00 00"));
    assertThat(unit.ask("A3 05 00000000 00000100 00 00", 256)).isEqualTo(hex("0000 0000"));
  }

  @Test
  void echoBuffer() throws IOException {
    assertThat(unit.ask("3C 0B 00 000000 000004 00", 4)).isEqualTo(hex("01 00 1000"));
    assertThat(sense(unit.send("3C 0A 00 000000 000004 00"))).isEqualTo("05/2C00");
    good(unit.send("3B 0A 00 000000 000003 00", hex("0A0B0C")));
    assertThat(unit.ask("3C 0A 00 000000 000010 00", 16)).isEqualTo(hex("0A0B0C"));
    assertThat(sense(other.send("3C 0A 00 000000 000004 00"))).isEqualTo("05/2C00");
    assertThat(sense(unit.send("3B 0A 00 000000 001001 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("3B 05 00 000000 000004 00"))).isEqualTo("05/2400");
    assertThat(unit.ask("3C 03 00 000000 000004 00", 4)).isEqualTo(hex("00000000"));
  }

  @Test
  void diagnostics() throws IOException {
    good(unit.send("1D 04 00 0000 00"));
    assertThat(sense(unit.send("1D 24 00 0000 00"))).isEqualTo("05/2400");
    good(unit.send("1D 10 00 0004 00", hex("00 00 0000"))); // which pages there are
    assertThat(sense(unit.send("1D 10 00 0004 00", hex("40 00 0000")))).isEqualTo("05/2600");
    assertThat(sense(unit.send("1D 10 00 0004 00", hex("00 00 0001")))).isEqualTo("05/2600");
    assertThat(sense(unit.send("1D 10 00 0003 00", hex("00 00 00")))).isEqualTo("05/1A00");
    assertThat(sense(unit.send("1D 14 00 0004 00", hex("00 00 0000")))).isEqualTo("05/2400");
    assertThat(unit.ask("1C 01 00 0100 00", 256)).isEqualTo(hex("00 00 0001 00"));
    assertThat(sense(unit.send("1C 01 40 0100 00"))).isEqualTo("05/2400");
  }

  /** Armed by LBPERE and ENABLED; told once for each crossing. */
  @Test
  void softThresholds() throws IOException {
    String enabled = "5C02 001C" + "00".repeat(12) + "80010000 FFFFFFFF 01020000 00000000";
    good(select("00000000" + enabled));
    assertThat(attention(other)).isEqualTo("06/2A01");
    assertThat(attention(unit)).as("LBPERE is not set").isEqualTo("GOOD");
    good(select("00000000 010A C000 0000 0080 0000 0000"));
    assertThat(attention(other)).isEqualTo("06/2A01");
    assertThat(attention(other)).isEqualTo("06/3807");
    assertThat(attention(unit)).isEqualTo("06/3807");
    assertThat(attention(unit)).isEqualTo("GOOD");
    assertThat(attention(other)).isEqualTo("GOOD");
  }

  @Test
  void whatANexusIsToldWhenItComes() throws IOException {
    TargetPath path =
        target.connect(new Nexus("n", NAME), new Identity("n", null, null), PathTasks.NONE);
    assertThat(turn(path)).isEqualTo("06/2900");
    assertThat(turn(path)).isEqualTo("GOOD");
    path.close();
    path = target.connect(new Nexus("n", NAME), new Identity("n", null, null), PathTasks.NONE);
    assertThat(turn(path)).isEqualTo("06/2907");
    assertThat(turn(path)).isEqualTo("GOOD");
    path.close();
  }

  private static String turn(TargetPath path) {
    return sense(path.submit(0, new io.gantry.scsi.ScsiRequest(new byte[6], null, null)).join());
  }

  @Test
  void otherLogicalUnits() throws IOException {
    pool.createVolume("w", 1 << 20, 512);
    assertThat(unit.ask("12 00 00 00 24 00", 36)).hasSize(36);
    assertThat(attention(unit)).isEqualTo("06/3F0E");
    assertThat(attention(unit)).isEqualTo("GOOD");
    // REPORT LUNS tells as much.
    assertThat(other.ask("A0 00 00 00 00 00 00000100 00 00", 256)).hasSize(24);
    assertThat(attention(other)).isEqualTo("GOOD");
    pool.deleteVolume(pool.volume("w").orElseThrow());
    assertThat(attention(other)).isEqualTo("06/3F0E");
  }
}
