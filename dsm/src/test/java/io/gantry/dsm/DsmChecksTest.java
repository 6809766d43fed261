package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.RodTokenLimits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every check of a request: what it refuses, with which status, and in which order. */
class DsmChecksTest {
  private static final Capacity CAPACITY = new Capacity(1L << 21, 512, 0, true, true);
  private static final RodTokenLimits LIMITS = new RodTokenLimits(64, 600, 60, 0, 0);

  // Byte offsets of the header's fields (winioctl.h).
  private static final int SIZE = 0;
  private static final int FLAGS = 8;
  private static final int PARAMETERS_OFFSET = 12;
  private static final int PARAMETERS_LENGTH = 16;
  private static final int RANGES_OFFSET = 20;
  private static final int RANGES_LENGTH = 24;

  /**
   * A request and the check that must refuse it.
   *
   * @param check name of a check of the action
   * @param limits whether the disk can offload
   */
  record Case(
      String what, String check, NtStatus status, byte[] input, int output, boolean limits) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Case invalid(String check, String what, byte[] input) {
    return new Case(what, check, NtStatus.INVALID_PARAMETER, input, 536, true);
  }

  private static Case beyond(String what, byte[] input) {
    return new Case(what, "ranges lie on the disk", NtStatus.NONEXISTENT_SECTOR, input, 536, true);
  }

  static Stream<Case> refused() {
    String header = "input holds the header";
    String blocks = "input holds the blocks";
    String parameters = "parameter block";
    String ranges = "data-set ranges";
    String overlap = "blocks do not overlap";
    String disk = "ranges lie on the disk";
    return Stream.of(
        invalid(header, "empty input", new byte[0]),
        invalid(header, "27 bytes", Arrays.copyOf(read(), 27)),
        invalid(blocks, "header alone", Arrays.copyOf(read(), 28)),
        invalid(blocks, "28 + 16 + 16 is 60", Arrays.copyOf(read(), 59)),
        invalid(blocks, "lengths whose 32-bit sum is 32", with(read(), RANGES_LENGTH, -16)),
        invalid("Size", "Size 27", with(read(), SIZE, 27)),
        invalid("Size", "Size 29", with(read(), SIZE, 29)),
        invalid("Size", "Size is looked at before Action", with(trim(), SIZE, 0)),
        notSupported("unknown action", Golden.bytes("unknown_action")),
        notSupported("known action that a disk refuses", with(read(), 4, 0x8000000C)),
        new Case(
            "disk without limits",
            "disk can offload",
            NtStatus.DEVICE_FEATURE_NOT_SUPPORTED,
            read(),
            536,
            false),
        new Case(
            "disk without limits before the blocks' shape",
            "disk can offload",
            NtStatus.DEVICE_FEATURE_NOT_SUPPORTED,
            with(read(), PARAMETERS_OFFSET, 0),
            536,
            false),
        invalid(parameters, "no parameters", with(read(), PARAMETERS_OFFSET, 0)),
        invalid(parameters, "parameters in the header", with(read(), PARAMETERS_OFFSET, 24)),
        invalid(parameters, "parameters misaligned", with(read(), PARAMETERS_OFFSET, 30)),
        invalid(parameters, "write parameters aligned to 4", with(write(), PARAMETERS_OFFSET, 28)),
        invalid(parameters, "parameters past the input", with(read(), PARAMETERS_OFFSET, 68)),
        invalid(parameters, "parameters end past the input", with(read(), PARAMETERS_OFFSET, 52)),
        invalid(parameters, "offset with the top bit", with(read(), PARAMETERS_OFFSET, 1 << 31)),
        invalid(parameters, "short read parameters", Golden.bytes("read_short_parameters")),
        invalid(parameters, "15 bytes of parameters", with(read(), PARAMETERS_LENGTH, 15)),
        invalid(parameters, "527 bytes of parameters", with(write(), PARAMETERS_LENGTH, 527)),
        invalid(ranges, "no ranges", with(read(), RANGES_LENGTH, 0)),
        invalid(ranges, "ranges at 0", with(read(), RANGES_OFFSET, 0)),
        invalid(ranges, "ranges in the header", with(read(), RANGES_OFFSET, 24)),
        invalid(ranges, "ranges misaligned", with(grown(read()), RANGES_OFFSET, 52)),
        invalid(ranges, "ranges end past the input", with(read(), RANGES_OFFSET, 56)),
        invalid(ranges, "less than a range", with(read(), RANGES_LENGTH, 15)),
        invalid(ranges, "a range and a bit", with(grown(read()), RANGES_LENGTH, 24)),
        invalid(ranges, "entire disk and ranges", with(read(), FLAGS, 1)),
        invalid(overlap, "blocks start together", with(read(), PARAMETERS_OFFSET, 48)),
        invalid(
            overlap, "parameters reach into ranges", with(grown(read()), PARAMETERS_LENGTH, 24)),
        invalid(overlap, "ranges reach into parameters", with(grown(read()), RANGES_OFFSET, 40)),
        invalid("ranges are given", "entire disk", Golden.bytes("read_entire_disk")),
        invalid(disk, "misaligned offset", Golden.bytes("read_misaligned_offset")),
        invalid(disk, "misaligned length", Golden.bytes("read_misaligned_length")),
        invalid(disk, "no bytes", Golden.bytes("read_no_bytes")),
        beyond("past the end", Golden.bytes("read_past_end")),
        beyond("negative offset", Golden.bytes("read_negative_offset")),
        beyond("starts behind the end", reading(1L << 31, 512)),
        beyond("wraps around", reading(512, -512)),
        beyond("first range past the end, second misaligned", reading(1L << 40, 512, 1, 512)),
        invalid(disk, "first misaligned, second past the end", reading(1, 512, 1L << 40, 512)),
        beyond("past the end before the output's size", Golden.bytes("read_past_end"), 0),
        invalid("TimeToLive", "601 where 600 is the most", timeToLive(601)),
        invalid("TimeToLive", "TimeToLive is unsigned", timeToLive(-1)),
        tooSmall("535 bytes for a read", read(), 535),
        tooSmall("no room at all", read(), 0),
        tooSmall("15 bytes for a write", write(), 15));
  }

