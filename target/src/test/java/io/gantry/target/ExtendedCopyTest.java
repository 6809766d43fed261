package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.CopySegment;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.ExtendedCopyList;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** EXTENDED COPY between the volumes of a pool of files, and what can be asked about it. */
@NullUnmarked
@Timeout(60)
class ExtendedCopyTest {
  private static final int BLOCKS = 8192; // 4 MiB
  private static final int SIZE = BLOCKS * 512;
  private static final int CHUNK = 16 << 10;

  @TempDir Path directory;

  private Pool pool;
  private PoolTarget target;
  private TestTicker ticker;
  private Initiator source;
  private Initiator destination;
  private Initiator large; // 4096-byte blocks
  private CscdDescriptor[] names;
  private byte[] content;

  @BeforeEach
  void open() throws IOException {
    pool = Pool.create(FileMedium.create(directory.resolve("pool")), CHUNK, PoolOptions.defaults());
    pool.createVolume("source", SIZE, 512);
    pool.createVolume("destination", SIZE, 512);
    pool.createVolume("large", SIZE, 4096);
    ticker = new TestTicker();
    serve(AccessPolicy.DEFAULT, CopyOptions.defaults().withTicker(ticker));
    content = random(1, SIZE);
    source.write(0, content, 512);
  }

  private void serve(AccessPolicy policy, CopyOptions options) throws IOException {
    if (target != null) {
      target.close();
    }
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test", policy, options);
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
    large = new Initiator(target, "host", 2);
    names = new CscdDescriptor[] {name(source, 512), name(destination, 512), name(large, 4096)};
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static CscdDescriptor name(Initiator unit, int blockBytes) throws IOException {
    return CscdDescriptor.of(unit.ask("12 01 83 04 00 00", 1024), blockBytes).orElseThrow();
  }

  private byte[] content(int from, int length) {
    return Arrays.copyOfRange(content, from, from + length);
  }

  private byte[] all(int volume) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    pool.volume(volume).orElseThrow().read(0, bytes);
    return bytes.array();
  }

  /** A list that names the three volumes by 0, 1 and 2. */
  private ExtendedCopyList list(int id, CopySegment... segments) {
    return new ExtendedCopyList(
        ExtendedCopyList.Format.LID1,
        id,
        ExtendedCopyList.Usage.HOLD,
        1,
        false,
        false,
        false,
        List.of(names),
        List.of(segments));
  }

  /** A list of the long format, where they are 1, 2 and 3. */
  private ExtendedCopyList longList(
      int id, boolean immediate, boolean senseWithGood, CopySegment... segments) {
    return new ExtendedCopyList(
        ExtendedCopyList.Format.LID4,
        id,
        ExtendedCopyList.Usage.HOLD,
        1,
        false,
        immediate,
        senseWithGood,
        List.of(names),
        List.of(segments));
  }

  private static ScsiResponse send(Initiator to, ExtendedCopyList list) throws IOException {
    byte[] bytes = list.encode().array();
    Command command =
        list.format() == ExtendedCopyList.Format.LID1
            ? Command.EXTENDED_COPY_LID1
            : Command.EXTENDED_COPY_LID4;
    return to.send(new Cdb.ExtendedCopy(command, bytes.length), bytes);
  }

  private ScsiResponse send(CopySegment... segments) throws IOException {
    return send(destination, list(1, segments));
  }

  private static CopySegment.Blocks blocks(
      int from, int to, int count, long sourceLba, long destinationLba) {
    return new CopySegment.Blocks(from, to, false, false, count, sourceLba, destinationLba);
  }

  // Bytes as the standard's tables say and as sg_xcopy sends them, not from our encoders.

