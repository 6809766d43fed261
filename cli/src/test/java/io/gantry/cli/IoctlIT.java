package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code gantry dsm ioctl} against a served volume: input buffers as a Windows compiler laid them
 * out (see dsm/src/test/c), status and output buffer out, blocks on the disk looked at.
 */
@NullUnmarked
@Timeout(300)
class IoctlIT {
  private static final Path GOLDEN = Path.of("../dsm/src/test/resources/golden");
  private static final int TOKEN_AT = 48; // in the golden offload writes
  private static final int MIB = 1 << 20;
  private static final int K64 = 64 << 10;
  private static final long DISK = 1L << 30; // what read_past_end.bin is made for

  @TempDir static Path directory;
  private static ServerProcess server;
  private static String source;
  private static String target;
  private static byte[] data;
  private static byte[] token;

  @BeforeAll
  static void serve() throws Exception {
    server = ServerProcess.start(directory.resolve("data"));
    source = server.createVolume("source", DISK);
    target = server.createVolume("target", DISK);
    data = new byte[2 * MIB];
    new Random(7).nextBytes(data);
    write(source, MIB, data);
    Ioctl made = ioctl(source, golden("read_one_range"));
    assertThat(made.status).isEqualTo("STATUS_SUCCESS 0x00000000 536 bytes");
    assertThat(little(made.output).getInt(0)).as("OffloadReadFlags").isZero();
    assertThat(little(made.output).getLong(8)).as("LengthProtected").isEqualTo(2 * MIB);
    assertThat(little(made.output).getInt(16)).as("TokenLength").isEqualTo(512);
    token = Arrays.copyOfRange(made.output, 20, 532);
  }

  @AfterAll
  static void stop() throws Exception {
    server.stop();
  }

  @BeforeEach
  void fillTarget() throws IOException {
    byte[] filler = new byte[4 * MIB];
    Arrays.fill(filler, (byte) 0xEE);
    write(target, 0, filler);
  }

  /** What one run of the command left. */
  private record Ioctl(int exit, String status, byte[] output) {}

  private static Ioctl ioctl(String url, byte[] input, String... options) throws Exception {
    Path in = Files.write(directory.resolve("input"), input);
    Path out = directory.resolve("output");
    Path error = directory.resolve("error");
    List<String> arguments = new ArrayList<>(List.of("dsm", "ioctl", url));
    arguments.addAll(List.of(options));
    int exit =
        ServerProcess.command(arguments.toArray(String[]::new))
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(error.toFile())
            .start()
            .waitFor();
    String last = Files.readString(error).strip().lines().toList().getLast();
    return new Ioctl(exit, last, Files.readAllBytes(out));
  }

  private static byte[] golden(String name) throws IOException {
    return Files.readAllBytes(GOLDEN.resolve(name + ".bin"));
  }

