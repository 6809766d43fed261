package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that read, write, compare and provision blocks, one rule at a time. */
@NullUnmarked
@Timeout(60)
class BlockCommandsTest {
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
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test");
    unit = new Initiator(target, "host", 0);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  /** Blocks of which each holds its own byte, from a seed on. */
  private static byte[] blocks(int seed, int count) {
    byte[] bytes = new byte[count * 512];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (seed + i / 512);
    }
    return bytes;
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private byte[] read(int lba, int count) throws IOException {
    return unit.read(lba, count, 512);
  }

  @Test
  void everyReadAndWriteFindsTheSameBlocks() throws IOException {
    assertThat(unit.send("0A 00 00 0A 02 00", blocks(1, 2)).isGood()).isTrue();
    assertThat(unit.send("2A 18 0000000C 00 0002 00", blocks(3, 2)).isGood()).isTrue();
    assertThat(unit.send("AA 08 0000000E 00000002 00 00", blocks(5, 2)).isGood()).isTrue();
    assertThat(unit.send("8A 10 0000000000000010 00000002 00 00", blocks(7, 2)).isGood()).isTrue();
    byte[] all = blocks(1, 8);
    assertThat(unit.ask("08 00 00 0A 08 00", 8 * 512)).isEqualTo(all);
    assertThat(unit.ask("28 08 0000000A 00 0008 00", 8 * 512)).isEqualTo(all);
    assertThat(unit.ask("A8 10 0000000A 00000008 00 00", 8 * 512)).isEqualTo(all);
    assertThat(unit.ask("88 18 000000000000000A 00000008 00 00", 8 * 512)).isEqualTo(all);
    assertThat(unit.ask("08 00 00 00 00 00", 1 << 20)).as("0 stands for 256").hasSize(256 * 512);
  }

  @ParameterizedTest
  @CsvSource({
    "08 0003E8 01 00",
    "08 1FFFFF 01 00",
    "28 00 000003E8 00 0001 00",
    "28 00 000003E9 00 0000 00",
    "28 00 80000000 00 0000 00",
    "A8 00 FFFFFFFF 00000000 00 00",
    "88 00 8000000000000000 00000000 00 00",
    "88 00 FFFFFFFFFFFFFFFF 00000002 00 00",
    "2F 00 000003E7 00 0002 00",
    "AF 00 000003E9 00000000 00 00",
    "8F 00 FFFFFFFFFFFFFFFF 00000001 00 00",
    "34 00 000003E9 00 0000 00",
    "90 00 00000000000003E7 00000002 00 00",
    "35 00 000003E9 00 0000 00",
    "91 00 7FFFFFFFFFFFFFFF 00000001 00 00",
    "9E 12 00000000000003E8 00000018 00 00"
  })
  void nothingIsBehindTheEnd(String cdb) throws IOException {
    assertThat(sense(unit.send(cdb))).isEqualTo("05/2100");
  }

  @ParameterizedTest
  @CsvSource({
    "0A 0003E8 01 00, 1",
    "2A 00 000003E9 00 0000 00, 0",
    "2E 00 000003E7 00 0002 00, 2",
    "AE 00 80000000 00000001 00 00, 1",
    "8E 00 8000000000000000 00000001 00 00, 1",
    "41 00 000003E7 00 0002 00, 1",
    "41 00 000003E9 00 0000 00, 1",
    "93 00 FFFFFFFFFFFFFFFF 00000001 00 00, 1",
    "89 00 00000000000003E8 000000 01 00 00, 2",
    "8B 00 00000000000003E7 00000002 00 00, 2",
    "9C 00 00000000000003E7 0000 0002 00 00, 2"
  })
  void nothingIsWrittenBehindTheEnd(String cdb, int count) throws IOException {
    ScsiResponse response = count == 0 ? unit.send(cdb) : unit.send(cdb, blocks(1, count));
    assertThat(sense(response)).isEqualTo("05/2100");
    assertThat(pool.statistics().usedChunks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2A 00 00000000 00 0000 00",
        "2E 00 000003E8 00 0000 00",
        "2F 02 000003E8 00 0000 00",
        "89 00 0000000000000000 000000 00 00 00",
        "8B 00 0000000000000000 00000000 00 00",
        "9C 00 0000000000000000 0000 0000 00 00",
        "41 00 000003E8 00 0000 00"
      })
  void noBlocks(String cdb) throws IOException {
    boolean same = cdb.startsWith("41");
    ScsiResponse response = same ? unit.send(cdb, blocks(1, 1)) : unit.send(cdb);
    assertThat(sense(response)).isEqualTo("GOOD");
    assertThat(response.transferLength()).isEqualTo(same ? 512 : 0);
    assertThat(pool.statistics().usedChunks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "28 00 00000000 00 FFFF 00", // 32 MiB is more than one command may move
        "8F 00 0000000000000000 00010000 00 00",
        "8B 00 0000000000000000 00010000 00 00",
        "9C 00 0000000000000000 0000 0801 00 00",
        "93 00 0000000000000000 00010000 00 00",
      })
  void tooLong(String cdb) throws IOException {
    pool.createVolume("large", 1L << 40, 512);
    Initiator large = new Initiator(target, "host", 1);
    boolean reads = cdb.startsWith("28") || cdb.startsWith("8F");
    ScsiResponse response = reads ? large.send(cdb) : large.send(cdb, new byte[512]);
    assertThat(sense(response)).isEqualTo("05/2400");
  }