  @Test
  void aCopyAndItsResultsByteForByte() throws IOException {
    byte[] page = source.ask("12 01 83 04 00 00", 1024);
    byte[] list =
        hex(
            "01 01 00 40 00 00 00 00 00 00 00 1C 00 00 00 00"
                + "E4 00 00 00 01 03 00 10"
                + "00".repeat(20)
                + "00 00 02 00"
                + "E4 00 00 00 01 03 00 10"
                + "00".repeat(20)
                + "00 00 02 00"
                + "02 00 00 18 00 00 00 01 00 00 10 00 00 00 00 00 00 00 00 20"
                + "00 00 00 00 00 00 00 40");
    System.arraycopy(page, 8, list, 24, 16);
    System.arraycopy(destination.ask("12 01 83 04 00 00", 1024), 8, list, 56, 16);
    ScsiResponse response =
        destination.send("83 00 00 00 00 00 00 00 00 00 00 00 00 6C 00 00", list);
    assertThat(sense(response)).isEqualTo("GOOD");
    assertThat(response.transferLength()).isEqualTo(108);
    assertThat(destination.read(64, 4096, 512)).isEqualTo(content(32 * 512, 4096 * 512));
    // Alike in their chunks: nothing moved.
    assertThat(target.copyStatistics().sharedBytes()).isEqualTo(4096 * 512);
    assertThat(target.copyStatistics().copiedBytes()).isZero();
    assertThat(target.copies().getFirst().source()).isEqualTo("source");
    assertThat(target.copies().getFirst().wantedBytes()).isEqualTo(4096 * 512);

    assertThat(destination.ask("84 00 01 00 00 00 00 00 00 00 00 00 02 08 00 00", 520))
        .isEqualTo(hex("00 00 00 08 01 00 01 00 00 20 00 00"));
    assertThat(destination.ask("84 04 01 00 00 00 00 00 00 00 00 00 02 08 00 00", 520))
        .isEqualTo(hex("00 00 00 00"));
    assertThat(destination.ask("84 05 00 00 00 01 00 00 00 00 00 00 02 08 00 00", 520))
        .isEqualTo(
            hex(
                "00 00 00 1C 00 01 00 01 FF FF FF FE 00 00 00 00"
                    + "00 00 00 00 00 20 00 00 00 01 00 00 00 00 00 00"));
    assertThat(destination.ask("84 06 00 00 00 01 00 00 00 00 00 00 02 08 00 00", 520))
        .isEqualTo(
            hex(
                "00 00 00 20 00 01 00 01 FF FF FF FE 00 00 00 00"
                    + "00 00 00 00 00 20 00 00 00 01 00 00 00 00 00 00 00 00 00 00"));
    assertThat(sense(destination.send("84 01 01 00 00 00 00 00 00 00 00 00 02 08 00 00")))
        .isEqualTo("05/2400"); // no data are held
    // Another nexus, another logical unit, another identifier.
    assertThat(sense(source.send("84 00 01 00 00 00 00 00 00 00 00 00 02 08 00 00")))
        .isEqualTo("05/2400");
    assertThat(sense(destination.send("84 00 02 00 00 00 00 00 00 00 00 00 02 08 00 00")))
        .isEqualTo("05/2400");
  }

  @Test
  void whatIsSupported() throws IOException {
    assertThat(destination.ask("84 03 00 00 00 00 00 00 00 00 00 00 02 08 00 00", 520))
        .isEqualTo(
            hex(
                "00 00 00 2F 01 00 00 00 00 40 01 00 00 00 20 00 00 00 00 00 00 00 00 00"
                    + "00 00 00 00 00 00 00 00 00 00 01 00 FF 00 00 00 00 00 00 07"
                    + "02 07 0A 14 16 E4 E5"));
    byte[] page = destination.ask("12 01 8F 04 00 00", 1024);
    List<String> descriptors = new ArrayList<>();
    ByteBuffer b = ByteBuffer.wrap(page);
    for (int at = 4; at < page.length; at += 4 + b.getShort(at + 2)) {
      byte[] bytes = Arrays.copyOfRange(page, at, at + 4 + b.getShort(at + 2));
      if (b.getShort(at) == 4 || b.getShort(at) == 8 || b.getShort(at) == 0xC) {
        descriptors.add(java.util.HexFormat.of().formatHex(bytes));
      }
    }
    assertThat(descriptors)
        .containsExactly(
            "0004001c" + "00000000" + "0040" + "0100" + "00002000" + "00".repeat(16),
            "00080008" + "07" + "02070a1416e4e5",
            "000c0004" + "0002" + "ffff");
    assertThat(sense(destination.send("83 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")))
        .isEqualTo("GOOD"); // no list, nothing to do
  }

