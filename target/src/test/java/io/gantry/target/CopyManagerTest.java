package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.populateList;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** POPULATE TOKEN, WRITE USING TOKEN and RECEIVE ROD TOKEN INFORMATION on a pool of files. */
@NullUnmarked
@Timeout(60)
class CopyManagerTest {
  private static final int BLOCKS = 8192; // 4 MiB
  private static final int CHUNK = 16 << 10;

  @TempDir Path directory;

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-21T12:00:00Z"));
  private Pool pool;
  private PoolTarget target;
  private Initiator source;
  private Initiator destination;
  private Initiator large; // 4096-byte blocks
  private byte[] content;

  @BeforeEach
  void open() throws IOException {
    PoolOptions options = PoolOptions.defaults().withClock(now::get).withMaximumTokens(100);
    pool = Pool.create(FileMedium.create(directory.resolve("pool")), CHUNK, options);
    pool.createVolume("source", BLOCKS * 512L, 512);
    pool.createVolume("destination", BLOCKS * 512L, 512);
    pool.createVolume("large", BLOCKS * 512L, 4096);
    CopyOptions copies = CopyOptions.defaults().withTicker(new TestTicker());
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test", AccessPolicy.DEFAULT, copies);
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
    large = new Initiator(target, "host", 2);
    content = new byte[BLOCKS * 512];
    new Random(1).nextBytes(content);
    source.write(0, content, 512);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private byte[] content(int lba, int blocks) {
    return Arrays.copyOfRange(content, lba * 512, (lba + blocks) * 512);
  }

  // Bytes as the standard's tables say, not from our encoders; the operation counter is 1.

  @Test
  void populateTokenAndItsInformationByteForByte() throws IOException {
    ScsiResponse populated =
        source.send(
            "83 10 00 00 00 00 00 00 01 01 00 00 00 20 00 00",
            hex(
                "00 1E 00 00 | 00 00 00 00 | 00 00 00 00 | 00 00 00 10 |"
                    + "00 00 00 00 00 00 01 00 | 00 00 08 00 | 00 00 00 00"));
    assertThat(sense(populated)).isEqualTo("GOOD");
    byte[] data = source.ask("84 07 00 00 01 01 00 00 00 00 00 00 02 26 00 00", 1000);
    assertThat(data).hasSize(550);
    assertThat(Arrays.copyOf(data, 38))
        .isEqualTo(
            hex(
                "00 00 02 22 | 10 01 00 01 | FF FF FF FE | 00 00 00 F1 |"
                    + "00 00 00 00 00 00 08 00 | 00 00 00 00 00 00 00 00 | 00 00 02 02 | 00 00"));
    byte[] token = Arrays.copyOfRange(data, 38, 550);
    ByteBuffer t = ByteBuffer.wrap(token);
    assertThat(Arrays.copyOf(token, 8)).isEqualTo(hex("00 80 00 00 00 00 01 F8"));
    assertThat(Arrays.copyOfRange(token, 16, 24)).isEqualTo(hex("E4 00 00 00 01 03 00 10"));
    assertThat(token[24] & 0xF0).isEqualTo(0x60); // NAA 6
    assertThat(t.getLong(48)).isZero();
    assertThat(t.getLong(56)).isEqualTo(2048 * 512);
    assertThat(t.getInt(96)).isEqualTo(512);
    assertThat(token[102] & 0xC0).isEqualTo(0xC0);
    assertThat(token[128] & 0xff).isEqualTo(0x53); // iSCSI, UTF-8
    assertThat(token[129] & 0xff).isEqualTo(0xA8); // PIV, target device, name

    byte[] list = new byte[552];
    ByteBuffer.wrap(list).putShort(0, (short) 0x226).put(16, token).putShort(534, (short) 16);
    ByteBuffer.wrap(list).putLong(536, 0).putInt(544, 2048);
    ScsiResponse written =
        destination.send("83 11 00 00 00 00 00 00 01 02 00 00 02 28 00 00", list);
    assertThat(sense(written)).isEqualTo("GOOD");
    assertThat(destination.ask("84 07 00 00 01 02 00 00 00 00 00 00 02 26 00 00", 1000))
        .isEqualTo(
            hex(
                "00 00 00 20 | 11 01 00 01 | FF FF FF FE | 00 00 00 F1 |"
                    + "00 00 00 00 00 00 08 00 | 00 00 00 00 00 00 00 00 | 00 00 00 00"));
    assertThat(destination.read(0, 2048, 512)).isEqualTo(content(256, 2048));
  }

  // The tables of checks.

  private static byte[] with(byte[] list, int at, String bytes) {
    byte[] changed = list.clone();
    System.arraycopy(hex(bytes), 0, changed, at, hex(bytes).length);
    return changed;
  }

  private static BlockRange[] ranges(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new BlockRange(2L * i, 1))
        .toArray(BlockRange[]::new);
  }