  @ParameterizedTest
  @CsvSource({"2F,10", "AF,12", "8F,16"})
  void verify(String operation, int length) throws IOException {
    unit.write(10, blocks(1, 4), 512);
    String middle = range(10, 4, length);
    ScsiResponse readable = unit.send(operation + " 00 " + middle, blocks(9, 4));
    assertThat(sense(readable)).as("what is sent is ignored").isEqualTo("GOOD");
    assertThat(readable.transferLength()).isZero();
    ScsiResponse same = unit.send(operation + " 12 " + middle, blocks(1, 4));
    assertThat(sense(same)).isEqualTo("GOOD");
    assertThat(same.transferLength()).isEqualTo(4 * 512);
    byte[] other = blocks(1, 4);
    other[3 * 512 + 7]++;
    ScsiResponse different = unit.send(operation + " 02 " + middle, other);
    assertThat(sense(different)).isEqualTo("0E/1D00");
    assertThat(different.sense().information()).hasValue(3 * 512 + 7);
    assertThat(sense(unit.send(operation + " 06 " + middle, blocks(1, 1)))).isEqualTo("0E/1D00");
    unit.write(10, join(blocks(5, 1), blocks(5, 1)), 512);
    String two = range(10, 2, length);
    ScsiResponse one = unit.send(operation + " 06 " + two, blocks(5, 1));
    assertThat(sense(one)).isEqualTo("GOOD");
    assertThat(one.transferLength()).isEqualTo(512);
    assertThat(sense(unit.send(operation + " 04 " + two, blocks(5, 1)))).isEqualTo("05/2400");
    assertThat(sense(unit.send(operation + " 02 " + two, blocks(5, 1)))).isEqualTo("05/0E03");
  }

  private static String range(int lba, int count, int cdbLength) {
    return switch (cdbLength) {
      case 10 -> "%08X 00 %04X 00".formatted(lba, count);
      case 12 -> "%08X %08X 00 00".formatted(lba, count);
      default -> "%016X %08X 00 00".formatted(lba, count);
    };
  }

  @ParameterizedTest
  @CsvSource({"2E,10", "AE,12", "8E,16"})
  void writeAndVerify(String operation, int length) throws IOException {
    String middle = range(30, 3, length);
    for (String flags : List.of(" 00 ", " 02 ", " 10 ")) {
      ScsiResponse response = unit.send(operation + flags + middle, blocks(3, 3));
      assertThat(sense(response)).isEqualTo("GOOD");
      assertThat(response.transferLength()).isEqualTo(3 * 512);
    }
    assertThat(read(29, 5)).isEqualTo(join(join(new byte[512], blocks(3, 3)), new byte[512]));
    assertThat(sense(unit.send(operation + " 04 " + middle, blocks(3, 3)))).isEqualTo("05/2400");
  }

  @Test
  void compareAndWrite() throws IOException {
    unit.write(40, blocks(1, 3), 512);
    String cdb = "89 00 0000000000000029 000000 02 00 00";
    ScsiResponse good = unit.send(cdb, join(blocks(2, 2), blocks(7, 2)));
    assertThat(sense(good)).isEqualTo("GOOD");
    assertThat(good.transferLength()).isEqualTo(4 * 512);
    assertThat(read(40, 3)).isEqualTo(join(blocks(1, 1), blocks(7, 2)));
    byte[] wrong = join(blocks(7, 2), blocks(9, 2));
    wrong[600]++;
    ScsiResponse different = unit.send(cdb, wrong);
    assertThat(sense(different)).isEqualTo("0E/1D00");
    assertThat(different.sense().information()).hasValue(600);
    assertThat(different.transferLength()).isEqualTo(4 * 512);
    assertThat(read(40, 3)).isEqualTo(join(blocks(1, 1), blocks(7, 2)));
    assertThat(sense(unit.send(cdb, blocks(7, 2)))).as("half the data").isEqualTo("05/2400");
    assertThat(sense(unit.send(cdb, blocks(7, 6)))).isEqualTo("05/2400");
    assertThat(sense(unit.send(cdb))).isEqualTo("05/2400");
  }