  private static byte[] goldenWrite(String name, byte[] token) throws IOException {
    byte[] input = golden(name);
    System.arraycopy(token, 0, input, TOKEN_AT, token.length);
    return input;
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void write(String url, long offset, byte[] bytes) throws IOException {
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(url))) {
      Cdb write = Cdb.Transfer.write(offset / 512, bytes.length / 512);
      assertThat(session.execute(ScsiRequest.out(write, ByteBuffer.wrap(bytes))).describe())
          .isEqualTo("GOOD");
    }
  }

  private static byte[] read(String url, long offset, int length) throws IOException {
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(url))) {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      Cdb read = Cdb.Transfer.read(offset / 512, length / 512);
      assertThat(session.execute(ScsiRequest.in(read, bytes)).describe()).isEqualTo("GOOD");
      return bytes.array();
    }
  }

  private static byte[] filler(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0xEE);
    return bytes;
  }

  private static void assertUntouched() throws IOException {
    assertThat(Arrays.equals(read(target, 0, 4 * MIB), filler(4 * MIB))).isTrue();
  }

  private static void assertRefused(Ioctl result, String status) throws IOException {
    assertThat(result.status).isEqualTo(status + " 0 bytes");
    assertThat(result.exit).isEqualTo(1);
    assertThat(result.output).isEmpty();
    assertUntouched();
  }

  private static void assertWritten(Ioctl result, int flags, long lengthCopied) {
    assertThat(result.status).isEqualTo("STATUS_SUCCESS 0x00000000 16 bytes");
    assertThat(result.exit).isZero();
    assertThat(little(result.output).getInt(0)).as("OffloadWriteFlags").isEqualTo(flags);
    assertThat(little(result.output).getInt(4)).as("Reserved").isZero();
    assertThat(little(result.output).getLong(8)).as("LengthCopied").isEqualTo(lengthCopied);
  }

  @Test
  void writesWhatTheTokenStandsFor() throws Exception {
    write(source, MIB, new byte[2 * MIB]); // after the token was made: must not show
    try {
      assertWritten(ioctl(target, goldenWrite("write_token_offset_0", token)), 0, 2 * MIB);
      assertThat(Arrays.equals(read(target, MIB, 2 * MIB), data)).isTrue();
      assertThat(Arrays.equals(read(target, 0, MIB), filler(MIB))).isTrue();
      assertThat(Arrays.equals(read(target, 3 * MIB, MIB), filler(MIB))).isTrue();
    } finally {
      write(source, MIB, data);
    }
  }

  @Test
  void destinationLongerThanTheTokenIsTruncated() throws Exception {
    int length = 2 * MIB - K64;
    assertWritten(ioctl(target, goldenWrite("write_token_offset_64k", token)), 1, length);
    byte[] expected = Arrays.copyOfRange(data, K64, 2 * MIB);
    assertThat(Arrays.equals(read(target, MIB, length), expected)).isTrue();
    assertThat(Arrays.equals(read(target, 3 * MIB - K64, K64), filler(K64))).isTrue();
  }

  @Test
  void tokenOffsetIsRoundedDownToABlock() throws Exception {
    int length = 2 * MIB - 512;
    assertWritten(ioctl(target, goldenWrite("write_token_offset_513", token)), 1, length);
    byte[] expected = Arrays.copyOfRange(data, 512, 2 * MIB);
    assertThat(Arrays.equals(read(target, MIB, length), expected)).isTrue();
  }

  @Test
  void zeroTokenWritesZeros() throws Exception {
    assertWritten(ioctl(target, golden("write_zero_token")), 0, 2 * MIB);
    assertThat(Arrays.equals(read(target, MIB, 2 * MIB), new byte[2 * MIB])).isTrue();
    assertThat(Arrays.equals(read(target, 3 * MIB, MIB), filler(MIB))).isTrue();
  }

  @Test
  void severalRangesFollowOneAnother() throws Exception {
    byte[] threeRanges = golden("read_three_ranges");
    Ioctl made = ioctl(source, threeRanges);
    assertThat(made.status).isEqualTo("STATUS_SUCCESS 0x00000000 536 bytes");
    assertThat(little(made.output).getLong(8)).isEqualTo(0x10000 + 512 + 0x1000);
  }

  @Test
  void rangePastTheEnd() throws Exception {
    assertRefused(ioctl(source, golden("read_past_end")), "STATUS_NONEXISTENT_SECTOR 0xC0000015");
  }

  @Test
  void misalignedRanges() throws Exception {
    for (String name :
        List.of("read_misaligned_offset", "read_misaligned_length", "read_no_bytes")) {
      assertRefused(ioctl(source, golden(name)), "STATUS_INVALID_PARAMETER 0xC000000D");
    }
  }

  @Test
  void shortParameterBlock() throws Exception {
    assertRefused(
        ioctl(source, golden("read_short_parameters")), "STATUS_INVALID_PARAMETER 0xC000000D");
  }

  @Test
  void shortOutputBuffer() throws Exception {
    assertRefused(
        ioctl(source, golden("read_one_range"), "--output-length", "535"),
        "STATUS_BUFFER_TOO_SMALL 0xC0000023");
    assertRefused(
        ioctl(target, goldenWrite("write_token_offset_0", token), "--output-length", "15"),
        "STATUS_BUFFER_TOO_SMALL 0xC0000023");
  }

  @Test
  void corruptedTruncatedAndUnknownTokens() throws Exception {
    for (int at : new int[] {0, 3, 8, 20, 63, 200, 256, 511}) {
      byte[] corrupted = token.clone();
      corrupted[at] ^= 1;
      assertInvalidToken(goldenWrite("write_token_offset_0", corrupted));
    }
    assertInvalidToken(
        goldenWrite("write_token_offset_0", Arrays.copyOf(Arrays.copyOf(token, 256), 512)));
    byte[] shortLength = token.clone();
    shortLength[7] = 0x10; // TokenIdLength
    assertInvalidToken(goldenWrite("write_token_offset_0", shortLength));
    assertInvalidToken(golden("write_token_offset_0")); // the compiler's pattern: nobody's token
  }

  private static void assertInvalidToken(byte[] input) throws Exception {
    Ioctl result = ioctl(target, input);
    assertThat(result.status).isEqualTo("STATUS_INVALID_TOKEN 0xC0000465 16 bytes");
    assertThat(result.exit).isEqualTo(1);
    assertThat(little(result.output).getInt(0)).as("STORAGE_OFFLOAD_TOKEN_INVALID").isEqualTo(2);
    assertThat(little(result.output).getLong(8)).as("LengthCopied").isZero();
    assertUntouched();
  }

  @Test
  void unknownActionUnknownCodeAndGarbage() throws Exception {
    assertRefused(ioctl(source, golden("unknown_action")), "STATUS_NOT_SUPPORTED 0xC00000BB");
    assertRefused(
        ioctl(source, golden("read_one_range"), "--code", "0x2D9408"),
        "STATUS_INVALID_DEVICE_REQUEST 0xC0000010");
    byte[] garbage = new byte[1000];
    new Random(3).nextBytes(garbage);
    assertRefused(ioctl(target, garbage), "STATUS_INVALID_PARAMETER 0xC000000D");
    assertRefused(
        ioctl(target, "hello".getBytes(StandardCharsets.UTF_8)),
        "STATUS_INVALID_PARAMETER 0xC000000D");
    assertRefused(ioctl(target, new byte[0]), "STATUS_INVALID_PARAMETER 0xC000000D");
  }

  // Actions other than offloads. 2 MiB at 1 MiB are in all golden inputs.

  private static void assertEmptySuccess(Ioctl result) {
    assertThat(result.status).isEqualTo("STATUS_SUCCESS 0x00000000 0 bytes");
    assertThat(result.exit).isZero();
  }

  private static void assertMiddleIsZeros() throws IOException {
    assertThat(Arrays.equals(read(target, MIB, 2 * MIB), new byte[2 * MIB])).isTrue();
    assertThat(Arrays.equals(read(target, 0, MIB), filler(MIB))).isTrue();
    assertThat(Arrays.equals(read(target, 3 * MIB, MIB), filler(MIB))).isTrue();
  }

  @Test
  void trimGivesTheRangeUp() throws Exception {
    assertThat(mapped("allocation_one_range")).isEqualTo(32);
    assertEmptySuccess(ioctl(target, golden("trim_not_allocated")));
    assertMiddleIsZeros();
    assertThat(mapped("allocation_one_range")).isZero();
  }

  @Test
  void trimOfTheEntireDisk() throws Exception {
    assertEmptySuccess(ioctl(target, golden("trim_entire_disk")));
    assertThat(Arrays.equals(read(target, 0, 4 * MIB), new byte[4 * MIB])).isTrue();
    assertThat(mapped("allocation_entire_disk")).isZero();
  }

  @Test
  void zeroesAreWritten() throws Exception {
    assertEmptySuccess(ioctl(target, golden("write_zeroes_one_range")));
    assertMiddleIsZeros();
  }

  /** Slabs are the pool's chunks, 64 KiB. */
  @Test
  void allocationTellsWhichSlabsAreMapped() throws Exception {
    assertEmptySuccess(ioctl(target, golden("trim_entire_disk")));
    write(target, MIB + K64, filler(K64));
    write(target, 2 * MIB, filler(512));
    Ioctl result = ioctl(target, golden("allocation_one_range"));
    assertThat(result.status).isEqualTo("STATUS_SUCCESS 0x00000000 68 bytes");
    ByteBuffer output = little(result.output);
    assertThat(output.getInt(28)).as("OutputBlockOffset").isEqualTo(36);
    assertThat(output.getLong(44)).as("SlabSizeInBytes").isEqualTo(K64);
    assertThat(output.getInt(56)).as("SlabAllocationBitMapBitCount").isEqualTo(32);
    assertThat(output.getInt(64)).as("SlabAllocationBitMap").isEqualTo(1 << 1 | 1 << 16);
  }

  /** The number of slabs that are mapped. */
  private static int mapped(String request) throws Exception {
    Ioctl result = ioctl(target, golden(request));
    assertThat(result.status).startsWith("STATUS_SUCCESS");
    ByteBuffer output = little(result.output);
    int count = 0;
    for (int at = 64; at < output.capacity(); at += 4) {
      count += Integer.bitCount(output.getInt(at));
    }
    return count;
  }

  @Test
  void scrubAndRangeErrors() throws Exception {
    Ioctl scrub = ioctl(source, golden("scrub_one_range"));
    assertThat(scrub.status).isEqualTo("STATUS_SUCCESS 0x00000000 88 bytes");
    assertThat(little(scrub.output).getLong(40)).as("BytesProcessed").isEqualTo(2 * MIB);
    assertThat(little(scrub.output).getLong(56)).as("BytesFailed").isZero();
    Ioctl errors = ioctl(source, golden("range_errors_one_range"));
    assertThat(errors.status).isEqualTo("STATUS_SUCCESS 0x00000000 72 bytes");
    assertThat(little(errors.output).getInt(44)).as("no errors").isEqualTo(1);
  }

  @Test
  void freeSpaceIsThePools() throws Exception {
    Ioctl result = ioctl(target, golden("free_space_entire_disk"));
    assertThat(result.status).isEqualTo("STATUS_SUCCESS 0x00000000 56 bytes");
    assertThat(little(result.output).getLong(48)).as("FreeSpace").isGreaterThan(MIB);
  }

  @Test
  void notificationsAreHeardAndRepairsRefused() throws Exception {
    assertEmptySuccess(ioctl(target, golden("notification_begin")));
    byte[] repair = golden("scrub_one_range");
    repair[4] = 6;
    assertRefused(ioctl(target, repair), "STATUS_NOT_SUPPORTED 0xC00000BB");
  }

  @Test
  void properties() throws Exception {
    Ioctl provisioning = property("lb_provisioning");
    assertThat(provisioning.status).isEqualTo("STATUS_SUCCESS 0x00000000 40 bytes");
    assertThat(provisioning.output[8])
        .as("thin, zeros, alignment, free space")
        .isEqualTo((byte) 0x63);
    assertThat(little(provisioning.output).getLong(16)).as("granularity").isEqualTo(K64);
    assertThat(property("trim").output).isEqualTo(golden("output_trim"));
    assertThat(property("seek_penalty").output).isEqualTo(golden("output_seek_penalty"));
    assertThat(little(property("access_alignment").output).getInt(20)).isEqualTo(512);
    String device = new String(property("device").output, StandardCharsets.ISO_8859_1);
    assertThat(device).contains("GANTRY  \0", "Volume          \0");
    Ioctl offload = property("copy_offload");
    assertThat(offload.status).isEqualTo("STATUS_SUCCESS 0x00000000 48 bytes");
  }

  private static Ioctl property(String name) throws Exception {
    return ioctl(target, golden("query_" + name), "--code", "0x2D1400");
  }

  /** The same copy by the file system's control codes, the disk for a file. */
  @Test
  void fileOffloads() throws Exception {
    byte[] readInput = new byte[32];
    little(readInput).putInt(0, 32).putInt(8, 5000).putLong(16, MIB).putLong(24, 2 * MIB);
    Ioctl made = ioctl(source, readInput, "--code", "0x94264");
    assertThat(made.status).isEqualTo("STATUS_SUCCESS 0x00000000 528 bytes");
    assertThat(little(made.output).getLong(8)).as("TransferLength").isEqualTo(2 * MIB);
    ByteBuffer writeInput = ByteBuffer.allocate(544).order(ByteOrder.LITTLE_ENDIAN);
    writeInput.putInt(0, 544).putLong(8, MIB).putLong(16, MIB).putLong(24, K64);
    writeInput.put(32, made.output, 16, 512);
    Ioctl written = ioctl(target, writeInput.array(), "--code", "0x98268");
    assertThat(written.status).isEqualTo("STATUS_SUCCESS 0x00000000 16 bytes");
    assertThat(little(written.output).getLong(8)).as("LengthWritten").isEqualTo(MIB);
    assertThat(read(target, MIB, MIB)).isEqualTo(Arrays.copyOfRange(data, K64, K64 + MIB));
    assertThat(Arrays.equals(read(target, 2 * MIB, MIB), filler(MIB))).isTrue();
  }
}
