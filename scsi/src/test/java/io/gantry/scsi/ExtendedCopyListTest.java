package io.gantry.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Parameter lists of EXTENDED COPY, against what sg_xcopy 1.46 sends and bytes put together by hand
 * from the tables of SPC-4.
 */
@NullUnmarked
class ExtendedCopyListTest {
  private static final String NAA_A = "60 00 00 00 00 00 00 0e 00 00 00 00 00 00 00 01";
  private static final String NAA_B = "60 00 00 00 00 00 00 0e 00 00 00 00 00 00 00 02";
  private static final String CSCD_A = "E4 00 00 00 01 03 00 10" + NAA_A + "00000000 00 00 02 00";
  private static final String CSCD_B = "E4 00 00 00 01 03 00 10" + NAA_B + "00000000 00 00 02 00";
  private static final String BLOCKS =
      "02 00 00 18 00 00 00 01 00 00 00 40 00 00 00 00 00 00 10 00 00 00 00 00 00 00 20 00";

  private static final CopyOperatingParameters LIMITS =
      new CopyOperatingParameters(true, 4, 6, 300, 0, 0, 0, 9, 7, 0, List.of(0x02, 0xE4));

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static CscdDescriptor cscd(String naa) {
    return new CscdDescriptor(0, 1, 0, 3, hex(naa), false, 512);
  }

  private static Decoded<ExtendedCopyList> decode(ExtendedCopyList.Format format, String bytes) {
    return ExtendedCopyList.decode(format, ByteBuffer.wrap(hex(bytes)), LIMITS);
  }

  private static void assertList(ExtendedCopyList list, String bytes) {
    assertThat(list.encode().array()).isEqualTo(hex(bytes));
    assertThat(decode(list.format(), bytes))
        .usingRecursiveComparison()
        .isEqualTo(new Decoded.Valid<>(list));
  }

  @Test
  void whatSgXcopySends() {
    ExtendedCopyList list =
        ExtendedCopyList.between(
            1,
            cscd(NAA_A),
            cscd(NAA_B),
            List.of(new CopySegment.Blocks(0, 1, false, false, 64, 0x1000, 0x2000)));
    assertList(list, "01 11 00 40 00000000 0000001C 00000000" + CSCD_A + CSCD_B + BLOCKS);
    assertThat(list.cscd(1)).contains(list.cscds().get(1));
    assertThat(list.cscd(2)).isEmpty();
    assertThat(list.segmentOffset(0)).isEqualTo(80);
    assertThat(list.segmentOffset(1)).isEqualTo(108);
  }

  @Test
  void everySegmentOfTheLongFormat() {
    ExtendedCopyList list =
        new ExtendedCopyList(
            ExtendedCopyList.Format.LID4,
            0xfedcba98,
            ExtendedCopyList.Usage.HOLD,
            7,
            true,
            false,
            true,
            List.of(new CscdDescriptor(0, 1, 0, 2, hex("0102030405060708"), true, 0)),
            List.of(
                new CopySegment.Verify(1, true),
                new CopySegment.RegisterKey(1, 0x11, 0x22),
                new CopySegment.Blocks(1, 0xFFFF, true, true, 0xFFFF, 3, -1),
                new CopySegment.Bytes(1, 1, true, 0xffff_fffeL, 5, 6, 7, 8),
                new CopySegment.Image(1, 1, 9, 10, 0)));
    assertList(
        list,
        "01 27 0020 0000000000000000000000 02 ff 000000 fedcba98"
            + "000000000000000000000000000000000000 0020 0084 0000"
            + "e4 00 0000 01 02 00 08 0102030405060708 000000000000000000000000 04 000000"
            + "07 00 0008 0001 0000 01 000000"
            + "14 00 0018 0000 0001 0000000000000011 0000000000000022 00000000"
            + "02 03 0018 0001 ffff 0000 ffff 0000000000000003 ffffffffffffffff"
            + "0a 01 001c 0001 0001 fffffffe 0000000000000005 0000000000000006 0007 0008"
            + "16 00 001c 0001 0001 0000000000000009 000000000000000a 0000000000000000");
    // An ID counts places of 32 bytes from byte 16 on, and the header takes the first.
    assertThat(list.cscd(0)).isEmpty();
    assertThat(list.cscd(1)).contains(list.cscds().getFirst());
    assertThat(ExtendedCopyList.cscdOffset(1)).isEqualTo(48);
    assertThat(list.segmentOffset(1)).isEqualTo(48 + 32 + 12);
  }