  private static Case notSupported(String what, byte[] input) {
    return new Case(what, "Action", NtStatus.NOT_SUPPORTED, input, 536, true);
  }

  private static Case beyond(String what, byte[] input, int output) {
    return new Case(
        what, "ranges lie on the disk", NtStatus.NONEXISTENT_SECTOR, input, output, true);
  }

  private static Case tooSmall(String what, byte[] input, int output) {
    return new Case(what, "output capacity", NtStatus.BUFFER_TOO_SMALL, input, output, true);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refuses(Case c) {
    DsmRequest request = request(c.input, c.output, c.limits);
    assertThat(DsmChecks.verdict(request)).isEqualTo(c.status);
    DsmChecks.Check refusing =
        checks(c.input).stream()
            .filter(check -> !check.verdict().apply(request).isSuccess())
            .findFirst()
            .orElseThrow();
    assertThat(refusing.name()).isEqualTo(c.check);
  }

  static Stream<Case> accepted() {
    return Stream.of(
        accepted("one range", read()),
        accepted("three ranges", Golden.bytes("read_three_ranges")),
        accepted("write", write()),
        accepted("ranges before parameters", Golden.bytes("write_two_ranges_first")),
        accepted("zero token", Golden.bytes("write_zero_token")),
        accepted("flags and reserved fields are not looked at", with(read(), FLAGS, 0x7FFFFFFE)),
        accepted("parameters longer than defined", with(read(), PARAMETERS_LENGTH, 20)),
        accepted("more input than blocks", grown(read())),
        accepted("the last block of the disk", reading((1L << 30) - 512, 512)),
        accepted("the longest TimeToLive", timeToLive(600)));
  }

  private static Case accepted(String what, byte[] input) {
    return new Case(what, "", NtStatus.SUCCESS, input, 536, true);
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void accepts(Case c) {
    assertThat(DsmChecks.verdict(request(c.input, c.output, true))).isEqualTo(c.status);
  }

  /** The checks of the action that an input asks for; those of any if it does not get so far. */
  private static List<DsmChecks.Check> checks(byte[] input) {
    int action =
        input.length < 28 ? 0 : ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
    return DsmChecks.of(DsmAction.of(action).orElse(DsmAction.NONE));
  }

  @Test
  void everyCheckRefusesSomething() {
    assertThat(refused().map(Case::check).distinct())
        .containsExactlyElementsOf(
            DsmChecks.of(DsmAction.OFFLOAD_READ).stream().map(DsmChecks.Check::name).toList());
  }

  @Test
  void timeToLiveIsNotLimitedIfTheTargetGivesNoLimit() {
    RodTokenLimits none = new RodTokenLimits(0, 0, 0, 0, 0);
    DsmRequest request =
        new DsmRequest(
            ByteBuffer.wrap(timeToLive(-1)), 536, disk(Optional.of(none)), TimeToLiveUnit.SECONDS);
    assertThat(DsmChecks.verdict(request)).isEqualTo(NtStatus.SUCCESS);
  }

  @Test
  void aWriteHasNoTimeToLive() {
    byte[] input = with(write(), 36, -1); // Reserved, where a read has TimeToLive
    assertThat(DsmChecks.verdict(request(input, 16, true))).isEqualTo(NtStatus.SUCCESS);
  }

  private static DsmRequest request(byte[] input, int output, boolean limits) {
    return new DsmRequest(
        ByteBuffer.wrap(input),
        output,
        disk(limits ? Optional.of(LIMITS) : Optional.empty()),
        TimeToLiveUnit.SECONDS);
  }

  private static Discovery disk(Optional<RodTokenLimits> limits) {
    return new Discovery(
        CAPACITY,
        limits.isPresent() ? NtStatus.SUCCESS : NtStatus.DEVICE_FEATURE_NOT_SUPPORTED,
        limits,
        BlockLimits.decode(new byte[0]),
        Optional.empty(),
        Set.of(),
        ByteBuffer.allocate(0),
        0);
  }

  private static byte[] read() {
    return Golden.bytes("read_one_range");
  }

  private static byte[] write() {
    return Golden.bytes("write_token_offset_0");
  }

  private static byte[] trim() {
    return Golden.bytes("trim_one_range");
  }

  private static byte[] with(byte[] input, int offset, int value) {
    ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    return input;
  }

  private static byte[] timeToLive(int value) {
    return with(read(), 32, value);
  }

  private static byte[] grown(byte[] input) {
    return Arrays.copyOf(input, input.length + 64);
  }

  private static byte[] reading(long... ranges) {
    List<DataSetRange> list =
        Stream.iterate(0, i -> i < ranges.length, i -> i + 2)
            .map(i -> new DataSetRange(ranges[i], ranges[i + 1]))
            .toList();
    return ManageDataSetAttributes.input(
        DsmAction.OFFLOAD_READ, new OffloadReadParameters(0, 0).encode(), list);
  }
}
