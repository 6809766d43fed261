package io.gantry.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The token commands against bytes put together by hand from the tables of SPC-4 and SBC-4. */
class CopyCommandsTest {
  private static final byte[] TOKEN = token();

  private static byte[] token() {
    byte[] token = new byte[512];
    for (int i = 0; i < token.length; i++) {
      token[i] = (byte) (5 * i + 1);
    }
    return token;
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static byte[] join(byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }

  private static void assertCdb(Cdb cdb, String bytes) {
    assertThat(cdb.encode()).isEqualTo(hex(bytes));
    assertThat(Cdb.decode(hex(bytes))).isEqualTo(new Decoded.Valid<>(cdb));
  }

  @Test
  void commandDescriptorBlocks() {
    assertCdb(
        new Cdb.TokenOperation(Command.POPULATE_TOKEN, 0x101, 32),
        "8310 00000000 00000101 00000020 00 00");
    assertCdb(
        new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 0x102, 552),
        "8311 00000000 00000102 00000228 00 00");
    assertCdb(
        new Cdb.ReceiveRodTokenInformation(0x101, 550), "8407 00000101 00000000 00000226 00 00");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "no bytes,                     '',                                      20, 0",
    "unknown operation code,       ff 00 0000 0000,                         20, 0",
    "unknown service action,       8312 00000000 00000101 00000020 00 00,   24, 1",
    "a reserved byte is not 0,     8310 00000001 00000101 00000020 00 00,   24, 5",
    "cut off,                      8310 00000000 00000101 00000020 00,      24, 15",
  })
  void refusedCommandDescriptorBlocks(String what, String bytes, String asc, int at) {
    Decoded<Cdb> decoded = Cdb.decode(hex(bytes));
    assertThat(decoded).as(what).isInstanceOf(Decoded.Invalid.class);
    if (decoded instanceof Decoded.Invalid<Cdb>(Sense sense)) {
      assertThat(sense.key()).isEqualTo(Sense.ILLEGAL_REQUEST_KEY);
      assertThat(sense.asc()).isEqualTo(Integer.parseInt(asc, 16));
      assertThat(sense.fieldPointer().orElse(0)).isEqualTo(at);
    }
  }

  @Test
  void populateTokenList() {
    byte[] bytes = hex("001e 00 00 00000000 00000000 0000 0010 0000000000000100 00000800 00000000");
    PopulateTokenList list =
        new PopulateTokenList(false, 0, OptionalInt.empty(), List.of(new BlockRange(256, 2048)));
    assertThat(list.encode().array()).isEqualTo(bytes);
    assertThat(PopulateTokenList.decode(ByteBuffer.wrap(bytes)))
        .isEqualTo(new Decoded.Valid<>(list));
  }

  @Test
  void populateTokenListWithEverything() {
    byte[] bytes =
        hex(
            "002e 03 00 ffffffff 0080ffff 0000 0020"
                + " 0000000000000100 00000800 00000000 0102030405060708 ffffffff 00000000");
    PopulateTokenList list =
        new PopulateTokenList(
            true,
            0xFFFF_FFFFL,
            OptionalInt.of(RodToken.TYPE_POINT_IN_TIME_ANY),
            List.of(
                new BlockRange(256, 2048), new BlockRange(0x0102_0304_0506_0708L, 0xFFFF_FFFFL)));
    assertThat(list.encode().array()).isEqualTo(bytes);
    assertThat(PopulateTokenList.decode(ByteBuffer.wrap(bytes)))
        .isEqualTo(new Decoded.Valid<>(list));
  }

  @Test
  void writeUsingTokenList() {
    byte[] bytes =
        join(
            hex("0226 03 0000000000 0000000000000007"),
            TOKEN,
            hex("000000000000 0010 0000000000000000 00000800 00000000"));
    Decoded<WriteUsingTokenList> decoded = WriteUsingTokenList.decode(ByteBuffer.wrap(bytes));
    assertThat(decoded).isInstanceOf(Decoded.Valid.class);
    if (decoded instanceof Decoded.Valid<WriteUsingTokenList>(WriteUsingTokenList list)) {
      assertThat(list.immediate()).isTrue();
      assertThat(list.deleteToken()).isTrue();
      assertThat(list.offsetBlocks()).isEqualTo(7);
      assertThat(list.token()).isEqualTo(TOKEN);
      assertThat(list.ranges()).containsExactly(new BlockRange(0, 2048));
      assertThat(list.encode().array()).isEqualTo(bytes);
    }
  }

  @Test
  void populateTokenListsThatAreTooShort() {
    byte[] whole = hex("001e 00 00 00000000 00000000 0000 0010 0000000000000100 00000800 00000000");
    assertThat(PopulateTokenList.decode(ByteBuffer.wrap(whole, 0, 15)))
        .isEqualTo(new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR));
    byte[] dataLength = whole.clone();
    dataLength[1] = 0x1D;
    assertThat(PopulateTokenList.decode(ByteBuffer.wrap(dataLength)))
        .isEqualTo(new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(0)));
    byte[] descriptors = whole.clone();
    descriptors[15] = 0x0F;
    assertThat(PopulateTokenList.decode(ByteBuffer.wrap(descriptors)))
        .isEqualTo(new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(14)));
  }

  @Test
  void reportOfAPopulatedToken() {
    byte[] bytes =
        join(
            hex("00000222 10 01 0001 fffffffe 00 00 00 f1 0000000000000800 0000 000000000000"),
            hex("00000202 0000"),
            TOKEN);
    RodTokenInformation information = decodeReport(bytes);
    assertThat(information.serviceAction()).isEqualTo(0x10);
    assertThat(information.status()).isEqualTo(RodTokenInformation.STATUS_COMPLETED);
    assertThat(information.isFinished()).isTrue();
    assertThat(information.transferBlocks()).isEqualTo(2048);
    assertThat(information.token()).isEqualTo(TOKEN);
    assertThat(information.encode()).isEqualTo(bytes);
  }

  @Test
  void reportOfAShortWrite() {
    byte[] bytes =
        hex(
            "00000034 11 03 0001 fffffffe 02 14 12 f1 0000000000000005 0000 000000000000"
                + " f0 00 0a 00000005 0a 00000000 0d04 00 000000 0000 00000000");
    RodTokenInformation information = decodeReport(bytes);
    assertThat(information.sense()).isEqualTo(Sense.COPY_UNDERRUN.withInformation(5));
    assertThat(information.completionStatus()).isEqualTo(ScsiStatus.CHECK_CONDITION.code());
    assertThat(information.token()).isNull();
    assertThat(information.encode()).isEqualTo(bytes);
  }

  private static RodTokenInformation decodeReport(byte[] bytes) {
    RodTokenInformation information = RodTokenInformation.decode(ByteBuffer.wrap(bytes));
    if (information == null) {
      throw new AssertionError("no header");
    }
    return information;
  }

  @Test
  void limitsDescriptor() {
    byte[] descriptor =
        hex("0000 0020 000000000000 0040 00000258 0000003c 0000000000100000 0000000000020000");
    RodTokenLimits limits = new RodTokenLimits(64, 600, 60, 0x100000, 0x20000);
    assertThat(limits.encode()).isEqualTo(descriptor);
    assertThat(RodTokenLimits.find(join(hex("00 8f 0024"), descriptor))).isEqualTo(limits);
    assertThat(RodTokenLimits.find(join(hex("00 8f 0023"), descriptor))).isNull();
    assertThat(RodTokenLimits.find(join(hex("00 8f 0028 0001 0000"), descriptor))).isNull();
  }

  @Test
  void senseData() {
    assertThat(Sense.decode(hex("70 00 05 00000000 0a 00000000 2304 00 000000")))
        .isEqualTo(Sense.TOKEN_UNKNOWN);
    assertThat(Sense.decode(hex("70 00 05 00000000 0a 00000000 2600 00 80000e")))
        .isEqualTo(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(14));
    assertThat(Sense.decode(hex("72 0a 0d 04 000000 0c 00 0a 80 00 0000000123456789")))
        .isEqualTo(Sense.COPY_UNDERRUN.withInformation(0x1_2345_6789L));
    assertThat(Sense.decode(hex("72 05 24 00 000000 08 02 06 0000 c0 0001 00")))
        .isEqualTo(Sense.INVALID_FIELD_IN_CDB.at(1));
    assertThat(Sense.COPY_UNDERRUN.withInformation(0x1_2345_6789L).encode())
        .isEqualTo(hex("72 0a 0d 04 000000 0c 00 0a 80 00 0000000123456789"));
    assertThat(Sense.INVALID_FIELD_IN_CDB.at(1).encode())
        .isEqualTo(hex("70 00 05 00000000 0a 00000000 2400 00 c00001"));
  }

  @Test
  void zeroToken() {
    assertThat(RodToken.zero()).isEqualTo(Arrays.copyOf(hex("ffff0001 0000 01f8"), 512));
  }
}