  private static final String ONE = CSCD_A + "02 00 00 18 00 00 00 00" + "00".repeat(20);

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "header cut off,           01 00 0020 00000000 0000001c 000000,    no,   0, 1a, 00, -1",
    "CSCD descriptor cut off,  01 00 0040 00000000 00000000 00000000,  yes,  0, 1a, 00, -1",
    "segment cut off,          01 00 0020 00000000 0000001c 00000000,  yes, -1, 1a, 00, -1",
    "segment longer than list, 01 00 0020 00000000 0000001b 00000000,  yes,  0, 1a, 00, -1",
    "inline data cut off,      01 00 0020 00000000 0000001c 00000001,  yes,  0, 26, 0b, 12",
    "reserved usage,           01 08 0020 00000000 0000001c 00000000,  yes,  0, 26, 00, 1",
    "identifier not used,      01 18 0020 00000000 0000001c 00000000,  yes,  0, 26, 00, 0",
    "CSCD list of no length,   01 00 0021 00000000 0000001b 00000000,  yes,  0, 26, 00, 2",
    "too many CSCDs,           01 00 00a0 00000000 0000001c 00000000,  yes,  0, 26, 06, 2",
    "list too long,            01 00 0020 00000000 0000010d 00000000,  yes,  0, 1a, 00, -1",
    "list much too long,       01 00 0020 00000000 ffffffff 00000000,  yes,  0, 1a, 00, -1",
  })
  void refusedHeaders(
      String what, String header, String rest, int cut, String asc, String ascq, int at) {
    byte[] bytes = hex(header + (rest.equals("yes") ? ONE : ""));
    bytes = Arrays.copyOf(bytes, bytes.length + cut);
    assertRefused(
        ExtendedCopyList.decode(ExtendedCopyList.Format.LID1, ByteBuffer.wrap(bytes), LIMITS),
        what,
        asc,
        ascq,
        at);
  }

  private static void assertRefused(
      Decoded<ExtendedCopyList> decoded, String what, String asc, String ascq, int at) {
    assertThat(decoded).as(what).isInstanceOf(Decoded.Invalid.class);
    if (decoded instanceof Decoded.Invalid<ExtendedCopyList>(Sense sense)) {
      assertThat(sense.key()).isEqualTo(Sense.ILLEGAL_REQUEST_KEY);
      assertThat(sense.asc()).as(what).isEqualTo(Integer.parseInt(asc, 16));
      assertThat(sense.ascq()).as(what).isEqualTo(Integer.parseInt(ascq, 16));
      assertThat(sense.fieldPointer().orElse(-1)).as(what).isEqualTo(at);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "Fibre Channel name,       16, e0,   26, 07, 16",
    "descriptor extension,     16, ff,   26, 07, 16",
    "no designator,            23, 00,   26, 00, 23",
    "designator too long,      23, 15,   26, 00, 23",
    "stream to stream,         48, 03,   26, 09, 48",
    "length of another type,   51, 1c,   26, 00, 50",
  })
  void refusedDescriptors(String what, int where, String value, String asc, String ascq, int at) {
    byte[] bytes = hex("01 00 0020 00000000 0000001c 00000000" + ONE);
    bytes[where] = hex(value)[0];
    assertRefused(
        ExtendedCopyList.decode(ExtendedCopyList.Format.LID1, ByteBuffer.wrap(bytes), LIMITS),
        what,
        asc,
        ascq,
        at);
  }

  @Test
  void oneSegmentTooMany() {
    CopySegment segment = new CopySegment.Verify(0, false);
    ExtendedCopyList list =
        ExtendedCopyList.between(1, cscd(NAA_A), cscd(NAA_B), Collections.nCopies(7, segment));
    assertRefused(
        ExtendedCopyList.decode(ExtendedCopyList.Format.LID1, list.encode(), LIMITS),
        "seven of six",
        "26",
        "08",
        80 + 6 * 12);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "another format,             0, 02, 26, 00, 0",
    "no header descriptor,       3, 00, 26, 00, 2",
    "another header descriptor, 16, e4, 26, 00, 16",
    "IMMED and G_SENSE,         15, 03, 24, 00, -1",
    "IMMED without identifier,  15, 01, 24, 00, -1",
    "identifier not used,       23, 01, 26, 00, 20",
  })
  void refusedLongHeaders(String what, int where, String value, String asc, String ascq, int at) {
    byte[] bytes =
        hex(
            "01 18 0020 0000000000000000000000 00 ff 000000 00000000"
                + "000000000000000000000000000000000000 0020 001c 0000"
                + ONE);
    bytes[where] = hex(value)[0];
    assertRefused(
        ExtendedCopyList.decode(ExtendedCopyList.Format.LID4, ByteBuffer.wrap(bytes), LIMITS),
        what,
        asc,
        ascq,
        at);
  }

  // SPC-4 table 244.
  @Test
  void operatingParameters() {
    byte[] bytes =
        hex(
            "0000002c 01 000000 0040 0100 00002000 12345678 00000000 00000000 00000000 0000"
                + "1234 ff 09 00 00 000000 04 02 0a 14 e4");
    CopyOperatingParameters parameters =
        new CopyOperatingParameters(
            true, 64, 256, 8192, 0x12345678, 0, 0, 0x1234, 255, 9, List.of(0x02, 0x0A, 0x14, 0xE4));
    assertThat(parameters.encode()).isEqualTo(bytes);
    assertThat(CopyOperatingParameters.decode(ByteBuffer.wrap(bytes))).isEqualTo(parameters);
    assertThat(parameters.supports(0x0A)).isTrue();
    assertThat(parameters.supports(0x07)).isFalse();
    assertThat(CopyOperatingParameters.decode(ByteBuffer.allocate(43))).isNull();
  }

  // SPC-4 table 589: a target port's name first, then a T10 one, EUI-64, and NAA twice.
  @Test
  void theBestNameOfADisk() {
    byte[] page =
        hex(
            "00 83 004e"
                + "53 98 00 04 61 62 63 00"
                + "02 01 00 0a 47 41 4e 54 52 59 20 20 31 32"
                + "01 02 00 08 0102030405060708"
                + "01 03 00 10"
                + NAA_A
                + "01 03 00 10"
                + NAA_B);
    CscdDescriptor best = CscdDescriptor.of(page, 512).orElseThrow();
    assertThat(best).usingRecursiveComparison().isEqualTo(cscd(NAA_A));
    assertThat(best.names(page)).isTrue();
    assertThat(cscd(NAA_B).names(page)).isTrue();
    assertThat(cscd("60000000000000ff0000000000000001").names(page)).isFalse();
    assertThat(new CscdDescriptor(0, 1, 0, 2, hex("0102030405060708"), false, 0).names(page))
        .isTrue();
    assertThat(new CscdDescriptor(0, 1, 0, 2, hex("01020304050607"), false, 0).names(page))
        .isFalse();
    byte[] cut = Arrays.copyOf(page, page.length - 24);
    assertThat(CscdDescriptor.of(cut, 512).orElseThrow().designatorType()).isEqualTo(2);
    assertThat(cscd(NAA_A).names(cut)).isFalse();
    assertThat(CscdDescriptor.of(hex("00 83 0008 53 98 00 04 61 62 63 00"), 512)).isEmpty();
  }

  @Test
  void anAddressIsAName() throws UnknownHostException {
    Ipv4CscdDescriptor address =
        new Ipv4CscdDescriptor(
            0,
            0x0005_0000_0000_0000L,
            (Inet4Address) InetAddress.getByName("192.0.2.33"),
            3260,
            Ipv4CscdDescriptor.TCP,
            true,
            4096);
    ByteBuffer b = ByteBuffer.allocate(Cscd.LENGTH);
    address.encode(b, 0);
    assertThat(b.array())
        .isEqualTo(
            hex("E5 00 0000 0005000000000000 C0000221 000000000000 0CBC 0000 0006 04 001000"));
    assertThat(Cscd.decode(b, 0)).isEqualTo(new Decoded.Valid<>(address));
    b.put(1, (byte) 0x40); // a proxy token
    assertThat(Cscd.decode(b, 0))
        .isEqualTo(new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(1)));
  }
}
