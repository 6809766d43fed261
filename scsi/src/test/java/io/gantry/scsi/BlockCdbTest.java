package io.gantry.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockCdb.ByteCheck;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** CDBs of block devices, byte by byte as SBC-3 lays them out, and the rows of the table. */
@NullUnmarked
class BlockCdbTest {
  /** CDBs, and how much they take from the initiator with blocks of 512 bytes. */
  @ParameterizedTest
  @CsvSource({
    "00 00 00 00 00 00, 0",
    "0a 00 00 00 00 00, 131072",
    "28 00 00000000 00 0001 00, 0",
    "2a 00 00000000 00 ffff 00, 33553920",
    "8a 00 0000000000000000 ffffffff 00 00, 2199023255040",
    "2e 00 00000000 00 0003 00, 1536",
    "2f 00 00000000 00 0003 00, 0",
    "2f 02 00000000 00 0003 00, 1536",
    "2f 06 00000000 00 0003 00, 512",
    "41 00 00000000 00 0003 00, 512",
    "93 01 0000000000000000 00000003 00 00, 0",
    "89 00 0000000000000000 000000 ff 00 00, 261120",
    "8b 00 0000000000000000 00000003 00 00, 1536",
    "9c 00 0000000000000000 0000 0003 00 00, 1536",
    "42 00 00000000 00 0018 00, 24",
    "48 01 0000000000 0204 00, 516",
    "04 00 00 0000 00, 0",
    "04 10 00 0000 00, 9223372036854775807",
    "15 10 0000 18 00, 24",
    "55 10 0000000000 0118 00, 280",
    "5f 00 00 0000 00000018 00, 24",
    "83 10 00000000 00000001 00000030 00 00, 48",
    "a3 0c 00 00 0000 00000100 00 00, 0",
    "a4 0f 00000000 ffffffff 00 00, 4294967295",
    "3b 0a 00 000000 000040 00, 64",
    "1d 00 00 0010 00, 16"
  })
  void dataOut(String cdb, long bytes) {
    byte[] encoded = HexFormat.of().parseHex(cdb.replace(" ", ""));
    assertThat(Cdb.decode(encoded))
        .isInstanceOfSatisfying(
            Decoded.Valid.class,
            valid -> assertThat(((Cdb) valid.value()).dataOutBytes(512)).isEqualTo(bytes));
  }

  static Stream<Arguments> cdbs() {
    return Stream.of(
        Arguments.of(new Cdb.Transfer(Command.READ_6, 0x12345, 7, false), "08 01 23 45 07 00"),
        Arguments.of(new Cdb.Transfer(Command.WRITE_6, 0x1F_FFFF, 256, false), "0a1fffff0000"),
        Arguments.of(
            new Cdb.Transfer(Command.READ_12, 0x8000_0000L, 0x10203, true),
            "a8 08 80000000 00010203 00 00"),
        Arguments.of(
            new Cdb.Transfer(Command.WRITE_12, 3, 2, false), "aa 00 00000003 00000002 00 00"),
        Arguments.of(
            new BlockCdb.Verify(Command.VERIFY_10, 0x12345678, 0x9ABC, ByteCheck.EACH_BLOCK),
            "2f 02 12345678 00 9abc 00"),
        Arguments.of(
            new BlockCdb.Verify(Command.VERIFY_12, 1, 0x20000, ByteCheck.ONE_BLOCK),
            "af 06 00000001 00020000 00 00"),
        Arguments.of(
            new BlockCdb.Verify(Command.VERIFY_16, 1L << 40, 5, ByteCheck.READABLE),
            "8f 00 0000010000000000 00000005 00 00"),
        Arguments.of(
            new BlockCdb.WriteAndVerify(Command.WRITE_AND_VERIFY_10, 9, 1, ByteCheck.EACH_BLOCK),
            "2e 02 00000009 00 0001 00"),
        Arguments.of(
            new BlockCdb.WriteAndVerify(Command.WRITE_AND_VERIFY_12, 9, 1, ByteCheck.READABLE),
            "ae 00 00000009 00000001 00 00"),
        Arguments.of(
            new BlockCdb.WriteAndVerify(Command.WRITE_AND_VERIFY_16, -1, 1, ByteCheck.READABLE),
            "8e 00 ffffffffffffffff 00000001 00 00"),
        Arguments.of(
            new BlockCdb.WriteSame(Command.WRITE_SAME_10, 0x200, 0x40, true, false),
            "41 08 00000200 00 0040 00"),
        Arguments.of(
            new BlockCdb.WriteSame(Command.WRITE_SAME_16, 0x200, 0x400000, false, true),
            "93 01 0000000000000200 00400000 00 00"),
        Arguments.of(
            new BlockCdb.CompareAndWrite(0x1000, 1, true),
            "89 08 0000000000001000 000000 01 00 00"),
        Arguments.of(
            new BlockCdb.OrWrite(0x1000, 0x11, false), "8b 00 0000000000001000 00000011 00 00"),
        Arguments.of(
            new BlockCdb.WriteAtomic(0x1000, 0x20, true), "9c 08 0000000000001000 0000 0020 00 00"),
        Arguments.of(
            new BlockCdb.PreFetch(Command.PRE_FETCH_10, 2, 3, true), "34 02 00000002 00 0003 00"),
        Arguments.of(
            new BlockCdb.PreFetch(Command.PRE_FETCH_16, 2, 3, false),
            "90 00 0000000000000002 00000003 00 00"),
        Arguments.of(
            new BlockCdb.ReadDefectData(Command.READ_DEFECT_DATA_10, true, false, 5, 0x20),
            "37 00 15 00000000 0020 00"),
        Arguments.of(
            new BlockCdb.ReadDefectData(Command.READ_DEFECT_DATA_12, false, true, 0, 0x20),
            "b7 08 00000000 00000020 00 00"),
        Arguments.of(new BlockCdb.FormatUnit(true, false), "04 10 00 0000 00"),
        Arguments.of(new BlockCdb.StartStopUnit(true, 0, false, true, false), "1b 01 00 00 02 00"),
        Arguments.of(new BlockCdb.StartStopUnit(false, 3, true, false, true), "1b00000035 00"),
        Arguments.of(new BlockCdb.PreventAllow(1), "1e 00 00 00 01 00"),
        Arguments.of(
            new BlockCdb.Sanitize(Command.SANITIZE_OVERWRITE, true, false, 0x204),
            "48 81 0000000000 0204 00"),
        Arguments.of(
            new BlockCdb.Sanitize(Command.SANITIZE_BLOCK_ERASE, false, true, 0),
            "48 22 0000000000 0000 00"),
        Arguments.of(
            new BlockCdb.Sanitize(Command.SANITIZE_EXIT_FAILURE_MODE, false, false, 0),
            "48 1f 0000000000 0000 00"),
        Arguments.of(new Cdb.GetLbaStatus(7, 24, 2), "9e 12 0000000000000007 00000018 02 00"));
  }

