package io.gantry.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every decoder of parameter lists and of what targets return takes any bytes; what it makes of
 * them can be written and read again. The first byte of an input says which one; the list lies in
 * the middle of a larger buffer, as it does where commands come from.
 */
@NullUnmarked
class ParameterListFuzzTest {
  private static final int BLOCK = 512;

  private static final List<Command> RESERVE_OUT =
      Stream.of(Command.values())
          .filter(command -> command.name().startsWith("PR_"))
          .filter(command -> command.opcode() == 0x5F)
          .toList();

  private static final CopyOperatingParameters COPY_LIMITS =
      new CopyOperatingParameters(true, 4, 16, 1024, 0, 0, 0, 9, 7, 0, List.of());

  private static byte[] seed(int kind, String hex, int length) {
    byte[] list = HexFormat.of().parseHex(hex.replace(" ", ""));
    byte[] bytes = new byte[1 + Math.max(length, list.length)];
    bytes[0] = (byte) kind;
    System.arraycopy(list, 0, bytes, 1, list.length);
    return bytes;
  }

  /** Put together by hand from the tables of SPC-4 and SBC-3. */
  static Stream<byte[]> seeds() {
    String port =
        "45 00 0034"
            + HexFormat.of()
                .formatHex(
                    "iqn.1993-08.org.debian:01:abcdef,i,0x00023d000001"
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII))
            + "000000";
    String keys = "00000000000000ab 00000000000000cd 00000000";
    return Stream.of(
        seed(0, "0016 0010 00000000 0000000000000100 00000800 00000000", 0),
        seed(1, "001e 00 00 00000000 00000000 0000 0010 0000000000000100 00000800 00000000", 0),
        seed(
            1,
            "002e 03 00 ffffffff 0080ffff 0000 0020"
                + "0000000000000100 00000800 00000000 0102030405060708 ffffffff 00000000",
            0),
        seed(2, "0226 03 0000000000 0000000000000007 ffff0001 0000 01f8", 552),
        seed(3, "01 00 0002 dead", 0),
        seed(3, "9f 00 0200", 4 + BLOCK),
        seed(4, keys + "01 00 0000", 0),
        seed(4, keys + "08 00 0000 00000038" + port, 0),
        seed(4 + 16, keys + "04 00 0000", 0),
        seed(4 + 112, "00000000000000ab 00000000000000cd 00 03 0001 00000038" + port, 0),
        seed(5, port, 0),
        seed(6, "70 00 05 00000000 0a 00000000 2600 00 80000e", 0),
        seed(6, "72 0a 0d 04 000000 0c 00 0a 80 00 0000000123456789", 0),
        seed(6, "72 05 24 00 000000 08 02 06 0000 c0 0001 00", 0),
        seed(
            7,
            "00000034 11 03 0001 fffffffe 02 14 12 f1 0000000000000005 0000 000000000000"
                + "f0 00 0a 00000005 0a 00000000 0d04 00 000000 0000 00000000",
            0),
        seed(
            7,
            "00000222 10 01 0001 fffffffe 00 00 00 f1 0000000000000800 0000 000000000000"
                + "00000202 0000 ffff0001 0000 01f8",
            550),
        seed(
            8,
            "00 8f 0024 0000 0020 000000000000 0040 00000258 0000003c 0000000000100000"
                + "0000000000020000",
            0),
        seed(9, "00 b0 003c 00 01 0080 00002000 00000800", 64),
        seed(10, "0000000000ffffff 00000200 00 03 c000", 32),
        seed(10, "0000000000ffffff ff000002 00 03 c000", 32), // a negative int
        seed(11, "00800000 0000 01f8", 512),
        seed(12, "0001 000000000000", 0),
        // What sg_xcopy and libiscsi's tests send.
        seed(
            13,
            "01 11 0040 00000000 0000001c 00000000"
                + "e4 00 0000 01 03 00 10 600000000000000e0000000000000001 00000000 00 000200"
                + "e4 00 0000 01 03 00 10 600000000000000e0000000000000002 00000000 00 000200"
                + "02 00 0018 0000 0001 0000 0040 0000000000001000 0000000000002000",
            0),
        seed(
            13 + 16,
            "01 27 0020 0000000000000000000000 02 ff 000000 fedcba98"
                + "000000000000000000000000000000000000 0020 0084 0000"
                + "e4 00 0000 01 02 00 08 0102030405060708 000000000000000000000000 04 000000"
                + "07 00 0008 0001 0000 01 000000"
                + "14 00 0018 0000 0001 0000000000000011 0000000000000022 00000000"
                + "02 03 0018 0001 ffff 0000 ffff 0000000000000003 ffffffffffffffff"
                + "0a 01 001c 0001 0001 fffffffe 0000000000000005 0000000000000006 0007 0008"
                + "16 00 001c 0001 0001 0000000000000009 000000000000000a 0000000000000000",
            0),
        seed(
            14,
            "0000002c 01 000000 0040 0100 00002000 12345678 00000000 00000000 00000000 0000"
                + "1234 ff 09 00 00 000000 04 02 0a 14 e4",
            0),
        seed(14 + 16, "00 00 00 08 02 00 03 00 00 00 10 00", 0),
        seed(
            14 + 32,
            "0000005d"
                + "00".repeat(52)
                + "02 00 0025 70 00 0a 00000000 1d 00 12 0002 00 00 00 80 00ac"
                + "02 70 00 05 00000000 0a 00000000 21 00 00 00 0000",
            0),
        seed(
            6,
            "70 00 0a 00000000 1d 00 12 0002 00 00 00 80 00ac"
                + "02 70 00 05 00000000 0a 00000000 21 00 00 00 0000",
            0),
        seed(
            6,
            "72 0a 0d 01 000000 22 01 0a 00 00 0000000200000000 02 06 0000 80 00ac 00"
                + "0c 0a 02 02 72 07 27 07 00000000",
            0),
        seed(6, "72 0f 00 20 000000 0c 01 0a 00 00 0000000000000002", 0),
        seed(15, "00 83 0014 01 03 00 10 600000000000000e0000000000000001", 0));
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "3m")
  void anyBytes(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
    int choice = (input[0] & 0xff) >> 4;
    ByteBuffer room = ByteBuffer.allocate(bytes.length + 7).put(3, bytes);
    ByteBuffer list = room.position(3).limit(3 + bytes.length).slice().asReadOnlyBuffer();
    switch (input[0] & 0xf) {
      case 0 -> {
        if (UnmapList.decode(list) instanceof Decoded.Valid<List<BlockRange>>(var ranges)) {
          assertThat(UnmapList.decode(UnmapList.encode(ranges)))
              .isEqualTo(new Decoded.Valid<>(ranges));
        }
      }
      case 1 -> {
        if (PopulateTokenList.decode(list)
                instanceof Decoded.Valid<PopulateTokenList>(PopulateTokenList read)
            && !read.ranges().isEmpty()) {
          assertThat(PopulateTokenList.decode(read.encode())).isEqualTo(new Decoded.Valid<>(read));
        }
      }
      case 2 -> {
        if (WriteUsingTokenList.decode(list)
                instanceof Decoded.Valid<WriteUsingTokenList>(WriteUsingTokenList read)
            && !read.ranges().isEmpty()) {
          assertThat(WriteUsingTokenList.decode(read.encode()))
              .usingRecursiveComparison()
              .isEqualTo(new Decoded.Valid<>(read));
        }
      }
      case 3 -> {
        int announced = choice == 0 ? bytes.length : choice * 40;
        if (SanitizeOverwriteList.decode(list, announced, BLOCK)
            instanceof Decoded.Valid<SanitizeOverwriteList>(SanitizeOverwriteList read)) {
          assertThat(read.block()).hasSize(BLOCK);
          assertThat(read.passes()).isBetween(1, 31);
        }
      }
      case 4 -> {
        Command command = RESERVE_OUT.get(choice % RESERVE_OUT.size());
        if (PersistentReserveOutList.decode(command, list, bytes.length)
            instanceof Decoded.Valid<PersistentReserveOutList>(PersistentReserveOutList read)) {
          read.ports().forEach(ParameterListFuzzTest::checkPort);
        }
      }
      case 5 -> TransportId.decode(list).ifPresent(ParameterListFuzzTest::checkPort);
      case 6 -> {
        Sense sense = Sense.decode(bytes);
        assertThat(Sense.decode(sense.encodeDescriptor())).isEqualTo(sense);
        assertThat(sense.toString()).isNotEmpty();
      }
      case 7 -> {
        RodTokenInformation read = RodTokenInformation.decode(list);
        if (read != null) {
          assertThat(RodTokenInformation.decode(ByteBuffer.wrap(read.encode())))
              .usingRecursiveComparison()
              .isEqualTo(read);
        }
      }
      case 8 -> {
        RodTokenLimits read = RodTokenLimits.find(bytes);
        assertThat(read == null || read.encode().length == RodTokenLimits.LENGTH).isTrue();
      }
      case 9 -> {
        BlockLimits read = BlockLimits.decode(bytes);
        assertThat(BlockLimits.decode(read.encode())).isEqualTo(read);
      }
      case 10 -> {
        if (bytes.length >= Capacity.LENGTH) {
          Capacity read = Capacity.decode(list);
          assertThat(Capacity.decode(ByteBuffer.wrap(read.encode()))).isEqualTo(read);
        }
      }
      case 11 -> {
        byte[] token = Arrays.copyOf(bytes, RodToken.LENGTH);
        assertThat(Long.toString(RodToken.identifier(token))).isNotEmpty();
        assertThat(Long.toString(RodToken.bytesRepresented(token))).isNotEmpty();
        assertThat(Integer.toHexString(RodToken.type(token))).isNotEmpty();
        assertThat(RodToken.hasValidLength(token))
            .isEqualTo(token[6] == 1 && token[7] == (byte) 0xF8);
      }
      case 13 -> {
        ExtendedCopyList.Format format =
            choice == 0 ? ExtendedCopyList.Format.LID1 : ExtendedCopyList.Format.LID4;
        if (ExtendedCopyList.decode(format, list, COPY_LIMITS)
            instanceof Decoded.Valid<ExtendedCopyList>(ExtendedCopyList read)) {
          assertThat(ExtendedCopyList.decode(format, read.encode(), COPY_LIMITS))
              .usingRecursiveComparison()
              .isEqualTo(new Decoded.Valid<>(read));
          assertThat(read.segmentOffset(read.segments().size()))
              .isEqualTo(read.encode().remaining());
        }
      }
      case 14 -> {
        if (choice == 1) {
          CopyCommandStatus status = CopyCommandStatus.decode(list);
          assertThat(
                  status == null
                      || status.equals(CopyCommandStatus.decode(ByteBuffer.wrap(status.encode()))))
              .isTrue();
        } else if (choice == 2) {
          CopyFailureDetails details = CopyFailureDetails.decode(list);
          assertThat(details == null || details.encode().length >= 60).isTrue();
        }
        CopyOperatingParameters read = CopyOperatingParameters.decode(list);
        if (read != null) {
          assertThat(CopyOperatingParameters.decode(ByteBuffer.wrap(read.encode())))
              .isEqualTo(read);
        }
      }
      case 15 ->
          CscdDescriptor.of(bytes, BLOCK)
              .ifPresent(found -> assertThat(found.names(bytes)).isTrue());
      default -> {
        if (bytes.length >= Long.BYTES) {
          assertThat(Lun.decode(list.getLong(0))).isGreaterThanOrEqualTo(-1);
        }
      }
    }
  }

  private static void checkPort(TransportId port) {
    assertThat(TransportId.decode(ByteBuffer.wrap(port.encode()))).contains(port);
  }
}
