package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.populateList;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a logical unit answers, field by field at the offsets of the standards' tables. */
@NullUnmarked
@Timeout(60)
class LogicalUnitTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final int BLOCKS = 1000; // no multiple of a chunk

  @TempDir Path directory;

  private Pool pool;
  private PoolTarget target;
  private Initiator unit;

  @BeforeEach
  void open() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("v", BLOCKS * 512L, 512);
    target = new PoolTarget(pool, NAME);
    unit = new Initiator(target, "host", 0);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private static int u16(byte[] b, int at) {
    return ByteBuffer.wrap(b).getShort(at) & 0xffff;
  }

  private static long u32(byte[] b, int at) {
    return ByteBuffer.wrap(b).getInt(at) & 0xffff_ffffL;
  }

  private static String text(byte[] b, int from, int to) {
    return new String(b, from, to - from, StandardCharsets.US_ASCII);
  }

  private byte[] page(String code) throws IOException {
    byte[] page = unit.ask("12 01 " + code + " 04 00 00", 1024);
    assertThat(page[0]).isZero();
    assertThat(page[1]).isEqualTo(hex(code)[0]);
    assertThat(u16(page, 2)).isEqualTo(page.length - 4);
    return page;
  }

  /** Commands may be on their way to a unit that no command has reached yet. */
  @Test
  void aTargetResetEndsTheTasksOfAllUnits() throws IOException {
    int second = pool.createVolume("w", BLOCKS * 512L, 512).lun();
    List<Integer> ended = new ArrayList<>();
    Identity identity = new Identity("host", null, InetAddress.getLoopbackAddress());
    try (TargetPath path =
        target.connect(
            new Nexus("host", NAME),
            identity,
            (lun, _) -> {
              ended.add(lun);
              return CompletableFuture.completedFuture(0);
            })) {
      path.resetTarget().join();
    }
    assertThat(ended).containsExactlyInAnyOrder(0, second);
  }

  @Test
  void standardInquiry() throws IOException {
    byte[] data = unit.ask("12 00 00 00 FF 00", 255);
    assertThat(data).hasSize(96);
    assertThat(Arrays.copyOf(data, 8)).isEqualTo(hex("00 00 06 12 5B 38 00 02"));
    assertThat(text(data, 8, 36)).isEqualTo("GANTRY  Volume          0.1 ");
    assertThat(Arrays.copyOfRange(data, 58, 66)).isEqualTo(hex("00A0 0460 04C0 0960"));
    assertThat(unit.ask("12 00 00 00 24 00", 255)).isEqualTo(Arrays.copyOf(data, 36));
    assertThat(unit.ask("12 00 00 00 00 00", 0)).isEmpty();
    assertThat(sense(unit.send("12 00 80 00 FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("12 02 00 00 FF 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("12 01 89 00 FF 00"))).isEqualTo("05/2400");
  }

  /** A write that is flagged as a read has no data: it must not look as if it had been done. */
  @Test
  void aWriteThatComesAsARead() throws IOException {
    ByteBuffer room = ByteBuffer.allocate(512);
    byte[] cdb = hex("8A 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00");
    assertThat(sense(unit.send(new ScsiRequest(cdb, null, room)))).isEqualTo("05/0E03");
  }

  /** The pool is closed right after the target: nothing may still be running. */
  @Test
  void closingWaitsForRunningCommands() {
    TargetPath path =
        target.connect(new Nexus("other", NAME), new Identity("other", null, null), PathTasks.NONE);
    byte[] cdb = hex("8A 00 00 00 00 00 00 00 00 00 00 00 03 E8 00 00");
    List<CompletableFuture<ScsiResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      ByteBuffer data = ByteBuffer.allocate(BLOCKS * 512);
      answers.add(path.submit(0, new ScsiRequest(cdb, data, null)));
    }
    target.close();
    assertThat(answers).allMatch(CompletableFuture::isDone);
  }

  @Test
  void supportedPagesAscend() throws IOException {
    byte[] codes = page("00");
    assertThat(Arrays.copyOfRange(codes, 4, codes.length))
        .isEqualTo(hex("00 80 83 86 87 88 8F B0 B1 B2"));
    for (byte code : Arrays.copyOfRange(codes, 4, codes.length)) {
      page("%02X".formatted(code));
    }
  }

  @Test
  void serialNumberAndIdentification() throws IOException {
    byte[] serial = page("80");
    String naa = text(serial, 4, serial.length);
    assertThat(naa).matches("6[0-9a-f]{31}");
    byte[] page = page("83");
    assertThat(Arrays.copyOfRange(page, 4, 8)).isEqualTo(hex("01 03 00 10"));
    assertThat(Arrays.copyOfRange(page, 8, 24)).isEqualTo(hex(naa));
    assertThat(Arrays.copyOfRange(page, 24, 28)).isEqualTo(hex("02 01 00 28"));
    assertThat(text(page, 28, 68)).isEqualTo("GANTRY  " + naa);
    assertThat(Arrays.copyOfRange(page, 68, 72)).isEqualTo(hex("53 98 00 24"));
    assertThat(text(page, 72, 108)).isEqualTo(NAME + ",t,0x0001\0");
    assertThat(Arrays.copyOfRange(page, 108, 116)).isEqualTo(hex("51 94 00 04 00 00 00 01"));
    assertThat(Arrays.copyOfRange(page, 116, 124)).isEqualTo(hex("51 95 00 04 00 00 00 01"));
    assertThat(Arrays.copyOfRange(page, 124, 128)).isEqualTo(hex("53 A8 00 1C"));
    assertThat(text(page, 128, 156)).isEqualTo(NAME + "\0\0");
    assertThat(page).hasSize(156);
  }

  @Test
  void extendedInquiryPolicyAndPorts() throws IOException {
    assertThat(page("86")).hasSize(64).startsWith(hex("00 86 00 3C 00 07 01 01"));
    assertThat(page("87")).isEqualTo(hex("00 87 00 04 3F FF 00 00"));
    byte[] ports = page("88");
    assertThat(Arrays.copyOf(ports, 20))
        .isEqualTo(hex("00 88 00 34 0000 0001 0000 0000 0000 0028 53 98 00 24"));
    assertThat(text(ports, 20, 56)).isEqualTo(NAME + ",t,0x0001\0");
  }

  @Test
  void blockLimits() throws IOException {
    byte[] page = page("B0");
    assertThat(page).hasSize(64);
    assertThat(u16(page, 6)).isEqualTo(32);
    assertThat(u32(page, 8)).isEqualTo(16 << 20 >> 9);
    assertThat(u32(page, 12)).isEqualTo(1 << 20 >> 9);
    assertThat(u32(page, 20)).isEqualTo(0xFFFF_FFFFL);
    assertThat(u32(page, 24)).isEqualTo(256);
    assertThat(u32(page, 28)).isEqualTo(32);
    assertThat(u32(page, 32)).isEqualTo(0x8000_0000L); // UGAVALID, aligned at 0
    assertThat(page[4]).as("WSNZ").isZero();
    assertThat(page[5]).isEqualTo((byte) 255);
    assertThat(ByteBuffer.wrap(page).getLong(36)).isEqualTo(0xFFFF);
    assertThat(u32(page, 44)).isEqualTo(1 << 20 >> 9);
    assertThat(u32(page, 48)).as("atomic writes at any address").isZero();
  }

  @Test
  void characteristicsAndProvisioning() throws IOException {
    byte[] characteristics = page("B1");
    assertThat(u16(characteristics, 2)).isEqualTo(0x3C);
    assertThat(u16(characteristics, 4)).isEqualTo(1);
    assertThat(characteristics[7]).as("WABEREQ 1").isEqualTo((byte) 0x40);
    assertThat(page("B2")).isEqualTo(hex("00 B2 00 04 0B E4 02 00"));
  }

  @Test
  void thirdPartyCopy() throws IOException {
    byte[] page = page("8F");
    // Windows: at least 24h, and the first descriptor of this type and length.
    assertThat(Arrays.copyOfRange(page, 4, 8)).isEqualTo(hex("0000 0020"));
    assertThat(u16(page, 4 + 10)).isEqualTo(256);
    assertThat(u32(page, 4 + 12)).isEqualTo(86_400);
    assertThat(u32(page, 4 + 16)).isEqualTo(300);
    assertThat(ByteBuffer.wrap(page).getLong(4 + 20)).isEqualTo(64L << 30 >> 9);
    assertThat(ByteBuffer.wrap(page).getLong(4 + 28)).isEqualTo(64L << 30 >> 9);
    int before = -1;
    for (int at = 4; at < page.length; at += 4 + u16(page, at + 2)) {
      assertThat(u16(page, at)).isGreaterThan(before);
      assertThat(u16(page, at + 2) % 4).isZero();
      before = u16(page, at);
    }
  }

  @Test
  void readCapacity() throws IOException {
    assertThat(unit.ask("25 00 00 00 00 00 00 00 00 00", 8)).isEqualTo(hex("000003E7 00000200"));
    byte[] sixteen = unit.ask("9E 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32);
    assertThat(Arrays.copyOf(sixteen, 16))
        .isEqualTo(hex("00 00 00 00 00 00 03 E7 00 00 02 00 00 00 C0 00"));
    assertThat(unit.ask("9E 10 00 00 00 00 00 00 00 00 00 00 00 0C 00 00", 32)).hasSize(12);
    assertThat(sense(unit.send("25 00 00 00 00 01 00 00 00 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("25 00 00 00 00 01 00 00 01 00"))).isEqualTo("GOOD");
    pool.createVolume("large", 1L << 42, 512);
    Initiator large = new Initiator(target, "host", 1);
    assertThat(large.ask("25 00 00 00 00 00 00 00 00 00", 8)).isEqualTo(hex("FFFFFFFF 00000200"));
    PhysicalBlocks.set(pool, pool.volume("large").orElseThrow(), 4096);
    String capacity = "9E 10 " + "00 ".repeat(11) + "20 00 00";
    assertThat(Arrays.copyOf(large.ask(capacity, 32), 16))
        .isEqualTo(hex("00000001FFFFFFFF 00000200 0003 C000"));
    pool.createVolume("4kn", 1L << 42, 4096);
    byte[] native4k = new Initiator(target, "host", 2).ask(capacity, 32);
    assertThat(Arrays.copyOf(native4k, 16)).isEqualTo(hex("000000003FFFFFFF 00001000 0000 C000"));
  }

  @Test
  void reportLuns() throws IOException {
    assertThat(unit.ask("A0 00 00 00 00 00 00 00 01 00 00 00", 256))
        .isEqualTo(hex("00000008 00000000 0000000000000000"));
    for (int i = 1; i < 258; i++) {
      pool.createVolume("v" + i, 4096, 512);
    }
    byte[] luns = unit.ask("A0 00 02 00 00 00 00 01 00 00 00 00", 4096);
    assertThat(u32(luns, 0)).isEqualTo(8 * 258);
    assertThat(u16(luns, 8 + 8 * 255)).isEqualTo(0x00FF);
    assertThat(u16(luns, 8 + 8 * 256)).isEqualTo(0x4100); // flat space
    assertThat(unit.ask("A0 00 01 00 00 00 00 00 01 00 00 00", 256)).hasSize(8);
    assertThat(unit.ask("A0 00 10 00 00 00 00 00 01 00 00 00", 256)).hasSize(8);
    assertThat(unit.ask("A0 00 11 00 00 00 00 00 01 00 00 00", 256)).hasSize(256);
    assertThat(sense(unit.send("A0 00 03 00 00 00 00 00 01 00 00 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("A0 00 00 00 00 00 00 00 00 0F 00 00"))).isEqualTo("05/2400");
  }

  @Test
  void whereThereIsNoLogicalUnit() throws IOException {
    Initiator nothing = new Initiator(target, "host", 7);
    assertThat(nothing.ask("12 00 00 00 FF 00", 255)[0]).isEqualTo((byte) 0x7F);
    assertThat(sense(nothing.send("00 00 00 00 00 00"))).isEqualTo("05/2500");
    assertThat(sense(nothing.send("12 01 83 00 FF 00"))).isEqualTo("05/2500");
    assertThat(Arrays.copyOf(nothing.ask("03 00 00 00 FF 00", 255), 14))
        .isEqualTo(hex("70 00 05 00 00 00 00 0A 00 00 00 00 25 00"));
    assertThat(nothing.ask("A0 00 00 00 00 00 00 00 01 00 00 00", 256)).hasSize(16);
  }

  @Test
  void powerOnIsReportedOnceToEachNexus() throws IOException {
    ScsiDevice device = target.open("another", 0);
    ScsiRequest inquiry = new ScsiRequest(hex("12 00 00 00 24 00"), null, ByteBuffer.allocate(36));
    assertThat(sense(device.execute(inquiry))).isEqualTo("GOOD");
    ScsiRequest ready = new ScsiRequest(hex("00 00 00 00 00 00"), null, null);
    assertThat(sense(device.execute(ready))).isEqualTo("06/2900");
    assertThat(sense(device.execute(ready))).isEqualTo("GOOD");
    // REQUEST SENSE takes it too, in either format.
    byte[] fixed = new byte[18];
    target
        .open("third", 0)
        .execute(new ScsiRequest(hex("03 00 00 00 12 00"), null, ByteBuffer.wrap(fixed)));
    assertThat(fixed).isEqualTo(hex("70 00 06 00 00 00 00 0A 00 00 00 00 29 00 00 00 00 00"));
    byte[] descriptor = new byte[8];
    target
        .open("fourth", 0)
        .execute(new ScsiRequest(hex("03 01 00 00 12 00"), null, ByteBuffer.wrap(descriptor)));
    assertThat(descriptor).isEqualTo(hex("72 06 29 00 00 00 00 00"));
    assertThat(unit.ask("03 01 00 00 FC 00", 252)).isEqualTo(hex("72 00 00 00 00 00 00 00"));
  }

  @ParameterizedTest(name = "{0} {1}+{2}: {3}")
  @CsvSource({
    "read, 0, 1000, GOOD",
    "read, 999, 1, GOOD",
    "read, 1000, 0, GOOD",
    "read, 999, 2, 05/2100",
    "read, 1001, 0, 05/2100",
    "read, -1, 1, 05/2100",
    "read, 9223372036854775807, 1, 05/2100",
    "read, 0, 32769, 05/2400",
    "read, 0, 4294967295, 05/2400",
    "write, 1000, 0, GOOD",
    "write, 1000, 1, 05/2100",
    "write, -1, 0, 05/2100",
    "write, 0, 32769, 05/2400"
  })
  void rangesOfTransfers(String what, long lba, long count, String expected) throws IOException {
    ByteBuffer cdb = ByteBuffer.allocate(16);
    cdb.put(0, (byte) (what.equals("read") ? 0x88 : 0x8A)).putLong(2, lba).putInt(10, (int) count);
    ScsiResponse response = unit.send(new ScsiRequest(cdb.array(), null, null));
    assertThat(sense(response)).isEqualTo(expected);
  }

  @Test
  void unmapAndItsChecks() throws IOException {
    unit.write(0, filled(BLOCKS * 512), 512);
    assertThat(sense(unmap("0016 0010 00000000 0000000000000040 00000040 00000000")))
        .isEqualTo("GOOD");
    assertThat(unit.read(0, 64, 512)).containsOnly(5);
    assertThat(unit.read(64, 64, 512)).containsOnly(0);
    assertThat(unit.read(128, BLOCKS - 128, 512)).containsOnly(5);
    assertThat(sense(unmap(""))).isEqualTo("GOOD");
    assertThat(sense(unmap("0016 0010 000000"))).isEqualTo("05/1A00");
    assertThat(sense(unmap("0016 0010 00000000 00000000000003E7 00000002 00000000")))
        .isEqualTo("05/2100");
    assertThat(sense(unmap("0016 000F 00000000 0000000000000000 00000001 00000000")))
        .isEqualTo("GOOD"); // an incomplete descriptor
    assertThat(unit.read(0, 1, 512)).containsOnly(5);
    assertThat(sense(unmap("1012 1010 00000000" + "00".repeat(16 * 257)))).isEqualTo("05/2600");
  }

  private ScsiResponse unmap(String list) throws IOException {
    byte[] bytes = hex(list);
    return unit.send("42 00 00 00 00 00 00 %04X 00".formatted(bytes.length), bytes);
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 5);
    return bytes;
  }

  @Test
  void lbaStatus() throws IOException {
    unit.write(40, filled(512), 512); // its chunk: 32 to 63
    unit.write(992, filled(8 * 512), 512); // the last, partial one
    assertThat(unit.ask("9E 12 00 00 00 00 00 00 00 00 00 00 01 00 00 00", 256))
        .isEqualTo(
            hex(
                "00000044 00000000"
                    + "0000000000000000 00000020 01000000"
                    + "0000000000000020 00000020 00000000"
                    + "0000000000000040 000003A0 01000000"
                    + "00000000000003E0 00000008 00000000"));
    assertThat(unit.ask("9E 12 00 00 00 00 00 00 00 29 00 00 00 18 00 00", 256))
        .isEqualTo(hex("00000014 00000000 0000000000000029 00000017 00000000"));
    assertThat(sense(unit.send("9E 12 00 00 00 00 00 00 03 E8 00 00 00 18 00 00")))
        .isEqualTo("05/2100");
    assertThat(sense(unit.send("9E 12 FF FF FF FF FF FF FF FF 00 00 00 18 00 00")))
        .isEqualTo("05/2100");
  }

  @Test
  void flushes() throws IOException {
    unit.write(0, filled(512), 512);
    assertThat(sense(unit.send("35 00 00 00 00 00 00 00 00 00"))).isEqualTo("GOOD");
    assertThat(sense(unit.send("91 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00")))
        .isEqualTo("GOOD");
    assertThat(sense(unit.send("35 00 00 00 03 E9 00 00 00 00"))).isEqualTo("05/2100");
    assertThat(sense(unit.send("2A 08 00 00 00 00 00 00 01 00", filled(512)))).isEqualTo("GOOD");
  }

  @ParameterizedTest
  @CsvSource({
    "FF 00 00 00 00 00, 05/2000",
    "00 01 00 00 00 00, 05/2400",
    "00 00 00, 05/2400",
    "83 1F 00 00 00 00 00 00 00 00 00 00 00 00 00 00, 05/2400",
    "28 20 00 00 00 00 00 00 01 00, 05/2400"
  })
  void refusedCommands(String cdb, String expected) throws IOException {
    assertThat(sense(unit.send(cdb))).isEqualTo(expected);
  }

  @Test
  void aReadOnlyVolumeIsWriteProtected() throws IOException {
    unit.write(0, new byte[512], 512);
    pool.protectVolume(pool.volumes().getFirst(), true);
    assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("06/2A01");
    assertThat(unit.ask("1A 08 08 00 FF 00", 255)[2] & 0x80).as("WP").isEqualTo(0x80);
    assertThat(sense(unit.send("2A 00 00000000 00 0001 00", new byte[512]))).isEqualTo("07/2700");
    String list = "0016 0010 00000000 | 0000000000000000 000003E8 00000000"; // every block
    assertThat(sense(unit.send("42 00 00000000 00 0018 00", hex(list)))).isEqualTo("07/2700");
    assertThat(unit.ask("28 00 00000000 00 0001 00", 512)).isEqualTo(new byte[512]);
    pool.protectVolume(pool.volumes().getFirst(), false);
    assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("06/2A01");
    unit.write(0, new byte[512], 512);
  }

  @Test
  void aResizedVolumeHasItsNewEndAtOnce() throws IOException {
    pool.resizeVolume(pool.volumes().getFirst(), 2000 * 512L, false);
    assertThat(unit.ask("12 00 00 00 24 00", 255)).hasSize(36);
    assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("06/2A09");
    unit.write(1999, new byte[512], 512);
    assertThat(u32(unit.ask("25 00 00000000 0000 00 00", 8), 0)).isEqualTo(1999);
    pool.resizeVolume(pool.volumes().getFirst(), 100 * 512L, true);
    assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("06/2A09");
    assertThat(sense(unit.send("2A 00 0000 07CF 00 0001 00", new byte[512]))).isEqualTo("05/2100");
  }

  @Test
  void aDeletedVolumeIsNoLogicalUnit() throws IOException {
    pool.deleteVolume(pool.volume("v").orElseThrow());
    assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("05/2500");
    assertThat(sense(unit.populate(1, populateList(new BlockRange(0, 1))))).isEqualTo("05/2500");
  }

  /** A pool whose file system has no room beyond its reserve refuses writes and copies. */
  @Test
  void aFullPool() throws IOException {
    try (Pool full =
            Pool.create(
                new FullMedium(FileMedium.create(directory.resolve("full")), 64 << 10),
                16 << 10,
                PoolOptions.defaults());
        PoolTarget its = new PoolTarget(full, NAME)) {
      full.createVolume("v", 1 << 20, 512);
      Initiator initiator = new Initiator(its, "host", 0);
      initiator.write(0, filled(64 << 10), 512);
      ScsiResponse refused =
          initiator.send("8A 00 00 00 00 00 00 00 00 80 00 00 00 20 00 00", filled(32 * 512));
      assertThat(sense(refused)).isEqualTo("07/2707");
      byte[] token = initiator.token(new BlockRange(0, 128));
      // Nothing copied: the reason. Something copied: how much.
      BlockRange moved = new BlockRange(1001, 64);
      assertThat(sense(initiator.writeUsing(5, writeList(token, 0, moved)))).isEqualTo("07/2707");
      byte[] information = initiator.ask("84 07 00 00 00 05 00 00 00 00 00 00 02 26 00 00", 550);
      assertThat(Arrays.copyOfRange(information, 4, 6)).isEqualTo(hex("11 02"));
      assertThat(Arrays.copyOfRange(information, 32, 46))
          .isEqualTo(hex("70 00 07 00 00 00 00 0A 00 00 00 00 27 07"));
      BlockRange[] half = {new BlockRange(256, 32), new BlockRange(1001, 32)};
      ScsiResponse shorter = initiator.writeUsing(6, writeList(token, 0, half));
      assertThat(sense(shorter)).isEqualTo("0A/0D04");
      assertThat(shorter.sense().information()).hasValue(32);
      // It clears when space is freed.
      full.tokens().forEach(t -> full.end(t, io.gantry.store.Token.End.REVOKED));
      full.volume(0).orElseThrow().zero(0, 1 << 20);
      initiator.write(128, filled(64 << 10), 512);
      assertThat(initiator.read(128, 128, 512)).containsOnly(5);
    }
  }
}