  @ParameterizedTest
  @MethodSource("cdbs")
  void bytes(Cdb cdb, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThat(cdb.encode()).isEqualTo(bytes);
    assertThat(Cdb.decode(Arrays.copyOf(bytes, 16))).isEqualTo(new Decoded.Valid<>(cdb));
  }

  /** RD/WR/VRPROTECT, ANCHOR, an atomic boundary, ZNR, and a list for BLOCK ERASE. */
  @ParameterizedTest
  @CsvSource({
    "28 20 00000000 00 0001 00, 1",
    "88 80 0000000000000000 00000001 00 00, 1",
    "2f 40 00000000 00 0001 00, 1",
    "41 10 00000000 00 0001 00, 1",
    "93 18 0000000000000000 00000001 00 00, 1",
    "42 01 00000000 00 0018 00, 1",
    "9c 00 0000000000000000 0001 0001 00 00, 11",
    "48 42 0000000000 0000 00, 1",
    "48 02 0000000000 0008 00, 8",
    "48 03 0000000000 0000 00, 1"
  })
  void whatIsNotOffered(String hex, int position) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThat(Cdb.decode(bytes))
        .isEqualTo(new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_CDB.at(position)));
  }

  @Test
  void rowsAreUniqueAndAsLongAsTheirGroupSays() {
    Set<String> seen = new HashSet<>();
    for (Command command : Command.values()) {
      assertThat(seen.add(command.opcode() + "/" + command.serviceAction())).isTrue();
      int length = switch (command.opcode() >> 5) { // SPC-4 4.2.5.1
            case 0 -> 6;
            case 1, 2 -> 10;
            case 4 -> 16;
            default -> 12;
          };
      assertThat(command.cdbLength()).as(command.name()).isEqualTo(length);
      assertThat(command.usage()[0] & 0xff).isEqualTo(command.opcode());
      assertThat(command.usage()[length - 1]).as("CONTROL: no NACA").isZero();
      command
          .serviceAction()
          .ifPresent(action -> assertThat(command.usage()[1] & 0x1F).isEqualTo(action));
    }
  }

  /** SPC-4 5.13.1, SBC-3 4.15. */
  @Test
  void someCommandsSayInTheirCdbHowTheyCountForReservations() {
    assertThat(new BlockCdb.PreventAllow(0).access()).isEqualTo(Command.Access.ALWAYS);
    assertThat(new BlockCdb.PreventAllow(1).access()).isEqualTo(Command.Access.WRITE);
    assertThat(new BlockCdb.StartStopUnit(false, 0, false, false, true).access())
        .isEqualTo(Command.Access.ALWAYS);
    assertThat(new BlockCdb.StartStopUnit(false, 0, false, false, false).access())
        .isEqualTo(Command.Access.WRITE);
    assertThat(Cdb.Transfer.read(0, 1).access()).isEqualTo(Command.Access.READ);
    assertThat(Cdb.SynchronizeCache.all().access()).isEqualTo(Command.Access.WRITE);
    assertThat(Command.SYNCHRONIZE_CACHE_10.needs()).isEqualTo(Command.Needs.MEDIUM);
  }
}
