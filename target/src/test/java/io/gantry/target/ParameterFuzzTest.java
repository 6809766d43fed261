package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Commands with parameter lists of any bytes get an answer from a real unit, and never the one that
 * tells of a fault of ours. An input is a byte that chooses the command, one that is laid over the
 * CDB where bits are free, and the list.
 */
@NullUnmarked
class ParameterFuzzTest {

  /** With the place of PARAMETER LIST LENGTH and its bytes. */
  private record Kind(Command command, int lengthAt, int lengthBytes) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(Command.MODE_SELECT_6, 4, 1),
          new Kind(Command.MODE_SELECT_10, 7, 2),
          new Kind(Command.PR_REGISTER, 5, 4),
          new Kind(Command.PR_RESERVE, 5, 4),
          new Kind(Command.PR_PREEMPT, 5, 4),
          new Kind(Command.PR_REGISTER_AND_IGNORE, 5, 4),
          new Kind(Command.PR_REGISTER_AND_MOVE, 5, 4),
          new Kind(Command.UNMAP, 7, 2),
          new Kind(Command.POPULATE_TOKEN, 10, 4),
          new Kind(Command.WRITE_USING_TOKEN, 10, 4),
          new Kind(Command.EXTENDED_COPY_LID1, 10, 4),
          new Kind(Command.EXTENDED_COPY_LID4, 10, 4));

  @TempDir static Path directory;
  private static Pool pool;
  private static PoolTarget target;
  private static ScsiDevice device;

  @BeforeAll
  static void open() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:fuzz");
    pool.createVolume("small", 300 * 512, 512);
    device = target.open("host", 0);
  }

  @AfterAll
  static void close() throws IOException {
    device.close();
    target.close();
    pool.close();
  }

  private static byte[] seed(int kind, int bits, String hex, int length) {
    byte[] list = HexFormat.of().parseHex(hex.replace(" ", ""));
    byte[] bytes = Arrays.copyOf(new byte[] {(byte) kind, (byte) bits}, 2 + list.length + length);
    System.arraycopy(list, 0, bytes, 2, list.length);
    return bytes;
  }

  /** Written by hand from the tables of SPC-4 and SBC-4. */
  static Stream<byte[]> seeds() {
    String keys = "00000000000000ab 00000000000000cd 00000000";
    return Stream.of(
        seed(0, 0x10, "00000000 08 12 0400 ffff 0000 ffff ffff 0000 00000000 0000", 0),
        seed(0, 0x10, "00000008 00000000 00000200 0a 0a 0200 0000 0000 0000 0000", 0),
        seed(1, 0x11, "0000000000000000 08 12 0400 ffff 0000 ffff ffff 0000 00000000 0000", 0),
        seed(1, 0x10, "0000000000000000 5c 02 001c", 28),
        seed(2, 0, keys + "01 00 0000", 0),
        seed(3, 0, keys + "00 00 0000", 0),
        seed(4, 0, keys + "00 00 0000", 0),
        seed(5, 0, keys + "04 00 0000", 0),
        seed(6, 0, "00000000000000ab 00000000000000cd 00 03 0001 00000018 45000014", 20),
        seed(7, 0, "0016 0010 00000000 0000000000000100 00000010 00000000", 0),
        seed(8, 0, "001e 0000 00000000 00000000 0000 0010 0000000000000010 00000008 00000000", 0),
        seed(9, 0, "0226 03 0000000000 0000000000000007 ffff0001 0000 01f8", 536),
        // Segments of all types; FFFFh is the unit itself.
        seed(
            10,
            0,
            "01 01 0020 00000000 000000a4 00000000"
                + "e4 00 0000 01 03 00 10 600000000000000e0000000000000001 00000000 00 000200"
                + "07 00 0008 ffff 0000 01 000000"
                + "02 03 0018 ffff ffff 0000 0010 0000000000000003 0000000000000010"
                + "0a 01 001c ffff ffff 00001234 0000000000000005 0000000000000006 0007 0008"
                + "16 00 001c ffff ffff 0000000000000009 000000000000000a 0000000000000000"
                + "14 00 0018 0000 ffff 0000000000000011 0000000000000022 00000000"
                + "02 00 0018 0000 ffff 0000 0001 0000000000000000 0000000000000000",
            0),
        seed(
            11,
            0,
            "01 07 0020 0000000000000000000000 02 ff 000000 00000007"
                + "000000000000000000000000000000000000 0000 001c 0000"
                + "02 00 0018 ffff ffff 0000 0003 0000000000000000 0000000000000001",
            0));
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "3m")
  void anyList(byte[] input) throws IOException {
    if (input.length < 2) {
      return;
    }
    Kind kind = KINDS.get((input[0] & 0xff) % KINDS.size());
    byte[] list = Arrays.copyOfRange(input, 2, input.length);
    byte[] usage = kind.command.usage();
    byte[] cdb = new byte[16];
    for (int i = 0; i < usage.length; i++) {
      boolean fixed = i == 0 || (i == 1 && kind.command.serviceAction().isPresent());
      cdb[i] = fixed ? usage[i] : (byte) (usage[i] & input[1]);
    }
    for (int i = 0; i < kind.lengthBytes; i++) {
      cdb[kind.lengthAt + i] = (byte) (list.length >> (8 * (kind.lengthBytes - 1 - i)));
    }
    ScsiResponse response = device.execute(new ScsiRequest(cdb, ByteBuffer.wrap(list), null));
    Sense sense = response.sense();
    assertThat(sense == null || !sense.is(Sense.INTERNAL_TARGET_FAILURE)).isTrue();
    assertThat(response.transferLength()).isNotNegative();
  }
}