  /** Initiators add to a number with COMPARE AND WRITE and ORWRITE, while others write beside. */
  @Test
  void atomicAmongInitiators() throws Exception {
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Object>> all =
          IntStream.range(0, 4)
              .mapToObj(port ->
                  threads.submit(() -> {
                    add(new Initiator(target, "host" + port, 0), port);
                    return null;
                  }))
              .toList();
      for (Future<Object> one : all) {
        one.get();
      }
    }
    assertThat(ByteBuffer.wrap(read(50, 1)).getInt(0)).isEqualTo(4 * 100);
    assertThat(Arrays.copyOf(read(51, 1), 50)).containsOnly(0x0F);
  }

  private static void add(Initiator mine, int port) throws IOException {
    for (int i = 0; i < 100; i++) {
      String status = "0E/1D00";
      while (!status.equals("GOOD")) {
        byte[] old = mine.read(50, 1, 512);
        byte[] next = old.clone();
        ByteBuffer.wrap(next).putInt(0, ByteBuffer.wrap(old).getInt(0) + 1);
        status = sense(mine.send("89 00 0000000000000032 000000 01 00 00", join(old, next)));
        assertThat(status).isIn("GOOD", "0E/1D00");
      }
      byte[] bit = new byte[512];
      bit[i % 50] = (byte) (1 << port);
      assertThat(sense(mine.send("8B 00 0000000000000033 00000001 00 00", bit))).isEqualTo("GOOD");
      mine.write(52 + port, blocks(i, 1), 512);
      assertThat(mine.read(52 + port, 1, 512)).isEqualTo(blocks(i, 1));
    }
  }

  @Test
  void orWrite() throws IOException {
    unit.write(60, hex("0F".repeat(1024)), 512);
    ScsiResponse response =
        unit.send("8B 08 000000000000003C 00000002 00 00", hex("30".repeat(1024)));
    assertThat(sense(response)).isEqualTo("GOOD");
    assertThat(read(60, 2)).containsOnly(0x3F);
    assertThat(sense(unit.send("8B 00 000000000000003C 00000002 00 00", new byte[512])))
        .isEqualTo("05/0E03");
  }

  @Test
  void writeAtomic() throws IOException {
    ScsiResponse response = unit.send("9C 08 000000000000001F 0000 0022 00 00", blocks(1, 34));
    assertThat(sense(response)).isEqualTo("GOOD");
    assertThat(response.transferLength()).isEqualTo(34 * 512);
    assertThat(read(31, 34)).isEqualTo(blocks(1, 34));
    assertThat(read(30, 1)).containsOnly(0);
    assertThat(sense(unit.send("9C 00 0000000000000000 0000 0002 00 00", new byte[512])))
        .isEqualTo("05/0E03");
  }

  @Test
  void writeSame() throws IOException {
    unit.write(0, blocks(1, 100), 512);
    byte[] block = blocks(7, 1);
    ScsiResponse response = unit.send("41 00 00000005 00 0040 00", block);
    assertThat(sense(response)).isEqualTo("GOOD");
    assertThat(response.transferLength()).isEqualTo(512);
    assertThat(read(5, 64)).containsOnly(7);
    assertThat(read(0, 5)).isEqualTo(blocks(1, 5));
    assertThat(read(69, 31)).isEqualTo(blocks(70, 31));
    assertThat(sense(unit.send("93 00 0000000000000040 00000000 00 00", block))).isEqualTo("GOOD");
    assertThat(read(64, BLOCKS - 64)).containsOnly(7);
    pool.flush();
    pool.flush(); // the second one lets the releases of the first take effect before it returns
    assertThat(pool.statistics().usedChunks()).as("whole chunks are the same one").isEqualTo(4);
    assertThat(sense(unit.send("93 01 0000000000000000 000003E8 00 00"))).isEqualTo("GOOD");
    assertThat(read(0, BLOCKS)).containsOnly(0);
    pool.flush();
    pool.flush();
    assertThat(pool.statistics().usedChunks()).isZero();
    unit.write(0, blocks(1, 100), 512);
    assertThat(sense(unit.send("41 08 00000000 00 0050 00", block))).isEqualTo("GOOD");
    assertThat(read(0, 80)).as("UNMAP, whatever the block").containsOnly(0);
    for (int length : new int[] {256, 1024}) {
      assertThat(sense(unit.send("41 00 00000000 00 0008 00", new byte[length])))
          .isEqualTo("05/0E03");
      assertThat(sense(unit.send("93 01 0000000000000000 00000008 00 00", new byte[length])))
          .isEqualTo("05/0E03");
    }
    assertThat(sense(unit.send("93 00 0000000000000000 00000008 00 00"))).isEqualTo("05/0E03");
  }

  @Test
  void preFetch() throws IOException {
    unit.write(0, blocks(1, 3), 512);
    ScsiResponse met = unit.send("34 00 00000000 03 0000 00");
    assertThat(met.status()).isEqualTo(ScsiStatus.CONDITION_MET);
    assertThat(unit.send("90 00 0000000000000000 00000002 00 00").status())
        .isEqualTo(ScsiStatus.CONDITION_MET);
    assertThat(sense(unit.send("34 02 00000000 00 0001 00"))).isEqualTo("GOOD");
  }

  @Test
  void lbaStatus() throws IOException {
    unit.write(33, blocks(1, 1), 512);
    byte[] status = unit.ask("9E 12 0000000000000005 00000100 00 00", 256);
    assertThat(status)
        .isEqualTo(
            hex(
                "00000034 00000000 0000000000000005 0000001B 01000000"
                    + "0000000000000020 00000020 00000000"
                    + "0000000000000040 000003A8 01000000"));
    assertThat(sense(unit.send("9E 12 0000000000000000 00000100 01 00"))).isEqualTo("05/2400");
  }

  @Test
  void defects() throws IOException {
    assertThat(unit.ask("37 00 1D 00000000 0020 00", 32)).isEqualTo(hex("00 1D 0000"));
    assertThat(unit.ask("B7 08 00000000 00000020 00 00", 32)).isEqualTo(hex("00 08 0000 00000000"));
  }

  @Test
  void startStopAndRemoval() throws IOException {
    for (String cdb : List.of("1B0000000100", "1B0000000000", "1B0100000400", "1B0000002000")) {
      assertThat(sense(unit.send(cdb))).isEqualTo("GOOD");
      assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("GOOD");
    }
    assertThat(sense(unit.send("1B 00 00 00 02 00"))).isEqualTo("05/2400");
    assertThat(sense(unit.send("1E 00 00 00 01 00"))).isEqualTo("GOOD");
    assertThat(sense(unit.send("1E 00 00 00 00 00"))).isEqualTo("GOOD");
    assertThat(sense(unit.send("1E 00 00 00 02 00"))).isEqualTo("05/2400");
  }

  @Test
  void format() throws IOException {
    unit.write(0, blocks(1, 100), 512);
    assertThat(sense(unit.send("04 10 00 0000 00", hex("00 02 0000")))).isEqualTo("GOOD");
    assertThat(read(0, 100)).containsOnly(0);
    assertThat(sense(unit.send("04 00 00 0000 00"))).isEqualTo("GOOD");
    assertThat(sense(unit.send("04 30 00 0000 00", new byte[8]))).isEqualTo("GOOD");
    assertThat(sense(unit.send("04 10 00 0000 00", hex("00 00 0004")))).isEqualTo("05/2600");
    assertThat(sense(unit.send("04 10 00 0000 00", hex("00 08 0000")))).isEqualTo("05/2600");
    assertThat(sense(unit.send("04 10 00 0000 00"))).isEqualTo("05/1A00");
  }

  /** Every command of the table that changes the medium. */
  @ParameterizedTest
  @CsvSource({
    "04 00 00 0000 00, 0",
    "0A 000000 01 00, 512",
    "2A 00 00000000 00 0001 00, 512",
    "2A 00 00000000 00 0000 00, 0",
    "AA 00 00000000 00000001 00 00, 512",
    "8A 00 0000000000000000 00000001 00 00, 512",
    "2E 00 00000000 00 0001 00, 512",
    "AE 00 00000000 00000001 00 00, 512",
    "8E 00 0000000000000000 00000001 00 00, 512",
    "41 00 00000000 00 0001 00, 512",
    "93 09 0000000000000000 00000001 00 00, 0",
    "42 00 00000000 00 0000 00, 0",
    "89 00 0000000000000000 000000 01 00 00, 1024",
    "8B 00 0000000000000000 00000001 00 00, 512",
    "9C 00 0000000000000000 0000 0001 00 00, 512",
    "48 82 0000000000 0000 00, 0",
    "48 81 0000000000 0008 00, 8",
    "83 11 00000000 00000001 00000000 00 00, 0"
  })
  void aReadOnlyVolume(String cdb, int length) throws IOException {
    pool.protectVolume(pool.volumes().getFirst(), true);
    assertThat(sense(unit.send("00 00 00 00 00 00"))).isEqualTo("06/2A01");
    byte[] data = new byte[length];
    ScsiResponse response = length == 0 ? unit.send(cdb) : unit.send(cdb, data);
    assertThat(sense(response)).isEqualTo("07/2700");
    assertThat(sense(unit.send("35 00 00000000 00 0000 00"))).isEqualTo("GOOD");
  }
}
