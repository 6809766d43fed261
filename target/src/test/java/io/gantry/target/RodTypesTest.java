package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.populateList;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolLimits;
import io.gantry.store.PoolOptions;
import io.gantry.store.SpaceLimit;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * ROD types, who may use a token, and what says which there are: REPORT ALL ROD TOKENS and VPD page
 * 8Fh (SPC-4 5.17.6, 6.36, 7.8.17).
 */
@NullUnmarked
@Timeout(60)
class RodTypesTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final int BLOCKS = 8192; // 4 MiB
  private static final int CHUNK = 16 << 10; // 32 blocks
  private static final CopyOptions OPTIONS = CopyOptions.defaults().withTicker(new TestTicker());
  private static final BlockRange RANGE = new BlockRange(64, 100);

  @TempDir Path directory;
  private Pool pool;
  private PoolTarget target;
  private Initiator source;
  private Initiator destination;
  private byte[] content;

  @BeforeEach
  void open() throws IOException {
    PoolLimits limits = PoolLimits.defaults().withOwners(20, SpaceLimit.NONE);
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            CHUNK,
            PoolOptions.defaults().withLimits(limits));
    pool.createVolume("source", BLOCKS * 512L, 512);
    pool.createVolume("destination", BLOCKS * 512L, 512);
    serve(AccessPolicy.DEFAULT, OPTIONS);
    content = new byte[BLOCKS * 512];
    new Random(1).nextBytes(content);
    source.write(0, content, 512);
  }

  private void serve(AccessPolicy access, CopyOptions options) throws IOException {
    if (target != null) {
      target.close();
    }
    target = new PoolTarget(pool, NAME, access, options);
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
  }

  private void restart() throws IOException {
    target.close();
    pool.close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    target = null;
    serve(AccessPolicy.DEFAULT, OPTIONS);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private static byte[] typed(String type, BlockRange... ranges) {
    byte[] list = populateList(ranges);
    list[2] |= 2; // RTV
    System.arraycopy(hex(type), 0, list, 8, 4);
    return list;
  }

  private static byte[] token(Initiator unit, String type, BlockRange... ranges)
      throws IOException {
    ScsiResponse response = unit.populate(7, typed(type, ranges));
    assertThat(response.isGood()).as(response.describe()).isTrue();
    return Arrays.copyOfRange(
        unit.ask("84 07 00 00 00 07 00 00 00 00 00 00 02 26 00 00", 550), 38, 550);
  }

  private String redeem(Initiator unit, byte[] token) throws IOException {
    return sense(unit.writeUsing(1, writeList(token, 0, new BlockRange(64, 100))));
  }

  private byte[] content(int lba, int blocks) {
    return Arrays.copyOfRange(content, lba * 512, (lba + blocks) * 512);
  }

  private static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest(name = "asked for {0}: {1}")
  @CsvSource({
    "00800000, 00800000",
    "00800001, 00800001",
    "00800002, 00800002",
    "0080FFFF, 00800002",
    "00010000, 00010000"
  })
  void aTokenSaysWhatItIs(String asked, String made) throws IOException {
    byte[] token = token(source, asked, RANGE);
    assertThat(Arrays.copyOf(token, 4)).isEqualTo(hex(made));
    assertThat(redeem(destination, token)).isEqualTo("GOOD");
    assertThat(destination.read(64, 100, 512)).isEqualTo(content(64, 100));
    restart();
    assertThat(redeem(destination, token)).as("after a restart").isEqualTo("GOOD");
    byte[] other = hex(made.equals("00800000") ? "00800001" : "00800000");
    System.arraycopy(other, 0, token, 0, 4);
    assertThat(redeem(destination, token)).as("as another type than it is").isEqualTo("05/2305");
  }

  @Test
  void aPersistentTokenIsAmongTheLastToBeRevoked() throws IOException {
    token(source, "00800002", RANGE);
    assertThat(pool.tokens().getLast().terms().persistent()).isTrue();
  }

  // Change vulnerable.

  @Test
  void aVulnerableTokenIsCancelledWhenItsSourceChanges() throws IOException {
    byte[] token = token(source, "00800001", RANGE);
    source.write(0, bytes(32 * 512, 1), 512); // other chunks than the token's
    source.write(192, bytes(512, 1), 512);
    pool.createSnapshot(pool.volume(0).orElseThrow(), "s");
    assertThat(redeem(destination, token)).isEqualTo("GOOD");
    source.write(163, bytes(512, 1), 512); // its last block
    assertThat(redeem(destination, token)).isEqualTo("05/2308");
    assertThat(redeem(destination, token)).as("again").isEqualTo("05/2308");
    assertThat(pool.tokens()).isEmpty();
    restart();
    assertThat(redeem(destination, token)).as("after a restart").isEqualTo("05/2308");
  }

  @Test
  void aVulnerableTokenIsCancelledByWhatHappensToItsVolume() throws IOException {
    Volume volume = pool.volume(0).orElseThrow();
    byte[] trimmed = token(source, "00800001", RANGE);
    volume.zero(64 * 512, CHUNK);
    assertThat(redeem(destination, trimmed)).isEqualTo("05/2308");
    byte[] cut = token(source, "00800001", new BlockRange(BLOCKS - 32, 32));
    pool.resizeVolume(volume, (BLOCKS - 32) * 512L, true);
    assertThat(redeem(destination, cut)).isEqualTo("05/2308");
    source.send("00 00 00 00 00 00"); // takes the attention that the size has changed
    byte[] overRestart = token(source, "00800001", RANGE);
    restart();
    source.write(100, bytes(512, 3), 512);
    assertThat(redeem(destination, overRestart)).isEqualTo("05/2308");
    byte[] deleted = token(source, "00800001", RANGE);
    pool.deleteVolume(pool.volume(0).orElseThrow());
    destination.send("00 00 00 00 00 00"); // takes the attention that the list has changed
    assertThat(redeem(destination, deleted)).isEqualTo("05/2308");
  }

  // Access upon reference.

  @Test
  void aTokenByReferenceStandsForWhatIsThereNow() throws IOException {
    byte[] token = token(source, "00010000", new BlockRange(64, 60), new BlockRange(10, 40));
    byte[] now = bytes(100 * 512, 5);
    source.write(64, Arrays.copyOf(now, 60 * 512), 512);
    source.write(10, Arrays.copyOf(now, 40 * 512), 512);
    assertThat(redeem(destination, token)).isEqualTo("GOOD");
    assertThat(destination.read(64, 100, 512)).isEqualTo(now);
    assertThat(pool.tokens()).as("and nothing else").hasSize(1);
    assertThat(sense(destination.writeUsing(1, writeList(token, 30, new BlockRange(500, 100)))))
        .as("from an offset on")
        .isEqualTo("0A/0D04");
    assertThat(destination.read(500, 70, 512)).isEqualTo(Arrays.copyOf(now, 70 * 512));
    pool.deleteVolume(pool.volume(0).orElseThrow());
    destination.send("00 00 00 00 00 00");
    assertThat(redeem(destination, token)).isEqualTo("05/2306");
  }

  @Test
  void aTokenByReferenceIsCopiedAsFromAVolumeThatHoldsStill() throws IOException {
    byte[] token = token(source, "00010000", new BlockRange(0, 1000));
    assertThat(sense(source.writeUsing(1, writeList(token, 0, new BlockRange(7, 1000)))))
        .isEqualTo("GOOD");
    assertThat(source.read(7, 1000, 512)).isEqualTo(content(0, 1000));
  }

  @Test
  void aTokenByReferenceNeedsTheRightToReadNow() throws IOException {
    byte[] token = token(source, "00010000", RANGE);
    Initiator other = new Initiator(target, "other", 0);
    assertThat(sense(other.send("16 00 00 00 00 00"))).as("RESERVE").isEqualTo("GOOD");
    assertThat(redeem(destination, token)).isEqualTo("0A/0D01");
    assertThat(sense(other.send("17 00 00 00 00 00"))).as("RELEASE").isEqualTo("GOOD");
    assertThat(redeem(destination, token)).isEqualTo("GOOD");
    AccessPolicy secret =
        new AccessPolicy(
            List.of(),
            List.of(rule("iqn.2026-11.test:a", "*"), rule("iqn.2026-11.test:b", "destination")));
    serve(secret, OPTIONS);
    assertThat(redeem(new Initiator(target, identity("b"), 1), token)).isEqualTo("05/2300");
    assertThat(redeem(new Initiator(target, identity("a"), 1), token)).isEqualTo("GOOD");
    // What it cannot see it is not told of either.
    assertThat(count(new Initiator(target, identity("b"), 1))).isZero();
    assertThat(count(new Initiator(target, identity("a"), 1))).isEqualTo(1);
  }

  private static AccessRule rule(String initiator, String volumes) {
    return new AccessRule(
        List.of(new NamePattern(initiator)),
        Set.of(),
        List.of(),
        List.of(new NamePattern(volumes)),
        Access.READ_WRITE);
  }

  private static Identity identity(String name) {
    return new Identity("iqn.2026-11.test:" + name, null, null);
  }

  // Whose tokens.

  @Test
  void onlyTheCreatorIfThatIsThePolicy() throws IOException {
    serve(AccessPolicy.DEFAULT, OPTIONS.withRedeemers(CopyOptions.Redeemers.CREATOR));
    byte[] token = source.token(RANGE);
    assertThat(redeem(new Initiator(target, "other", 1), token)).isEqualTo("05/2300");
    assertThat(redeem(destination, token)).isEqualTo("GOOD");
    assertThat(redeem(new Initiator(target, "host,i,0x7", 1), token))
        .as("another port of the same initiator")
        .isEqualTo("GOOD");
    restart();
    serve(AccessPolicy.DEFAULT, OPTIONS.withRedeemers(CopyOptions.Redeemers.CREATOR));
    assertThat(redeem(new Initiator(target, "other", 1), token)).isEqualTo("05/2300");
    assertThat(redeem(destination, token)).as("after a restart").isEqualTo("GOOD");
  }

  @Test
  void anInitiatorHasNoMoreTokensThanItMay() throws IOException {
    for (int i = 0; i < 20; i++) {
      source.token(RANGE);
    }
    assertThat(sense(source.populate(1, populateList(RANGE)))).isEqualTo("05/550D");
    assertThat(sense(new Initiator(target, "other", 0).populate(1, populateList(RANGE))))
        .isEqualTo("GOOD");
    pool.end(pool.tokens().getFirst(), Token.End.DELETED);
    assertThat(sense(source.populate(1, populateList(RANGE)))).isEqualTo("GOOD");
  }

  // REPORT ALL ROD TOKENS.

  private static final String REPORT = "84 08 00 00 00 00 00 00 00 00 ";

  private static int count(Initiator unit) throws IOException {
    byte[] data = unit.ask(REPORT + "00 00 0C 08 00 00", 0xC08);
    int available = ByteBuffer.wrap(data).getInt();
    assertThat(available).isEqualTo(data.length - 4);
    return (available - 4) / 96;
  }

  @Test
  void allTokensAreReported() throws IOException {
    assertThat(destination.ask(REPORT + "00 00 0C 08 00 00", 0xC08))
        .isEqualTo(hex("00000004 00000000"));
    byte[] first = source.token(RANGE);
    byte[] second = token(source, "00010000", RANGE);
    byte[] data = destination.ask(REPORT + "00 00 0C 08 00 00", 0xC08);
    assertThat(data).hasSize(8 + 2 * 96);
    assertThat(Arrays.copyOf(data, 8)).isEqualTo(hex("000000C4 00000000"));
    assertThat(Arrays.copyOfRange(data, 8, 104)).isEqualTo(Arrays.copyOf(first, 96));
    assertThat(Arrays.copyOfRange(data, 104, 200)).isEqualTo(Arrays.copyOf(second, 96));
    assertThat(destination.ask(REPORT + "00 00 00 20 00 00", 0xC08))
        .isEqualTo(Arrays.copyOf(data, 32)); // AVAILABLE DATA as ever
    byte[] vulnerable = token(source, "00800001", RANGE);
    assertThat(count(destination)).isEqualTo(3);
    source.write(64, bytes(512, 9), 512);
    assertThat(count(destination)).as("without the one that is cancelled").isEqualTo(2);
    assertThat(redeem(destination, vulnerable)).isEqualTo("05/2308");
    pool.end(pool.tokens().getFirst(), Token.End.REVOKED);
    assertThat(count(destination)).isEqualTo(1);
    assertThat(sense(destination.send(REPORT + "00 00 00 00 00 00"))).isEqualTo("GOOD");
  }

  /** What is known of 31 tokens does not help with the next one's number. */
  @Test
  void tokensTellNothing() throws IOException {
    byte[] before = source.token(new BlockRange(0x1234, 8));
    byte[] after = source.token(new BlockRange(0x1234, 8));
    assertThat(Arrays.copyOfRange(before, 8, 16)).isNotEqualTo(Arrays.copyOfRange(after, 8, 16));
    assertThat(Arrays.copyOfRange(before, 256, 512))
        .isNotEqualTo(Arrays.copyOfRange(after, 256, 512));
    // Of 512 bytes, these say something: type, length, number, creator, byte count, medium, target.
    byte[] rest = before.clone();
    for (int[] said : new int[][] {{0, 8}, {8, 16}, {16, 48}, {48, 64}, {96, 104}, {128, 160}}) {
      Arrays.fill(rest, said[0], said[1], (byte) 0);
    }
    assertThat(Arrays.copyOf(rest, 256)).as("no address").containsOnly(0);
  }

  // VPD page 8Fh, byte by byte from the tables of the standard.

  @Test
  void thePageOfThirdPartyCopies() throws IOException {
    byte[] page = source.ask("12 01 8F 10 00 00", 4096);
    String limits =
        "0000 0020 000000000000 0100 00015180 0000012C 0000000008000000 0000000008000000";
    String commands = "0001 0014 11 83 05 000110111C 84 08 0001030405060708 0000";
    String lists = "0004 001C 00000000 0040 0100 00002000 00000000" + "00".repeat(12);
    String descriptors = "0008 0008 07 02070A1416E4E5" + "000C 0004 0002 FFFF";
    String features =
        "0106 005C 000000000000000000000000 00000001 FFFFFFFF 00015180"
            + "00".repeat(18)
            + "0030 00 00 002C 0000 0020 0000001000000000"
            + "FF".repeat(24)
            + "00".repeat(8);
    String zeros = "000000" + "00".repeat(56);
    String types =
        "0108 0184 0000 0180"
            + ("00010000 03" + zeros)
            + ("00800000 03" + zeros)
            + ("00800001 03" + zeros)
            + ("00800002 03" + zeros)
            + ("0080FFFF 01" + zeros)
            + ("FFFF0001 02" + zeros);
    String general = "8001 0020 00000100 00000100" + "00".repeat(24);
    assertThat(page)
        .isEqualTo(
            hex(
                "00 8F 027C"
                    + limits
                    + commands
                    + lists
                    + descriptors
                    + features
                    + types
                    + general));
  }
}