  private static final BlockRange ONE = new BlockRange(0, 1);

  static Stream<Arguments> populateChecks() {
    byte[] good = populateList(ONE);
    return Stream.of(
        Arguments.of("parameter list length 0", new byte[0], "GOOD", -1),
        Arguments.of("list of 1 byte", Arrays.copyOf(good, 1), "05/1A00", -1),
        Arguments.of("list of 15 bytes", Arrays.copyOf(good, 15), "05/1A00", -1),
        Arguments.of("data length 1Dh", with(good, 0, "001D"), "05/2600", 0),
        Arguments.of("descriptor length 0Fh", with(good, 14, "000F"), "05/2600", 14),
        Arguments.of("descriptors cut off", Arrays.copyOf(populateList(ranges(3)), 40), "GOOD", -1),
        Arguments.of("no descriptor left", Arrays.copyOf(good, 16), "GOOD", -1),
        Arguments.of("trailing part", with(populateList(ranges(2)), 14, "001F"), "GOOD", -1),
        Arguments.of("timeout at the limit", populateList(86400, ONE), "GOOD", -1),
        Arguments.of("timeout over the limit", populateList(86401, ONE), "05/2600", 4),
        Arguments.of("timeout FFFFFFFFh", with(good, 4, "FFFFFFFF"), "05/2600", 4),
        Arguments.of("IMMED", with(good, 2, "01"), "GOOD", -1),
        Arguments.of("RTV, point in time", with(with(good, 2, "02"), 8, "00800000"), "GOOD", -1),
        Arguments.of("RTV, any", with(with(good, 2, "02"), 8, "0080FFFF"), "GOOD", -1),
        Arguments.of("RTV, by reference", with(with(good, 2, "02"), 8, "00010000"), "GOOD", -1),
        Arguments.of("RTV, vulnerable", with(with(good, 2, "02"), 8, "00800001"), "GOOD", -1),
        Arguments.of("RTV, persistent", with(with(good, 2, "02"), 8, "00800002"), "GOOD", -1),
        Arguments.of("RTV, on write", with(with(good, 2, "02"), 8, "00800003"), "05/2600", 8),
        Arguments.of("RTV, type 0", with(with(good, 2, "02"), 8, "00000000"), "05/2600", 8),
        Arguments.of("RTV, zero token", with(with(good, 2, "02"), 8, "FFFF0001"), "05/2600", 8),
        Arguments.of("ROD TYPE without RTV", with(good, 8, "00010000"), "GOOD", -1),
        Arguments.of("reserved bytes", with(good, 12, "FFFF"), "GOOD", -1),
        Arguments.of("256 ranges", populateList(ranges(256)), "GOOD", -1),
        Arguments.of("257 ranges", populateList(ranges(257)), "05/2608", -1),
        Arguments.of("last block", populateList(new BlockRange(BLOCKS - 1, 1)), "GOOD", -1),
        Arguments.of("past the end", populateList(new BlockRange(BLOCKS - 1, 2)), "05/2100", -1),
        Arguments.of("at the end", populateList(new BlockRange(BLOCKS, 1)), "05/2100", -1),
        Arguments.of("LBA -1", populateList(new BlockRange(-1, 1)), "05/2100", -1),
        Arguments.of(
            "LBA and count overflow",
            populateList(new BlockRange(-1, 0xFFFF_FFFFL)),
            "05/2100",
            -1),
        Arguments.of("no blocks", populateList(new BlockRange(5, 0), ONE), "GOOD", -1),
        Arguments.of(
            "overlap", populateList(new BlockRange(8, 4), new BlockRange(4, 5)), "05/2600", 32),
        Arguments.of("the same twice", populateList(ONE, ONE), "05/2600", 32),
        Arguments.of(
            "side by side", populateList(new BlockRange(8, 4), new BlockRange(4, 4)), "GOOD", -1));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("populateChecks")
  void populateTokenChecks(String row, byte[] list, String expected, int pointer)
      throws IOException {
    ScsiResponse response = source.populate(1, list);
    assertThat(sense(response)).as(row).isEqualTo(expected);
    checkPointer(response, pointer);
  }

  private static void checkPointer(ScsiResponse response, int pointer) {
    if (pointer >= 0) {
      assertThat(response.sense().fieldPointer()).hasValue(pointer);
    }
  }

  @Test
  void aTokenOfMoreThanTheMaximumIsRefused() throws IOException {
    pool.createVolume("huge", 128L << 30, 512);
    Initiator huge = new Initiator(target, "host", 3);
    long limit = 64L << 30 >> 9;
    assertThat(sense(huge.populate(1, populateList(new BlockRange(0, limit))))).isEqualTo("GOOD");
    assertThat(sense(huge.populate(1, populateList(new BlockRange(0, limit + 1)))))
        .isEqualTo("05/2600");
    BlockRange[] two = {new BlockRange(0, limit), new BlockRange(limit, 1)};
    assertThat(sense(huge.populate(1, populateList(two)))).isEqualTo("05/2600");
  }

  static Stream<Arguments> writeChecks() {
    byte[] good = writeList(RodToken.zero(), 0, ONE);
    byte[] many = writeList(RodToken.zero(), 0, ranges(257));
    return Stream.of(
        Arguments.of("parameter list length 0", new byte[0], "GOOD", -1),
        Arguments.of("list of 1 byte", Arrays.copyOf(good, 1), "05/1A00", -1),
        Arguments.of("list of 535 bytes", Arrays.copyOf(good, 535), "05/1A00", -1),
        Arguments.of("data length 225h", with(good, 0, "0225"), "05/2600", 0),
        Arguments.of("descriptor length 0Fh", with(good, 534, "000F"), "05/2600", 534),
        Arguments.of("reserved bytes", with(good, 3, "FFFFFFFFFF"), "GOOD", -1),
        Arguments.of("257 ranges", many, "05/2608", -1),
        Arguments.of(
            "past the end",
            writeList(RodToken.zero(), 0, new BlockRange(BLOCKS, 1)),
            "05/2100",
            -1),
        Arguments.of("overlap", writeList(RodToken.zero(), 0, ONE, ONE), "05/2600", 552),
        Arguments.of("zero token", good, "GOOD", -1),
        Arguments.of("zero token, any offset", with(good, 8, "7FFFFFFFFFFFFFFF"), "GOOD", -1),
        Arguments.of("zero token, other bytes", with(good, 100, "FFFFFFFF"), "GOOD", -1),
        Arguments.of("zero token, wrong length", with(good, 22, "01F7"), "05/230A", -1),
        Arguments.of("no type", with(good, 16, "00000000"), "05/2301", -1),
        Arguments.of("copy on write", with(good, 16, "00800003"), "05/2301", -1),
        Arguments.of("type any is for asking only", with(good, 16, "0080FFFF"), "05/2301", -1),
        Arguments.of("forged, by reference", with(good, 16, "00010000"), "05/2305", -1),
        Arguments.of("forged, change vulnerable", with(good, 16, "00800001"), "05/2305", -1),
        Arguments.of("forged, persistent", with(good, 16, "00800002"), "05/2305", -1),
        Arguments.of("forged", with(good, 16, "00800000"), "05/2305", -1));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("writeChecks")
  void writeUsingTokenChecks(String row, byte[] list, String expected, int pointer)
      throws IOException {
    ScsiResponse response = destination.writeUsing(1, list);
    assertThat(sense(response)).as(row).isEqualTo(expected);
    checkPointer(response, pointer);
  }

  @Test
  void aTokenWithOneByteChangedIsRefused() throws IOException {
    byte[] token = source.token(ONE);
    for (int at = 0; at < 512; at++) {
      byte[] bad = token.clone();
      bad[at] ^= 0x10;
      String expected =
          switch (at) {
            case 0, 1, 2, 3 -> "05/2301";
            case 6, 7 -> "05/230A";
            default -> at >= 132 && at < 132 + 28 ? "05/2302" : "05/2305"; // the target's name
          };
      assertThat(sense(destination.writeUsing(1, writeList(bad, 0, ONE))))
          .as("byte %d", at)
          .isEqualTo(expected);
    }
    assertThat(destination.read(0, 1, 512)).containsOnly(0);
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, ONE)))).isEqualTo("GOOD");
  }

  @Test
  void aTokenOfAnotherPoolIsRefused() throws IOException {
    Path place = directory.resolve("other");
    try (Pool other = Pool.create(FileMedium.create(place), CHUNK, PoolOptions.defaults());
        PoolTarget its = new PoolTarget(other, target.name())) {
      other.createVolume("v", 1 << 20, 512);
      byte[] token = new Initiator(its, "host", 0).token(ONE);
      assertThat(sense(destination.writeUsing(1, writeList(token, 0, ONE)))).isEqualTo("05/2305");
    }
  }

  @Test
  void aDeletedTokenIsKnownAsDeleted() throws IOException {
    byte[] token = source.token(ONE);
    byte[] list = with(writeList(token, 0, ONE), 2, "02"); // DEL_TKN
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("GOOD");
    assertThat(destination.read(0, 1, 512)).isEqualTo(content(0, 1));
    assertThat(sense(destination.writeUsing(2, list))).isEqualTo("05/2309");
  }

  @Test
  void aRevokedTokenIsKnownAsRevoked() throws IOException {
    byte[] token = source.token(ONE);
    pool.end(pool.tokens().getLast(), Token.End.REVOKED);
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, ONE)))).isEqualTo("05/2306");
  }

  @Test
  void aTokenExpiresAfterItsLastUse() throws IOException {
    source.populate(1, populateList(100, ONE));
    byte[] data = source.ask("84 07 00 00 00 01 00 00 00 00 00 00 02 26 00 00", 550);
    byte[] list = writeList(Arrays.copyOfRange(data, 38, 550), 0, ONE);
    passSeconds(99);
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("GOOD");
    passSeconds(100);
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("GOOD");
    passSeconds(101);
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("05/2307");
  }

  @Test
  void theDefaultTimeoutIsFiveMinutes() throws IOException {
    byte[] list = writeList(source.token(ONE), 0, ONE);
    passSeconds(300);
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("GOOD");
    passSeconds(301);
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("05/2307");
  }

  private void passSeconds(int seconds) throws IOException {
    now.set(now.get().plusSeconds(seconds));
    pool.flush();
  }

  @Test
  void tokensAndTheirFatesSurviveARestart() throws IOException {
    byte[] alive = source.token(new BlockRange(3, 50));
    byte[] deleted = source.token(ONE);
    pool.end(pool.tokens().getLast(), Token.End.DELETED);
    source.write(0, new byte[BLOCKS * 512], 512);
    target.close();
    pool.close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:renamed");
    destination = new Initiator(target, "host", 1);
    BlockRange range = new BlockRange(0, 50);
    assertThat(sense(destination.writeUsing(1, writeList(alive, 0, range)))).isEqualTo("GOOD");
    assertThat(destination.read(0, 50, 512)).isEqualTo(content(3, 50));
    assertThat(sense(destination.writeUsing(1, writeList(deleted, 0, ONE)))).isEqualTo("05/2309");
  }

  @Test
  void tokensHaveALimit() throws IOException {
    for (int i = 0; i < 100; i++) {
      assertThat(sense(source.populate(1, populateList(ONE)))).isEqualTo("GOOD");
    }
    assertThat(sense(source.populate(1, populateList(ONE)))).isEqualTo("05/550D");
  }

  // Short copies.

  @Test
  void theOffsetMustLieWithinTheToken() throws IOException {
    byte[] token = source.token(new BlockRange(0, 10));
    for (long offset : new long[] {10, 11, Long.MAX_VALUE, -1, 1L << 55, Long.MIN_VALUE}) {
      ScsiResponse response = destination.writeUsing(1, writeList(token, offset, ONE));
      assertThat(sense(response)).as("offset %d", offset).isEqualTo("05/2600");
      checkPointer(response, 8);
    }
    assertThat(sense(destination.writeUsing(1, writeList(token, 9, ONE)))).isEqualTo("GOOD");
    assertThat(destination.read(0, 1, 512)).isEqualTo(content(9, 1));
  }

  @Test
  void whatTheTokenDoesNotHaveIsNotCopied() throws IOException {
    byte[] token = source.token(new BlockRange(100, 10), new BlockRange(50, 10));
    BlockRange[] to = {new BlockRange(7, 4), new BlockRange(1000, 30), new BlockRange(40, 9)};
    ScsiResponse response = destination.writeUsing(0x55, writeList(token, 5, to));
    assertThat(sense(response)).isEqualTo("0A/0D04");
    assertThat(response.sense().information()).hasValue(15);
    assertThat(destination.read(7, 4, 512)).isEqualTo(content(105, 4));
    assertThat(destination.read(1000, 1, 512)).isEqualTo(content(109, 1));
    assertThat(destination.read(1001, 10, 512)).isEqualTo(content(50, 10));
    assertThat(destination.read(1011, 19, 512)).containsOnly(0);
    assertThat(destination.read(40, 9, 512)).containsOnly(0);
    byte[] data = destination.ask("84 07 00 00 00 55 00 00 00 00 00 00 02 26 00 00", 550);
    assertThat(data).hasSize(32 + 20 + 4);
    assertThat(Arrays.copyOf(data, 24))
        .isEqualTo(
            hex(
                "00 00 00 34 | 11 03 00 01 | FF FF FF FE | 02 14 12 F1 |"
                    + "00 00 00 00 00 00 00 0F"));
    // Fixed format, VALID, COPY ABORTED, INFORMATION 15, 0D/04.
    assertThat(Arrays.copyOfRange(data, 32, 52))
        .isEqualTo(hex("F0 00 0A 00 00 00 0F 0A 00 00 00 00 0D 04 00 00 00 00 00 00"));
  }

  @Test
  void smallBlocksOntoLargeOnesEndWithZeros() throws IOException {
    large.write(0, bytes(3 * 4096, 9), 4096);
    byte[] token = source.token(new BlockRange(1, 11));
    BlockRange[] to = {new BlockRange(0, 3)};
    ScsiResponse response = large.writeUsing(1, writeList(token, 0, to));
    assertThat(sense(response)).isEqualTo("0A/0D04");
    assertThat(response.sense().information()).hasValue(2);
    byte[] expected = Arrays.copyOf(content(1, 11), 2 * 4096);
    assertThat(large.read(0, 2, 4096)).isEqualTo(expected);
    assertThat(large.read(2, 1, 4096)).containsOnly(9);
    // The offset counts large blocks; the last one is ragged.
    assertThat(sense(large.writeUsing(1, writeList(token, 1, new BlockRange(9, 1)))))
        .isEqualTo("GOOD");
    assertThat(large.read(9, 1, 4096)).isEqualTo(Arrays.copyOfRange(expected, 4096, 8192));
    assertThat(sense(large.writeUsing(1, writeList(token, 2, new BlockRange(9, 1)))))
        .isEqualTo("05/2600");
  }

  @Test
  void largeBlocksOntoSmallOnes() throws IOException {
    large.write(5, bytes(4096, 7), 4096);
    byte[] token = large.token(new BlockRange(5, 1));
    assertThat(sense(destination.writeUsing(1, writeList(token, 3, new BlockRange(1, 5)))))
        .isEqualTo("GOOD");
    assertThat(destination.read(1, 5, 512)).containsOnly(7);
    assertThat(destination.read(6, 1, 512)).containsOnly(0);
  }

  private static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void theZeroTokenWritesZeros() throws IOException {
    BlockRange[] to = {new BlockRange(1, 100), new BlockRange(2000, 3000)};
    assertThat(sense(source.writeUsing(1, writeList(RodToken.zero(), 77, to)))).isEqualTo("GOOD");
    byte[] expected = content.clone();
    Arrays.fill(expected, 512, 101 * 512, (byte) 0);
    Arrays.fill(expected, 2000 * 512, 5000 * 512, (byte) 0);
    assertThat(source.read(0, BLOCKS, 512)).isEqualTo(expected);
  }

  @Test
  void aTokenKeepsItsBytesWhateverHappensToTheSource() throws IOException {
    byte[] token = source.token(new BlockRange(0, BLOCKS));
    Volume volume = pool.volume(0).orElseThrow();
    source.write(0, new byte[1 << 20], 512);
    volume.zero(1 << 20, 1 << 20);
    pool.deleteVolume(volume);
    assertThat(sense(destination.send("00 00 00 00 00 00"))).isEqualTo("06/3F0E");
    BlockRange all = new BlockRange(0, BLOCKS);
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, all)))).isEqualTo("GOOD");
    assertThat(destination.read(0, BLOCKS, 512)).isEqualTo(content);
    assertThat(target.copyStatistics().sharedBytes()).isEqualTo(BLOCKS * 512L);
    assertThat(sense(source.populate(1, populateList(ONE)))).isEqualTo("05/2500");
  }

  // List identifiers.

  private static final String INFORMATION = "84 07 00 00 00 09 00 00 00 00 ";

  @Test
  void informationCanBeAskedForAgainUntilItIsDiscarded() throws IOException {
    source.populate(9, populateList(ONE));
    byte[] first = source.ask(INFORMATION + "00 00 02 26 00 00", 550);
    byte[] truncated = source.ask(INFORMATION + "00 00 00 10 00 00", 550);
    assertThat(truncated).isEqualTo(Arrays.copyOf(first, 16)); // AVAILABLE DATA as ever
    assertThat(source.ask(INFORMATION + "00 00 03 25 00 00", 805)).isEqualTo(first);
    assertThat(source.ask(INFORMATION + "FF FF FF FF 00 00", 805)).isEqualTo(first);
    assertThat(source.ask(INFORMATION + "00 00 00 00 00 00", 0)).isEmpty();
    assertThat(sense(source.send(INFORMATION + "00 00 02 26 00 00"))).isEqualTo("05/2400");
  }

  @Test
  void informationIsPrivate() throws IOException {
    source.populate(9, populateList(ONE));
    Initiator other = new Initiator(target, "other host", 0);
    String ask = INFORMATION + "00 00 02 26 00 00";
    assertThat(sense(other.send(ask))).isEqualTo("05/2400");
    assertThat(sense(destination.send(ask))).isEqualTo("05/2400"); // another logical unit
    assertThat(sense(source.send("84 07 00 00 00 0A 00 00 00 00 00 00 02 26 00 00")))
        .isEqualTo("05/2400");
    assertThat(sense(source.send(ask))).isEqualTo("GOOD");
    // But the token is good for everybody.
    byte[] token = source.token(ONE);
    assertThat(sense(other.writeUsing(1, writeList(token, 0, new BlockRange(9, 1)))))
        .isEqualTo("GOOD");
  }

  @Test
  void informationOutlivesTheNexus() throws IOException {
    source.populate(9, populateList(ONE));
    byte[] before = source.ask(INFORMATION + "00 00 02 26 00 00", 550);
    source.close();
    source = new Initiator(target, "host", 0);
    assertThat(source.ask(INFORMATION + "00 00 02 26 00 00", 550)).isEqualTo(before);
  }

  @Test
  void informationOutlivesARestart() throws IOException {
    byte[] token = source.token(new BlockRange(0, 8));
    source.populate(9, populateList(ONE));
    byte[] populated = source.ask(INFORMATION + "00 00 02 26 00 00", 550);
    destination.writeUsing(9, writeList(token, 0, new BlockRange(0, 8)));
    byte[] written = destination.ask(INFORMATION + "00 00 02 26 00 00", 550);
    target.close();
    pool.close();
    pool =
        Pool.open(
            FileMedium.open(directory.resolve("pool")), PoolOptions.defaults().withClock(now::get));
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test");
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
    assertThat(source.ask(INFORMATION + "00 00 02 26 00 00", 550)).isEqualTo(populated);
    assertThat(destination.ask(INFORMATION + "00 00 02 26 00 00", 550)).isEqualTo(written);
    assertThat(destination.read(0, 8, 512)).isEqualTo(content(0, 8));
    Initiator other = new Initiator(target, "other host", 0);
    assertThat(sense(other.send(INFORMATION + "00 00 02 26 00 00"))).isEqualTo("05/2400");
    assertThat(sense(source.send(INFORMATION + "00 00 00 00 00 00"))).isEqualTo("GOOD");
    assertThat(sense(source.send(INFORMATION + "00 00 02 26 00 00"))).isEqualTo("05/2400");
  }

  @Test
  void aListIdentifierIsUsedAgain() throws IOException {
    source.populate(9, populateList(ONE));
    source.populate(9, populateList(new BlockRange(0, 7)));
    byte[] data = source.ask(INFORMATION + "00 00 02 26 00 00", 550);
    assertThat(ByteBuffer.wrap(data).getLong(16)).isEqualTo(7);
  }

  @Test
  void oldResultsMakeRoom() throws IOException {
    for (int id = 0; id < 1100; id++) {
      destination.writeUsing(id, writeList(RodToken.zero(), 0, ONE));
    }
    assertThat(sense(destination.send("84 07 00 00 00 00 00 00 00 00 00 00 02 26 00 00")))
        .isEqualTo("05/2400");
    assertThat(sense(destination.send("84 07 00 00 04 4B 00 00 00 00 00 00 02 26 00 00")))
        .isEqualTo("GOOD");
  }

  @Test
  void aNameThatFitsNoTokenIsRefusedAtOnce() {
    assertThatThrownBy(() -> new PoolTarget(pool, "iqn.2026-11.io.gantry:" + "x".repeat(200)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("116");
  }

  @Test
  void theLongestNameFits() throws IOException {
    try (PoolTarget named = new PoolTarget(pool, "n".repeat(116))) {
      assertThat(new Initiator(named, "host", 0).token(ONE)).hasSize(512);
    }
  }
}