  // What fails before a segment begins, and what ends a segment.

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "source not in the list,          9, 1,   4,    0,    0, 0A/0804, 116, no",
    "destination not in the list,     0, 3,   4,    0,    0, 0A/0804, 118, no",
    "source begins behind the end,    0, 1,   0, 8193,    0, 0A/0000, 124, source",
    "source ends behind the end,      0, 1,   2, 8191,    0, 0A/0000, 124, source",
    "destination ends behind the end, 0, 1,   2,    0, 8191, 0A/0000, 132, destination",
    "source of 2^64 - 1,              0, 1,   1,   -1,    0, 0A/0000, 124, source",
    "destination of 2^64 - 1,         0, 1,   1,    0,   -1, 0A/0000, 132, destination",
    "a part of a large block,         0, 2,   9,    0,    0, 0A/260A, 122, no",
  })
  void failedSegments(
      String what,
      int from,
      int to,
      int count,
      long sourceLba,
      long destinationLba,
      String code,
      int at,
      String answered)
      throws IOException {
    ScsiResponse response = send(blocks(from, to, count, sourceLba, destinationLba));
    assertThat(sense(response)).as(what).isEqualTo(code);
    Sense sense = response.sense();
    assertThat(sense.segment()).hasValue(0);
    assertThat(sense.fieldPointer()).hasValue(at);
    assertThat(sense.information()).isEmpty();
    Sense.Forwarded forwarded = sense.forwarded();
    assertThat(forwarded == null ? "no" : forwarded.byDestination() ? "destination" : "source")
        .isEqualTo(answered);
    assertThat(forwarded == null || forwarded.sense().is(Sense.LBA_OUT_OF_RANGE)).isTrue();
    assertThat(all(1)).containsOnly(0);
  }

  @Test
  void aFailureAfterSegmentsThatWentWell() throws IOException {
    ScsiResponse response =
        send(
            blocks(0, 1, 8, 0, 0),
            new CopySegment.Verify(2, true),
            blocks(0, 1, 8, 8, 8190),
            blocks(0, 1, 8, 8, 100));
    assertThat(sense(response)).isEqualTo("0A/0000");
    assertThat(response.sense().segment()).hasValue(2);
    assertThat(destination.read(0, 8, 512)).isEqualTo(content(0, 8 * 512));
    assertThat(destination.read(100, 8, 512)).containsOnly(0);
    assertThat(destination.ask("84 00 01 00 00 00 00 00 00 00 00 00 02 08 00 00", 520))
        .isEqualTo(hex("00 00 00 08 02 00 03 00 00 00 10 00"));
    // SPC-4 4.5.3: the status and the sense data of the destination behind the 18 bytes of ours.
    byte[] fixed =
        hex(
            "70 00 0A 00000000 1D 00 12 0002 00 00 00 80 00AC"
                + "02 70 00 05 00000000 0A 00000000 21 00 00 00 0000");
    assertThat(response.encodeSense()).isEqualTo(fixed);
    byte[] details = destination.ask("84 04 01 00 00 00 00 00 00 00 00 00 02 08 00 00", 520);
    assertThat(details).hasSize(60 + fixed.length);
    assertThat(Arrays.copyOf(details, 60))
        .isEqualTo(hex("00 00 00 5D" + "00".repeat(52) + "02 00 00 25"));
    assertThat(Arrays.copyOfRange(details, 60, details.length)).isEqualTo(fixed);
    assertThat(Sense.decode(fixed)).isEqualTo(response.sense());
    assertThat(Sense.decode(response.sense().encodeDescriptor())).isEqualTo(response.sense());
    // Asked with room for nothing, they go.
    assertThat(sense(destination.send("84 04 01 00 00 00 00 00 00 00 00 00 00 00 00 00")))
        .isEqualTo("GOOD");
    assertThat(sense(destination.send("84 04 01 00 00 00 00 00 00 00 00 00 02 08 00 00")))
        .isEqualTo("05/2400");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "nobody has that name,    0, 8, 11, 0A/0D02, 16",
    "another pool's,          0, 3, 55, 0A/0D02, 16",
    "of a target port,        0, 1, 13, 0A/0D02, 16",
    "a tape,                  0, 0, 01, 0A/0D03, 16",
    "blocks of another size,  0, 9, 10, 0A/0D03, 16",
  })
  void aNameThatIsNone(String what, int unit, int where, String value, String code, int at)
      throws IOException {
    CscdDescriptor was = names[unit];
    byte[] designator = was.designator().clone();
    if (where == 3 || where == 8) {
      designator[where] ^= hex(value)[0]; // it is a random number: nothing fixed is surely another
    }
    names[unit] =
        new CscdDescriptor(
            where == 0 ? 1 : 0,
            1,
            where == 1 ? 1 : 0,
            3,
            designator,
            false,
            where == 9 ? 4096 : 512);
    ScsiResponse response = send(blocks(0, 1, 4, 0, 0));
    assertThat(sense(response)).as(what).isEqualTo(code);
    assertThat(response.sense().fieldPointer()).hasValue(at);
    assertThat(all(1)).containsOnly(0);
  }

  @Test
  void listsThatAreRefusedLeaveNoResult() throws IOException {
    assertThat(sense(send(destination, list(5, new CopySegment.Verify(0, false)))))
        .isEqualTo("GOOD");
    byte[] bytes = list(6, blocks(0, 1, 1, 0, 0)).encode().array();
    bytes[112] = 0x03; // stream to stream
    assertThat(
            sense(
                destination.send(
                    new Cdb.ExtendedCopy(Command.EXTENDED_COPY_LID1, bytes.length), bytes)))
        .isEqualTo("05/2609");
    assertThat(sense(destination.send(new Cdb.ExtendedCopy(Command.EXTENDED_COPY_LID1, 20), bytes)))
        .isEqualTo("05/1A00");
    assertThat(sense(destination.send("84 00 06 00 00 00 00 00 00 00 00 00 02 08 00 00")))
        .isEqualTo("05/2400");
    assertThat(destination.ask("84 00 05 00 00 00 00 00 00 00 00 00 02 08 00 00", 520)).hasSize(12);
  }

  // Who asks

  @Test
  void reservationsOfTheDestinationCount() throws IOException {
    Initiator other = new Initiator(target, "other", 1);
    byte[] keys = hex("0000000000000000 00000000000000AB 00000000 00 00 0000");
    assertThat(sense(other.send("5F 00 00 00 00 00 00 00 18 00", keys))).isEqualTo("GOOD");
    byte[] held = hex("00000000000000AB 0000000000000000 00000000 00 00 0000");
    // Write exclusive, registrants only.
    assertThat(sense(other.send("5F 01 05 00 00 00 00 00 18 00", held))).isEqualTo("GOOD");
    ScsiResponse refused = send(source, blocks(0, 1, 4, 0, 0));
    assertThat(sense(refused)).isEqualTo("0A/0D01");
    assertThat(refused.sense().forwarded())
        .isEqualTo(new Sense.Forwarded(true, 0x18, Sense.NO_SENSE));
    assertThat(refused.sense().fieldPointer()).hasValue(16 + 32);
    assertThat(send(destination, list(1, blocks(0, 1, 4, 0, 0))).status().code()).isEqualTo(0x18);
    // Reading is allowed, and a key lets the nexus write.
    assertThat(sense(send(source, blocks(1, 0, 4, 0, 0)))).isEqualTo("GOOD");
    assertThat(sense(send(source, new CopySegment.RegisterKey(1, 0, 0xCD), blocks(0, 1, 4, 8, 0))))
        .isEqualTo("GOOD");
    assertThat(destination.read(0, 4, 512)).isEqualTo(content(8 * 512, 4 * 512));
    ScsiResponse wrongKey = send(source, new CopySegment.RegisterKey(1, 0x77, 0x88));
    assertThat(sense(wrongKey)).isEqualTo("0A/0D01");
    assertThat(wrongKey.sense().forwarded().status()).isEqualTo(0x18);
  }

  private ScsiResponse send(Initiator to, CopySegment... segments) throws IOException {
    return send(to, list(1, segments));
  }

  @Test
  void writeProtectedVolumesAreSourcesOnly() throws IOException {
    pool.protectVolume(pool.volume("destination").orElseThrow(), true);
    destination.send("00 00 00 00 00 00"); // mode parameters have changed
    ScsiResponse response = send(source, blocks(0, 1, 4, 0, 0));
    assertThat(sense(response)).isEqualTo("0A/0D01");
    assertThat(response.sense().forwarded())
        .isEqualTo(new Sense.Forwarded(true, 0x02, Sense.WRITE_PROTECTED));
    assertThat(sense(send(destination, blocks(1, 0, 4, 0, 0)))).isEqualTo("GOOD");
  }

  @Test
  void volumesThatTheInitiatorCannotSeeAreNotThere() throws IOException {
    NamePattern who = new NamePattern("*");
    serve(
        new AccessPolicy(
            List.of(),
            List.of(
                rule(who, "source", Access.READ_ONLY),
                rule(who, "destination", Access.READ_WRITE))),
        CopyOptions.defaults().withTicker(ticker));
    CscdDescriptor[] known = names;
    Identity identity =
        new Identity("iqn.1994-05.com.example:x", null, InetAddress.getLoopbackAddress());
    try (Initiator read = new Initiator(target, identity, 0)) {
      names = known;
      // The command may come to a unit that is only to be read.
      assertThat(sense(send(read, blocks(0, 1, 4, 0, 0)))).isEqualTo("GOOD");
      ScsiResponse write = send(read, blocks(1, 0, 4, 0, 0));
      assertThat(sense(write)).isEqualTo("0A/0D01");
      assertThat(write.sense().forwarded().sense()).isEqualTo(Sense.WRITE_PROTECTED);
      assertThat(sense(send(read, blocks(0, 2, 8, 0, 0)))).isEqualTo("0A/0D02");
      assertThat(sense(send(read, new CopySegment.Verify(2, false)))).isEqualTo("0A/0D02");
      assertThat(sense(send(read, new CopySegment.Verify(0, true)))).isEqualTo("GOOD");
    }
    assertThat(all(1)).startsWith(content(0, 4 * 512));
    assertThat(all(2)).containsOnly(0);
  }

  private static AccessRule rule(NamePattern who, String volume, Access access) {
    return new AccessRule(
        List.of(who), Set.of(), List.of(), List.of(new NamePattern(volume)), access);
  }

  // What is copied

  @Test
  void bytesAtAnyPlacesAndOverlapping() throws IOException {
    Random random = new Random(7);
    byte[][] model = {content.clone(), new byte[SIZE], new byte[SIZE]};
    for (int round = 0; round < 60; round++) {
      List<CopySegment> segments = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(5); i++) {
        int from = random.nextInt(3);
        int to = random.nextInt(3);
        int length = random.nextInt(random.nextBoolean() ? 3000 : SIZE / 2);
        int start = random.nextInt(SIZE - length);
        int target = random.nextInt(SIZE - length);
        if (random.nextBoolean()) {
          target = Math.min(SIZE - length, target / CHUNK * CHUNK + start % CHUNK); // alike
        }
        int sourceBlock = from == 2 ? 4096 : 512;
        int targetBlock = to == 2 ? 4096 : 512;
        segments.add(
            new CopySegment.Bytes(
                from,
                to,
                false,
                length,
                start / sourceBlock,
                target / targetBlock,
                start % sourceBlock,
                target % targetBlock));
        byte[] moved = Arrays.copyOfRange(model[from], start, start + length);
        System.arraycopy(moved, 0, model[to], target, length);
      }
      ScsiResponse response = send(segments.toArray(CopySegment[]::new));
      assertThat(sense(response)).isEqualTo("GOOD");
    }
    for (int volume = 0; volume < 3; volume++) {
      assertThat(all(volume)).isEqualTo(model[volume]);
    }
    assertThat(target.copyStatistics().sharedBytes()).isPositive();
    assertThat(pool.tokens()).isEmpty();
  }

  @Test
  void imagesGoAsFarAsBothVolumesDo() throws IOException {
    Volume small = pool.createVolume("small", 100 * 512, 512);
    destination.send("00 00 00 00 00 00"); // there are other logical units now
    assertThat(sense(send(new CopySegment.Image(0, 1, 8000, 10, 0)))).isEqualTo("GOOD");
    assertThat(destination.read(10, 192, 512)).isEqualTo(content(8000 * 512, 192 * 512));
    assertThat(destination.read(202, 100, 512)).containsOnly(0);
    Initiator third = new Initiator(target, "host", small.id());
    names[2] = name(third, 512);
    assertThat(sense(send(new CopySegment.Image(0, 2, 0, 60, 1000)))).isEqualTo("GOOD");
    assertThat(third.read(60, 40, 512)).isEqualTo(content(0, 40 * 512));
    assertThat(sense(send(new CopySegment.Image(0, 2, 0, 100, 1)))).isEqualTo("GOOD"); // none
    assertThat(sense(send(new CopySegment.Image(0, 2, 0, 101, 1)))).isEqualTo("0A/0000");
    assertThat(sense(send(new CopySegment.Image(0, 2, -5, 0, 1)))).isEqualTo("0A/0000");
    names[2] = name(large, 4096);
    assertThat(sense(send(new CopySegment.Image(0, 2, 0, 0, 8)))).isEqualTo("0A/0D03");
  }

  // SPC-4 table 116, by hand: 8 blocks of 512 make one of 4096.

  private CopySegment.Blocks counted(boolean byDestination, boolean keep, int from, int to, int n) {
    return new CopySegment.Blocks(from, to, byDestination, keep, n, from == 2 ? 0 : 8, 0);
  }

  private void pad(int unit) {
    CscdDescriptor was = names[unit];
    names[unit] = new CscdDescriptor(0, 1, 0, 3, was.designator(), true, was.blockLengthBytes());
  }

  @Test
  void whatIsLeftOverGoesOnToTheNextSegment() throws IOException {
    ScsiResponse response =
        send(
            counted(false, true, 0, 2, 12),
            new CopySegment.Verify(0, false),
            new CopySegment.Blocks(0, 2, false, true, 5, 100, 7));
    assertThat(sense(response)).isEqualTo("GOOD");
    byte[] expected = new byte[SIZE];
    System.arraycopy(content, 8 * 512, expected, 0, 4096);
    System.arraycopy(content, 16 * 512, expected, 7 * 4096, 4 * 512);
    System.arraycopy(content, 100 * 512, expected, 7 * 4096 + 4 * 512, 4 * 512);
    assertThat(all(2)).isEqualTo(expected); // the last block of the five is given up
  }

  @Test
  void whatWasReadAndNotNeededGoesOnToo() throws IOException {
    large.write(0, content(0, 4096), 4096);
    ScsiResponse response =
        send(
            counted(true, true, 2, 1, 3), // reads 8, writes 3
            new CopySegment.Blocks(2, 1, true, true, 4, 500, 10), // reads none
            new CopySegment.Blocks(2, 1, true, true, 1, 500, 20));
    assertThat(sense(response)).isEqualTo("GOOD");
    byte[] expected = new byte[SIZE];
    System.arraycopy(content, 0, expected, 0, 3 * 512);
    System.arraycopy(content, 3 * 512, expected, 10 * 512, 4 * 512);
    System.arraycopy(content, 7 * 512, expected, 20 * 512, 512);
    assertThat(all(1)).isEqualTo(expected);
  }

  @Test
  void whatIsLeftOverIsCompletedWithZeros() throws IOException {
    large.write(0, random(2, 8 * 4096), 4096);
    pad(0);
    pad(2);
    assertThat(sense(send(counted(false, false, 0, 2, 12)))).isEqualTo("GOOD");
    byte[] expected = Arrays.copyOf(content(8 * 512, 12 * 512), 2 * 4096);
    assertThat(Arrays.copyOf(all(2), 2 * 4096)).isEqualTo(expected);
    // There has to be room for the completed block.
    assertThat(sense(send(new CopySegment.Blocks(0, 2, false, false, 12, 0, 1023))))
        .isEqualTo("0A/0000");
    // One that counts destination blocks fills them.
    assertThat(sense(send(counted(true, false, 2, 1, 3)))).isEqualTo("GOOD");
  }

  @Test
  void whatIsLeftOverIsGivenUp() throws IOException {
    pad(0);
    assertThat(sense(send(counted(false, false, 0, 2, 12)))).isEqualTo("GOOD");
    byte[] expected = Arrays.copyOf(content(8 * 512, 4096), SIZE);
    assertThat(all(2)).isEqualTo(expected);
  }

  // More rules for list identifiers, sense data on request, work in the background.

  @Test
  void withoutAListIdentifierThereIsNoResult() throws IOException {
    ExtendedCopyList list =
        new ExtendedCopyList(
            ExtendedCopyList.Format.LID1,
            0,
            ExtendedCopyList.Usage.NONE,
            0,
            false,
            false,
            false,
            List.of(names),
            List.of(blocks(0, CopySegment.THIS_UNIT, 4, 0, 9)));
    assertThat(sense(send(destination, list))).isEqualTo("GOOD");
    assertThat(destination.read(9, 4, 512)).isEqualTo(content(0, 4 * 512));
    assertThat(sense(destination.send("84 00 00 00 00 00 00 00 00 00 00 00 02 08 00 00")))
        .isEqualTo("05/2400");
  }

  @Test
  void goodWithSenseData() throws IOException {
    ScsiResponse response =
        send(
            destination,
            longList(0x01020304, false, true, blocks(1, 2, 4, 0, 0), blocks(1, 2, 4, 4, 4)));
    assertThat(response.isGood()).isTrue();
    assertThat(sense(response)).isEqualTo("0F/0020");
    assertThat(response.sense().segment()).hasValue(2);
    assertThat(response.encodeSense())
        .isEqualTo(hex("70 00 0F 00000000 0A 00000002 00 20 00 00 0000"));
    assertThat(response.sense().encodeDescriptor())
        .isEqualTo(hex("72 0F 00 20 000000 0C 01 0A 00 00 0000000000000002"));
    // In the long format the header has the identifier 0.
    ScsiResponse none = send(destination, longList(7, false, false, blocks(0, 2, 4, 0, 0)));
    assertThat(sense(none)).isEqualTo("0A/0804");
    assertThat(none.sense().fieldPointer()).hasValue(48 + 3 * 32 + 4);
    assertThat(none.sense().encodeDescriptor())
        .isEqualTo(hex("72 0A 08 04 000000 14 01 0A 00 00 0000000000000000 02 06 0000 80 0094 00"));
  }

  @Test
  void inTheBackground() throws Exception {
    serve(
        AccessPolicy.DEFAULT,
        CopyOptions.defaults().withTicker(ticker).withPace(Duration.ofSeconds(2), 1 << 20, 1));
    // Differently in their chunks: three seconds of work at a mebibyte a second.
    ticker.freeze(true);
    ExtendedCopyList list =
        longList(0xABCD, true, false, blocks(1, 2, 1, 0, 0), blocks(1, 2, 6144, 1, 0));
    assertThat(sense(send(destination, list))).isEqualTo("GOOD");
    byte[] running = destination.ask("84 05 00 00 AB CD 00 00 00 00 00 00 02 08 00 00", 520);
    assertThat(running[4]).isEqualTo((byte) 0x01);
    assertThat(running[5]).isEqualTo((byte) 0x12);
    assertThat(sense(send(destination, list(0xCD, new CopySegment.Verify(0, false)))))
        .isEqualTo("GOOD");
    assertThat(sense(send(destination, list))).isEqualTo("05/0016");
    ticker.freeze(false);
    byte[] done = running;
    while (done[5] == 0x12) {
      done = destination.ask("84 05 00 00 AB CD 00 00 00 00 00 00 02 08 00 00", 520);
    }
    assertThat(done)
        .isEqualTo(
            hex(
                "00 00 00 1C 01 01 00 01 FF FF FF FE 00 00 00 00"
                    + "00 00 00 00 00 30 02 00 00 02 00 00 00 00 00 00"));
    assertThat(destination.read(0, 6144, 512)).isEqualTo(content(512, 6144 * 512));
  }

  @Test
  void aCopyThatMovesBytesTooLongEndsWhereItIs() throws IOException {
    serve(
        AccessPolicy.DEFAULT,
        CopyOptions.defaults().withTicker(ticker).withPace(Duration.ofSeconds(2), 1 << 20, 1));
    ScsiResponse response = send(blocks(0, 1, 8000, 0, 0), blocks(0, 1, 8000, 1, 0));
    assertThat(sense(response)).isEqualTo("0A/5503");
    assertThat(response.sense().segment()).hasValue(1);
    long left = response.sense().information().orElseThrow();
    assertThat(left).isBetween(1L, 7999L);
    int done = 8000 - (int) left;
    assertThat(destination.read(0, done, 512)).isEqualTo(content(512, done * 512));
    assertThat(destination.read(done, 8000 - done, 512))
        .isEqualTo(content(done * 512, (8000 - done) * 512));
    assertThat(target.copies().getFirst().state()).isEqualTo(CopyStatus.State.FAILED);
    assertThat(target.copies().getFirst().notOffloaded()).contains("lie differently");
  }

  @Test
  void aPoolThatIsFull() throws IOException {
    target.close();
    pool.close();
    pool =
        Pool.create(
            new FullMedium(FileMedium.create(directory.resolve("small")), 5 << 20),
            CHUNK,
            PoolOptions.defaults());
    pool.createVolume("source", SIZE, 512);
    pool.createVolume("destination", SIZE, 512);
    pool.createVolume("large", SIZE, 4096);
    serve(AccessPolicy.DEFAULT, CopyOptions.defaults().withTicker(ticker));
    source.write(0, content, 512);
    assertThat(sense(send(blocks(0, 1, BLOCKS, 0, 0)))).isEqualTo("GOOD"); // shared
    ScsiResponse response = send(blocks(0, 1, BLOCKS - 1, 1, 0));
    assertThat(sense(response)).isEqualTo("0A/0D01");
    assertThat(response.sense().forwarded())
        .isEqualTo(new Sense.Forwarded(true, 0x02, Sense.SPACE_ALLOCATION_FAILED));
    assertThat(response.sense().information()).isPresent();
    assertThat(all(0)).isEqualTo(content);
  }

  @Test
  void writesThroughWhereTheDestinationDoes() throws IOException {
    // WCE=0 of the destination, by MODE SELECT of its caching page.
    byte[] page = destination.ask("1A 08 08 00 FF 00", 255);
    page[0] = 0;
    page[4] &= 0x7F;
    page[6] &= ~4;
    assertThat(sense(destination.send("15 10 00 00 %02X 00".formatted(page.length), page)))
        .isEqualTo("GOOD");
    assertThat(sense(send(source, blocks(0, 1, 64, 0, 0)))).isEqualTo("GOOD");
    assertThat(destination.read(0, 64, 512)).isEqualTo(content(0, 64 * 512));
    ScsiResponse half = send(source, blocks(0, 1, 64, 64, 100), blocks(0, 1, 64, BLOCKS, 0));
    Path left = directory.resolve("left");
    try (Stream<Path> all = Files.walk(directory.resolve("pool"))) {
      for (Path file : all.toList()) {
        Files.copy(file, left.resolve(directory.resolve("pool").relativize(file)));
      }
    }
    assertThat(half.sense().segment()).as("the second one failed").hasValue(1);
    try (Pool after = Pool.open(FileMedium.open(left), PoolOptions.defaults())) {
      ByteBuffer there = ByteBuffer.allocate(64 * 512);
      after.volume(1).orElseThrow().read(100 * 512, there);
      assertThat(there.array()).isEqualTo(content(64 * 512, 64 * 512));
    }
  }
}
