package io.gantry.dsm;

import static io.gantry.dsm.TestData.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The actions other than offloads: the commands that they send, byte for byte, and their output.
 */
class ActionsTest {
  private static final int FLAGS = 8;
  private static final long MIB = 1 << 20;

  private static void assertRefused(IoctlResult result, NtStatus status) {
    assertThat(result.status()).isEqualTo(status);
    assertThat(result.output()).isEmpty();
  }

  private static void assertEmpty(IoctlResult result) {
    assertRefused(result, NtStatus.SUCCESS);
  }

  private static byte[] with(byte[] input, int offset, int value) {
    ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    return input;
  }

  private static byte[] input(DsmAction action, long... ranges) {
    List<DataSetRange> list =
        Stream.iterate(0, i -> i < ranges.length, i -> i + 2)
            .map(i -> new DataSetRange(ranges[i], ranges[i + 1]))
            .toList();
    return ManageDataSetAttributes.input(action, new byte[0], list);
  }

  // ---- trim

  @Test
  void trimIsAnUnmapOfItsRanges() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect(
        "42 00 00000000 00 0038 00",
        hex(
            "0036 0030 00000000"
                + "0000000000002000 00000080 00000000"
                + "0000000000000000 00000001 00000000"
                + "0000000000004000 00000008 00000000"),
        Answer.good());
    assertEmpty(disk.control(Golden.bytes("trim_three_ranges"), 0));
    disk.device.assertDone();
  }

  @Test
  void trimOfTheEntireDiskBeginsAtTheAlignment() throws IOException {
    TestDisk disk = TestDisk.thin(TestDisk.thinLimits(1, -1, 128, 8), TestDisk.provisioning(0xC4));
    disk.device.expect(
        "42 00 00000000 00 0018 00",
        hex("0016 0010 00000000 0000000000000008 001ffff8 00000000"),
        Answer.good());
    assertEmpty(disk.control(Golden.bytes("trim_entire_disk"), 0));
    disk.device.assertDone();
  }

  @Test
  void trimKeepsToTheDisksLimits() throws IOException {
    // 4096 blocks in commands of 1500 at most, and then of two ranges at most.
    TestDisk disk =
        TestDisk.thin(TestDisk.thinLimits(2, 1500, 128, 0), TestDisk.provisioning(0xC4));
    disk.device
        .expect(
            "42 00 00000000 00 0018 00",
            hex("0016 0010 00000000 0000000000000800 000005dc 00000000"),
            Answer.good())
        .expect(
            "42 00 00000000 00 0018 00",
            hex("0016 0010 00000000 0000000000000ddc 000005dc 00000000"),
            Answer.good())
        .expect(
            "42 00 00000000 00 0028 00",
            hex(
                "0026 0020 00000000 00000000000013b8 00000448 00000000"
                    + "0000000000000000 00000001 00000000"),
            Answer.good())
        .expect(
            "42 00 00000000 00 0018 00",
            hex("0016 0010 00000000 0000000000000002 00000001 00000000"),
            Answer.good());
    assertEmpty(disk.control(input(DsmAction.TRIM, MIB, 2 * MIB, 0, 512, 1024, 512), 0));
    disk.device.assertDone();
  }

  @Test
  void aRangeOfMoreBlocksThanADescriptorHolds() throws IOException {
    long blocks = 0x1_8000_0000L;
    TestDisk disk =
        TestDisk.on(
            new ScriptedDevice()
                .expect(TestDisk.INQUIRY, Answer.good(TestDisk.INQUIRY_DATA))
                .expect(TestDisk.PAGES, Answer.good(hex("00 00 0003 00 b0 b2")))
                .expect(TestDisk.BLOCK_LIMITS, Answer.good(TestDisk.thinLimits(-1, -1, 128, 0)))
                .expect("12 01 b2 00ff 00", Answer.good(TestDisk.provisioning(0xC4)))
                .expect(TestDisk.READ_CAPACITY, Answer.good(TestDisk.capacity(blocks, 512))));
    disk.device.expect(
        "42 00 00000000 00 0028 00",
        hex(
            "0026 0020 00000000 0000000000000000 ffffffff 00000000"
                + "00000000ffffffff 80000001 00000000"),
        Answer.good());
    assertEmpty(disk.control(Golden.bytes("trim_entire_disk"), 0));
    disk.device.assertDone();
  }

  @Test
  void trimEndsWithTheFirstCommandThatFails() throws IOException {
    TestDisk disk = TestDisk.thin(TestDisk.thinLimits(1, -1, 128, 0), TestDisk.provisioning(0xC4));
    disk.device
        .expect(
            "42 00 00000000 00 0018 00",
            hex("0016 0010 00000000 0000000000000000 00000001 00000000"),
            Answer.good())
        .expect(
            "42 00 00000000 00 0018 00",
            hex("0016 0010 00000000 0000000000000002 00000001 00000000"),
            Answer.check(7, 0x27, 0));
    assertRefused(
        disk.control(input(DsmAction.TRIM, 0, 512, 1024, 512, 2048, 512), 0),
        NtStatus.MEDIA_WRITE_PROTECTED);
    disk.device.assertDone();
  }

  /** Rows of the class driver's checks of a trim, first to last. */
  static Stream<Refusal> trims() {
    byte[] thin = TestDisk.provisioning(0xC4);
    byte[] limits = TestDisk.thinLimits(256, -1, 128, 8);
    return Stream.of(
        new Refusal(
            "ranges and the flag for the entire disk",
            with(Golden.bytes("trim_three_ranges"), FLAGS, 1),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "neither ranges nor the flag",
            with(Golden.bytes("trim_entire_disk"), FLAGS, 0),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "shape before support",
            with(Golden.bytes("trim_entire_disk"), FLAGS, 0),
            limits,
            TestDisk.provisioning(0),
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "parameters, which a trim has not",
            Golden.bytes("trim_one_range"),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "LBPU 0",
            Golden.bytes("trim_not_allocated"),
            limits,
            TestDisk.provisioning(0x44),
            NtStatus.NOT_SUPPORTED),
        new Refusal(
            "MAXIMUM UNMAP LBA COUNT 0",
            Golden.bytes("trim_not_allocated"),
            TestDisk.thinLimits(256, 0, 128, 8),
            thin,
            NtStatus.NOT_SUPPORTED),
        new Refusal(
            "MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT 0",
            Golden.bytes("trim_not_allocated"),
            TestDisk.thinLimits(0, -1, 128, 8),
            thin,
            NtStatus.NOT_SUPPORTED),
        new Refusal(
            "support before the ranges",
            input(DsmAction.TRIM, 1, 512),
            limits,
            TestDisk.provisioning(0),
            NtStatus.NOT_SUPPORTED),
        invalid("offset misaligned", limits, thin, 4097, 512),
        invalid("length misaligned", limits, thin, 4096, 511),
        invalid("no length", limits, thin, 4096, 0),
        invalid("before the alignment", limits, thin, 0, 512),
        invalid("past the end: no NONEXISTENT_SECTOR here", limits, thin, 1 << 30, 512),
        invalid("wraps around", limits, thin, 8192, -4096),
        invalid("the second of two", limits, thin, 4096, 512, 4096, 511),
        new Refusal(
            "ranges of files, and no zeros after",
            input(DsmAction.TRIM, 4096, 512),
            limits,
            TestDisk.provisioning(0xC0),
            NtStatus.TRIM_READ_ZERO_NOT_SUPPORTED));
  }

  private static Refusal invalid(String what, byte[] limits, byte[] thin, long... ranges) {
    return new Refusal(
        what, input(DsmAction.TRIM, ranges), limits, thin, NtStatus.INVALID_PARAMETER);
  }

  record Refusal(String what, byte[] input, byte[] limits, byte[] provisioning, NtStatus status) {
    @Override
    public String toString() {
      return what;
    }
  }

  @ParameterizedTest
  @MethodSource("trims")
  void trimIsRefused(Refusal row) throws IOException {
    TestDisk disk = TestDisk.thin(row.limits, row.provisioning);
    assertRefused(disk.control(row.input, 1000), row.status);
    disk.device.assertDone();
  }

  @ParameterizedTest
  @CsvSource({"0x80000000, TRIM_NOT_FS_ALLOCATED", "0x40000000, TRIM_BYPASS_RZAT"})
  void whoNeedsNoZerosMayTrimWithoutThem(String flag, String name) throws IOException {
    TestDisk disk = TestDisk.thin(TestDisk.thinLimits(1, -1, 128, 0), TestDisk.provisioning(0xC0));
    disk.device.expect(
        "42 00 00000000 00 0018 00",
        hex("0016 0010 00000000 0000000000000800 00001000 00000000"),
        Answer.good());
    int bits = Long.decode(flag).intValue();
    assertThat(DsmFlag.valueOf(name).bit()).isEqualTo(bits);
    assertEmpty(disk.control(with(Golden.bytes("trim_not_allocated"), FLAGS, bits), 0));
    disk.device.assertDone();
  }

  // ---- allocation

  private static final int STATUS_ALLOCATION = 8 + 1024 * 16;

  private static String lbaStatus(long lba) {
    return "9e12 %016x %08x 0000".formatted(lba, STATUS_ALLOCATION);
  }

  /** Data of GET LBA STATUS; {@code runs} are triples of LBA, blocks and status. */
  private static Answer runs(long... runs) {
    ByteBuffer b = ByteBuffer.allocate(8 + runs.length / 3 * 16);
    b.putInt(b.capacity() - 4).putInt(0);
    for (int i = 0; i < runs.length; i += 3) {
      b.putLong(runs[i]).putInt((int) runs[i + 1]).put((byte) runs[i + 2]).put(new byte[3]);
    }
    return Answer.good(b.array());
  }

  @Test
  void allocationIsABitmapOfSlabs() throws IOException {
    TestDisk disk = TestDisk.thin(); // slabs of 128 blocks: 2 MiB have 32 of them
    disk.device.expect(lbaStatus(0x800), runs(0x800, 128, 0, 0x880, 256, 1, 0x980, 128 * 29, 0));
    IoctlResult result = disk.control(Golden.bytes("allocation_one_range"), 68);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output())
        .isEqualTo(
            hex(
                "24000000 05000080 00000000 00000000 00000000 00000000 00000000 24000000 20000000"
                    + "20000000 20000000 0000010000000000 00000000 20000000 01000000 f9ffffff"));
  }

  /** Version 2 by its parameters; the block is right behind the header, as the class driver's. */
  @Test
  void allocationInItsSecondVersion() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect(lbaStatus(0x800), runs(0x800, 0x1000, 2));
    byte[] input =
        ManageDataSetAttributes.input(
            DsmAction.ALLOCATION,
            hex("01000000 10000000 00000000 28000000"),
            List.of(new DataSetRange(MIB - 512, 2 * MIB)));
    IoctlResult result = disk.control(input, 1000);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output())
        .isEqualTo(
            hex(
                "24000000 05000080 00000000 00000000 00000000 00000000 00000000 24000000 28000000"
                    + "28000000 28000000 0000010000000000 0002000000000000 20000000 01000000"
                    + "00000000 00000000"));
  }

  @Test
  void allocationAsksAgainUntilAllIsTold() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device
        .expect(lbaStatus(0x800), runs(0x800, 64, 1, 0x840, 32, 0))
        .expect(lbaStatus(0x860), runs(0x860, 0xFA0, 1));
    ProvisioningState state = allocation(disk.disk);
    disk.device.assertDone();
    assertThat(state)
        .isEqualTo(new ProvisioningState(40, 0x10000, 0, 32, BitSet.valueOf(new long[] {1})));
  }

  private static ProvisioningState allocation(Disk disk) throws IOException {
    return disk.allocation(new DataSetRange(MIB, 2 * MIB), 0x10000);
  }

  /** One slab is enough: the caller looks at the counts. */
  @ParameterizedTest
  @CsvSource({"300, 2", "128, 1"})
  void allocationTellsWhatTheDiskToldBeforeItFailed(int blocks, int slabs) throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device
        .expect(lbaStatus(0x800), runs(0x800, blocks, 0))
        .expect(lbaStatus(0x800 + blocks), Answer.check(3, 0x11, 0));
    ProvisioningState state = allocation(disk.disk);
    disk.device.assertDone();
    assertThat(state.slabs()).isEqualTo(slabs);
    assertThat(state.mapped().cardinality()).isEqualTo(slabs);
  }

  @Test
  void theLastSlabOfADiskMayBeShort() throws IOException {
    TestDisk disk =
        TestDisk.thin(TestDisk.thinLimits(1, -1, 0x15000, 0x5000), TestDisk.provisioning(0xC4));
    disk.device.expect(lbaStatus(0x5000), runs(0x5000, 0x1FB000 - 0x1000, 1, 0x1FF000, 0x1000, 0));
    IoctlResult result = disk.control(Golden.bytes("allocation_entire_disk"), 68);
    disk.device.assertDone();
    ProvisioningState state =
        ProvisioningState.decode(Arrays.copyOfRange(result.output(), 36, result.output().length));
    assertThat(state.slabs()).isEqualTo((0x1FB000 + 0x14FFF) / 0x15000);
    assertThat(state.slabOffsetDeltaBytes()).isZero();
    assertThat(state.mapped()).isEqualTo(BitSet.valueOf(new long[] {1L << (state.slabs() - 1)}));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "no descriptor,              00000004 00000000, UNSUCCESSFUL",
    "a short reply,              00000003 00000000, DEVICE_DATA_ERROR",
    "no reply,                   '',                DEVICE_DATA_ERROR",
    "less than a slab,           00000014 00000000 0000000000000800 0000007f 00000000,UNSUCCESSFUL",
    "another block,              00000014 00000000 0000000000000801 00001000 00000000,UNSUCCESSFUL",
    "no blocks,                  00000014 00000000 0000000000000800 00000000 00000000,UNSUCCESSFUL",
  })
  void allocationWithoutASlabFails(String what, String data, NtStatus status) throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect(lbaStatus(0x800), Answer.good(hex(data)));
    if (what.startsWith("less")) {
      disk.device.expect(lbaStatus(0x87F), Answer.good(hex("00000004 00000000")));
    }
    assertRefused(disk.control(Golden.bytes("allocation_one_range"), 68), status);
    disk.device.assertDone();
  }

  static Stream<Refusal> allocations() {
    byte[] thin = TestDisk.provisioning(0xC4);
    byte[] limits = TestDisk.thinLimits(1, -1, 128, 8);
    return Stream.of(
        new Refusal(
            "OutputVersion 33",
            parameters("01000000 10000000 00000000 21000000"),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "OutputVersion before support",
            parameters("01000000 10000000 00000000 21000000"),
            limits,
            TestDisk.provisioning(0),
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "LBPU 0",
            Golden.bytes("allocation_one_range"),
            limits,
            TestDisk.provisioning(0),
            NtStatus.NOT_SUPPORTED),
        new Refusal(
            "no granularity",
            Golden.bytes("allocation_one_range"),
            TestDisk.thinLimits(1, -1, 0, 0),
            thin,
            NtStatus.NOT_SUPPORTED),
        new Refusal(
            "no length",
            input(DsmAction.ALLOCATION, 4096, 0),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "before the alignment",
            input(DsmAction.ALLOCATION, 0, MIB),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "past the end",
            input(DsmAction.ALLOCATION, 4096, 1 << 30),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER),
        new Refusal(
            "no range",
            with(Golden.bytes("allocation_entire_disk"), FLAGS, 0),
            limits,
            thin,
            NtStatus.INVALID_PARAMETER));
  }

  private static byte[] parameters(String hex) {
    return ManageDataSetAttributes.input(
        DsmAction.ALLOCATION, hex(hex), List.of(new DataSetRange(MIB, MIB)));
  }

  @ParameterizedTest
  @MethodSource("allocations")
  void allocationIsRefused(Refusal row) throws IOException {
    TestDisk disk = TestDisk.thin(row.limits, row.provisioning);
    assertRefused(disk.control(row.input, 1000), row.status);
    disk.device.assertDone();
  }

  /** A block that the class driver does not know is as good as none: version 1. */
  @ParameterizedTest
  @CsvSource({
    "02000000 10000000 00000000 28000000",
    "01000000 0f000000 00000000 28000000",
    "01000000 10000000 00000000",
  })
  void unknownParametersMeanTheFirstVersion(String parameters) throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect(lbaStatus(0x800), runs(0x800, 0x1000, 0));
    IoctlResult result = disk.control(parameters(parameters), 68);
    assertThat(result.output()).hasSize(68);
    assertThat(ByteBuffer.wrap(result.output()).order(ByteOrder.LITTLE_ENDIAN).getInt(40))
        .isEqualTo(32);
  }

  @ParameterizedTest(name = "{0} slabs need {1} bytes")
  @CsvSource({"1, 68", "32, 68", "33, 72", "64, 72", "65, 76"})
  void theOutputMustHaveRoomForTheBitmap(int slabs, int needed) throws IOException {
    TestDisk disk = TestDisk.thin();
    byte[] input = input(DsmAction.ALLOCATION, 0, (slabs - 1) * 0x10000L + 512);
    assertRefused(disk.control(input, needed - 1), NtStatus.BUFFER_TOO_SMALL);
    disk.device.expect(lbaStatus(0), runs(0, slabs * 128L, 0));
    assertThat(disk.control(input, needed).output()).hasSize(needed);
  }

  // ---- the rest

  @Test
  void zeroesAreWrittenByWriteSameAndMayBeUnmapped() throws IOException {
    TestDisk disk = TestDisk.thin(); // WRITE SAME takes 65,535 blocks, and LBPWS and LBPRZ are set
    disk.device
        .expect("93 08 0000000000000000 0000ffff 00 00", new byte[512], Answer.good())
        .expect("93 08 000000000000ffff 00000001 00 00", new byte[512], Answer.good())
        .expect("93 08 0000000000100000 00000001 00 00", new byte[512], Answer.good());
    assertEmpty(disk.control(input(DsmAction.WRITE_ZEROES, 0, 32 * MIB, 512 * MIB, 512), 0));
    disk.device.assertDone();
  }

  @ParameterizedTest(name = "byte 5 of VPD page B2h is {0}")
  @CsvSource({"0x84", "0x40"})
  void zeroesAreNotUnmappedWhereThatIsNotTheSame(String flags) throws IOException {
    TestDisk disk =
        TestDisk.thin(
            TestDisk.thinLimits(1, -1, 128, 0), TestDisk.provisioning(Integer.decode(flags)));
    disk.device.expect("93 00 0000000000000800 00001000 00 00", new byte[512], Answer.good());
    assertEmpty(disk.control(Golden.bytes("write_zeroes_one_range"), 0));
    disk.device.assertDone();
  }

  @Test
  void aDiskWithoutWriteSameRefusesZeroes() throws IOException {
    TestDisk disk = TestDisk.plain(); // nor does it give a limit: 64 MiB at once
    disk.device.expect(
        "93 00 0000000000000000 00020000 00 00", new byte[512], Answer.check(5, 0x20, 0));
    assertRefused(
        disk.control(input(DsmAction.WRITE_ZEROES, 0, 100 * MIB), 0),
        NtStatus.INVALID_DEVICE_REQUEST);
    disk.device.assertDone();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @CsvSource({
    "0, 0, INVALID_PARAMETER",
    "1, 512, INVALID_PARAMETER",
    "0, 511, INVALID_PARAMETER",
    "1073741824, 512, NONEXISTENT_SECTOR",
    "512, -512, NONEXISTENT_SECTOR",
  })
  void rangesOfZeroesScrubsAndErrors(long offset, long length, NtStatus status) throws IOException {
    TestDisk disk = TestDisk.thin();
    for (DsmAction action :
        List.of(DsmAction.WRITE_ZEROES, DsmAction.SCRUB, DsmAction.GET_RANGE_ERROR_INFO)) {
      assertRefused(disk.control(input(action, offset, length), 1000), status);
    }
    byte[] entire = ManageDataSetAttributes.inputForEntireDisk(DsmAction.WRITE_ZEROES);
    assertRefused(disk.control(entire, 0), NtStatus.INVALID_PARAMETER);
  }

  @Test
  void freeSpaceIsTheLogPagesInBytes() throws IOException {
    TestDisk disk = TestDisk.thin(); // units of 2^11 blocks of 512 bytes
    disk.device.expect(
        "4d 00 4c 00 00 0000 0200 00",
        Answer.good(hex("0c 00 0018 0002 03 08 00000007 02 000000 0001 03 08 00001003 02 000000")));
    IoctlResult result = disk.control(Golden.bytes("free_space_entire_disk"), 56);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output())
        .isEqualTo(
            hex(
                "24000000 1b000080 00000000 00000000 00000000 00000000 00000000 28000000 10000000"
                    + "00000000 10000000 00000000 0000300001000000"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "another page,      0d 00 000c 0001 03 08 00001003 02 000000",
    "another parameter, 0c 00 000c 0002 03 08 00001003 02 000000",
    "a short parameter, 0c 00 0007 0001 03 03 001003",
    "cut off,           0c 00 000c 0001 03 08 0000",
    "nothing,           ''",
  })
  void freeSpaceThatIsNotTold(String what, String page) throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect("4d 00 4c 00 00 0000 0200 00", Answer.good(hex(page)));
    assertRefused(disk.control(Golden.bytes("free_space_entire_disk"), 56), NtStatus.NOT_SUPPORTED);
    disk.device.expect("4d 00 4c 00 00 0000 0200 00", Answer.check(5, 0x20, 0));
    assertThatThrownBy(disk.disk::freeSpace)
        .isInstanceOf(StatusException.class)
        .hasMessage("DeviceDsmAction_GetFreeSpace: STATUS_NOT_SUPPORTED 0xC00000BB");
    assertRefused(
        TestDisk.plain().control(Golden.bytes("free_space_entire_disk"), 56),
        NtStatus.NOT_SUPPORTED);
  }

  @Test
  void scrubReadsWhereTheBlocksAre() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect("8f 00 0000000000000800 00001000 00 00", Answer.good());
    IoctlResult result = disk.control(Golden.bytes("scrub_one_range"), 88);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output())
        .isEqualTo(
            hex(
                "24000000 07000080 00000000 00000000 00000000 00000000 00000000 28000000 30000000"
                    + "00000000 0000200000000000 0000000000000000 0000000000000000"
                    + "0000000000000000 0000000000000000 0000200000000000"));
  }

  /** The disk says which block; the next one tells nothing, and halves are tried. */
  @Test
  void badBlocksAreFoundAndCounted() throws IOException {
    TestDisk disk = TestDisk.thin();
    expectBadBlocks(disk);
    ScrubOutput output = disk.disk.scrub(List.of(new DataSetRange(0, 8 * 512)));
    disk.device.assertDone();
    assertThat(output).isEqualTo(new ScrubOutput(8 * 512, 0, 2 * 512, 6 * 512));
  }

  /** Blocks 2 and 5 of 8. */
  private static void expectBadBlocks(TestDisk disk) {
    disk.device
        .expect(verify(0, 8), Answer.check(TestData.sense(3, 0x11, 0, 2)))
        .expect(verify(3, 5), Answer.check(3, 0x11, 0))
        .expect(verify(3, 2), Answer.good())
        .expect(verify(5, 3), Answer.check(3, 0x11, 0))
        .expect(verify(5, 1), Answer.check(3, 0x11, 0))
        .expect(verify(6, 1), Answer.good())
        .expect(verify(7, 1), Answer.good());
  }

  private static String verify(long lba, long blocks) {
    return "8f 00 %016x %08x 00 00".formatted(lba, blocks);
  }

  @Test
  void rangeErrorsAreToldInTheOrderOfTheRanges() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect(verify(64, 1), Answer.good());
    expectBadBlocks(disk);
    byte[] input = input(DsmAction.GET_RANGE_ERROR_INFO, 64 * 512, 512, 0, 8 * 512);
    IoctlResult result = disk.control(input, 1000);
    disk.device.assertDone();
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output())
        .isEqualTo(
            hex(
                "24000000 18000080 00000000 00000000 00000000 00000000 00000000 28000000 70000000"
                    + "00000000 01000000 00000000 06000000 06000000"
                    + part(1, 0)
                    + part(2, 0)
                    + part(1, 1)
                    + part(2, 0)
                    + part(1, 1)
                    + part(2, 0)));
  }

  private static String part(int blocks, int bad) {
    return "%04x000000000000 0%d000000 00000000"
        .formatted(Short.toUnsignedInt(Short.reverseBytes((short) (blocks * 512))), bad);
  }

  /** As many as fit, and how many there are. */
  @ParameterizedTest(name = "{0} bytes: {1} parts")
  @CsvSource({"72, 1", "87, 1", "88, 2", "135, 4", "136, 5"})
  void rangeErrorsThatDoNotFit(int capacity, int parts) throws IOException {
    TestDisk disk = TestDisk.thin();
    expectBadBlocks(disk);
    IoctlResult result = disk.control(input(DsmAction.GET_RANGE_ERROR_INFO, 0, 8 * 512), capacity);
    assertThat(result.status().value()).isEqualTo(parts == 5 ? 0 : 0x80000005);
    assertThat(result.output()).hasSize(56 + 16 * parts);
    ByteBuffer output = ByteBuffer.wrap(result.output()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(output.getInt(48)).as("TotalNumberOfRanges").isEqualTo(5);
    assertThat(output.getInt(52)).as("NumberOfRangesReturned").isEqualTo(parts);
  }

  @Test
  void withoutErrorsAFlagSaysSo() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device.expect(verify(0x800, 0x1000), Answer.good());
    IoctlResult result = disk.control(Golden.bytes("range_errors_one_range"), 72);
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.output())
        .isEqualTo(
            hex(
                "24000000 18000080 00000000 00000000 00000000 00000000 00000000 28000000 20000000"
                    + "00000000 01000000 01000000 00000000 00000000 0000000000000000"
                    + "0000000000000000"));
    assertRefused(
        disk.control(Golden.bytes("range_errors_one_range"), 71), NtStatus.BUFFER_TOO_SMALL);
    assertRefused(disk.control(Golden.bytes("scrub_one_range"), 87), NtStatus.BUFFER_TOO_SMALL);
    assertRefused(
        disk.control(Golden.bytes("free_space_entire_disk"), 55), NtStatus.BUFFER_TOO_SMALL);
  }

  /** What was read before the disk gave up counts for a scrub, but not for a list of errors. */
  @Test
  void aDiskThatGivesUp() throws IOException {
    TestDisk disk = TestDisk.thin();
    disk.device
        .expect(verify(0, 0x8000), Answer.good())
        .expect(verify(0x8000, 0x8000), Answer.check(4, 0x44, 0))
        .expect(verify(0, 0x8000), Answer.good())
        .expect(verify(0x8000, 0x8000), Answer.check(4, 0x44, 0))
        .expect(verify(0, 1), Answer.check(4, 0x44, 0));
    DataSetRange range = new DataSetRange(0, 100 * MIB);
    assertThat(disk.disk.scrub(List.of(range)))
        .isEqualTo(new ScrubOutput(16 * MIB, 0, 0, 16 * MIB));
    assertRefused(
        disk.control(input(DsmAction.GET_RANGE_ERROR_INFO, 0, 100 * MIB), 1000),
        NtStatus.DEVICE_HARDWARE_ERROR);
    assertRefused(
        disk.control(input(DsmAction.SCRUB, 0, 512), 1000), NtStatus.DEVICE_HARDWARE_ERROR);
    disk.device.assertDone();
  }

  @Test
  void theSearchForBadBlocksEnds() throws IOException {
    ScriptedDevice device = new ScriptedDevice();
    TestDisk disk = TestDisk.thin();
    for (int i = 0; i <= MediumCheck.MAXIMUM_ERRORS; i++) {
      disk.device.expect(verify(i, 0x8000), Answer.check(TestData.sense(3, 0x11, 0, i)));
    }
    assertThat(disk.disk.scrub(List.of(new DataSetRange(0, 512 * MIB))).bytesFailed())
        .isEqualTo(MediumCheck.MAXIMUM_ERRORS * 512L);
    disk.device.assertDone();
    device.assertDone();
  }

  @Test
  void aNotificationIsHeard() throws IOException {
    TestDisk disk = TestDisk.thin();
    assertEmpty(disk.control(Golden.bytes("notification_begin"), 0));
    assertRefused(
        disk.control(with(Golden.bytes("notification_begin"), 16, 27), 0),
        NtStatus.INVALID_PARAMETER);
    disk.device.assertDone();
  }

  /** Every action of winioctl.h: answered, or refused as at the end of Windows' stack. */
  @ParameterizedTest
  @EnumSource(DsmAction.class)
  void everyActionIsAnsweredOrRefused(DsmAction action) throws IOException {
    boolean answered =
        List.of(
                "TRIM",
                "NOTIFICATION",
                "OFFLOAD_READ",
                "OFFLOAD_WRITE",
                "ALLOCATION",
                "SCRUB",
                "GET_RANGE_ERROR_INFO",
                "WRITE_ZEROES",
                "GET_FREE_SPACE")
            .contains(action.name());
    assertThat(DsmChecks.isAnswered(action)).isEqualTo(answered);
    if (!answered) {
      TestDisk disk = TestDisk.thin();
      byte[] parameters = new byte[action.parameters().lengthBytes()];
      byte[] input =
          ManageDataSetAttributes.input(action, parameters, List.of(new DataSetRange(0, 512)));
      assertRefused(disk.control(input, 4096), NtStatus.NOT_SUPPORTED);
      disk.device.assertDone();
    }
  }
}
