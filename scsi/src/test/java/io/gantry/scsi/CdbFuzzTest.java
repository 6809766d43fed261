package io.gantry.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes are a CDB or have a sense that says why not; a CDB can be written and read again. */
@NullUnmarked
class CdbFuzzTest {

  /** CDB usage data of the whole command table, and CDBs written by hand. */
  static Stream<byte[]> seeds() {
    Stream<byte[]> table = Stream.of(Command.values()).map(Command::usage);
    Stream<byte[]> recorded =
        Stream.of(
                "120100002400",
                "a00000000000000000100000",
                "8310000000000000010100000020000000",
                "84070000010100000000000002260000",
                "280000000000000008000000",
                "5f000000000000001800",
                "1a083f00c000")
            .map(HexFormat.of()::parseHex);
    return Stream.concat(table, recorded);
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "3m")
  void anyBytes(byte[] input) {
    if (!(Cdb.decode(input) instanceof Decoded.Valid<Cdb>(Cdb cdb))) {
      return;
    }
    byte[] bytes = cdb.encode();
    assertThat(bytes).hasSize(cdb.command().cdbLength());
    assertThat(Cdb.decode(bytes)).isEqualTo(new Decoded.Valid<>(cdb));
    assertThat(Cdb.decode(Arrays.copyOf(bytes, 16))).isEqualTo(new Decoded.Valid<>(cdb));
    assertThat(cdb.access()).isNotNull();
  }
}
