package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Buffers to values and tables, and values back to buffers. */
class BuffersTest {
  private static final Structure INPUT = structure("DEVICE_MANAGE_DATA_SET_ATTRIBUTES");

  private static Structure structure(String name) {
    return Structures.find(name).orElseThrow();
  }

  /** What each golden file begins with. */
  private static Structure of(String file) {
    return structure(
        switch (file) {
          case "output_read" -> "STORAGE_OFFLOAD_READ_OUTPUT";
          case "output_write" -> "STORAGE_OFFLOAD_WRITE_OUTPUT";
          case "output_wrapper" -> "DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT";
          case "output_copy_offload" -> "DEVICE_COPY_OFFLOAD_DESCRIPTOR";
          case "output_provisioning_state" -> "DEVICE_DATA_SET_LB_PROVISIONING_STATE";
          case "output_device" -> "STORAGE_DEVICE_DESCRIPTOR";
          case "output_access_alignment" -> "STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR";
          case "output_seek_penalty" -> "DEVICE_SEEK_PENALTY_DESCRIPTOR";
          case "output_trim" -> "DEVICE_TRIM_DESCRIPTOR";
          case "output_lb_provisioning" -> "DEVICE_LB_PROVISIONING_DESCRIPTOR";
          case "token_zero" -> "STORAGE_OFFLOAD_TOKEN";
          default ->
              file.startsWith("query_")
                  ? "STORAGE_PROPERTY_QUERY"
                  : "DEVICE_MANAGE_DATA_SET_ATTRIBUTES";
        });
  }

  static Stream<String> goldenFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/golden"))) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".bin"))
              .map(name -> name.substring(0, name.length() - 4))
              .sorted()
              .toList();
      return names.stream();
    }
  }

  @ParameterizedTest
  @MethodSource("goldenFiles")
  void whatACompilerMadeIsReadAndWrittenAgain(String file) throws FieldException {
    byte[] bytes = Golden.bytes(file);
    Map<String, Object> values;
    try {
      values = BufferReader.read(of(file), bytes);
    } catch (FieldException e) {
      // Headers that say what is not there.
      assertThat(file).isIn("output_wrapper", "read_short_parameters");
      return;
    }
    assertThat(BufferWriter.write(values)).isEqualTo(bytes);
  }

  @Test
  void valuesOfAnInput() throws FieldException {
    assertThat(BufferReader.read(INPUT, Golden.bytes("read_three_ranges")))
        .isEqualTo(
            Map.of(
                "DEVICE_MANAGE_DATA_SET_ATTRIBUTES",
                Map.of(
                    "Size", 28L,
                    "Action", "DeviceDsmAction_OffloadRead",
                    "Flags", List.of(),
                    "ParameterBlockOffset", 28L,
                    "ParameterBlockLength", 16L,
                    "DataSetRangesOffset", 48L,
                    "DataSetRangesLength", 48L),
                "DEVICE_DSM_OFFLOAD_READ_PARAMETERS",
                Map.of("Flags", 0L, "TimeToLive", 30L, "Reserved", "0000000000000000"),
                "DEVICE_DATA_SET_RANGE",
                List.of(
                    Map.of("StartingOffset", 0x400000L, "LengthInBytes", 0x10000L),
                    Map.of("StartingOffset", 0L, "LengthInBytes", 512L),
                    Map.of("StartingOffset", 0x800000L, "LengthInBytes", 0x1000L))));
  }

  @Test
  void negativeOffsetsGuidsFlagsAndBits() throws FieldException {
    assertThat(BufferReader.read(INPUT, Golden.bytes("read_negative_offset")).toString())
        .contains("{StartingOffset=-512, LengthInBytes=512}");
    assertThat(BufferReader.read(INPUT, Golden.bytes("notification_begin")).toString())
        .contains("FileTypeID=[{0d0a64a1-38fc-4db8-9fe7-3f4352cd7c5c}]");
    assertThat(BufferReader.read(INPUT, Golden.bytes("trim_not_allocated")).toString())
        .contains("Flags=[TRIM_NOT_FS_ALLOCATED]");
    assertThat(
            BufferReader.read(of("output_lb_provisioning"), Golden.bytes("output_lb_provisioning"))
                .toString())
        .contains("UnmapGranularityAlignmentValid=1, GetFreeSpaceSupported=1, MapSupported=0")
        .contains("MaxUnmapLbaCount=4294967295, MaxUnmapBlockDescriptorCount=256");
  }

  /** Offsets, lengths, sizes and counts follow from what is there. */
  @Test
  void whatIsLeftOutFollows() throws FieldException {
    Map<String, Object> range = Map.of("StartingOffset", "0x100000", "LengthInBytes", 0x200000);
    Map<String, Object> values = new LinkedHashMap<>();
    values.put(INPUT.name(), Map.of("Action", "DeviceDsmAction_OffloadRead"));
    values.put("DEVICE_DSM_OFFLOAD_READ_PARAMETERS", Map.of());
    values.put("DEVICE_DATA_SET_RANGE", range);
    assertThat(BufferWriter.write(values)).isEqualTo(Golden.bytes("read_one_range"));
    values.remove("DEVICE_DSM_OFFLOAD_READ_PARAMETERS");
    values.put(INPUT.name(), Map.of("Action", 0x80000007L));
    assertThat(BufferWriter.write(values)).isEqualTo(Golden.bytes("scrub_one_range"));

    Map<String, Object> state =
        Map.of(
            "Version", 32,
            "SlabSizeInBytes", 0x10000,
            "SlabOffsetDeltaInBytes", 0x8000,
            "SlabAllocationBitMapBitCount", 40,
            "SlabAllocationBitMap", List.of("0x80000005", 0x81));
    assertThat(BufferWriter.write(Map.of("DEVICE_DATA_SET_LB_PROVISIONING_STATE", state)))
        .isEqualTo(Golden.bytes("output_provisioning_state"));
    assertThat(BufferWriter.write(Map.of("STORAGE_PROPERTY_QUERY", Map.of("PropertyId", 13))))
        .isEqualTo(Golden.bytes("query_copy_offload"));
    assertThat(
            BufferWriter.write(
                Map.of(
                    "STORAGE_OFFLOAD_TOKEN",
                    Map.of(
                        "TokenType",
                        "STORAGE_OFFLOAD_TOKEN_TYPE_ZERO_DATA",
                        "TokenIdLength",
                        504))))
        .isEqualTo(Golden.bytes("token_zero"));
  }

  /** Every structure, all its bits set: nothing is lost. */
  @Test
  void everyStructureIsReadAndWrittenAgain() throws FieldException {
    Random random = new Random(5);
    for (Structure structure : Structures.all().values()) {
      if (structure == INPUT || structure.name().endsWith("ATTRIBUTES_OUTPUT")) {
        continue; // their offsets must make sense; golden files show them
      }
      byte[] bytes = new byte[structure.layout().sizeBytes()];
      random.nextBytes(bytes);
      structure
          .countField()
          .ifPresent(field -> {
            Arrays.fill(bytes, field.offset(), field.offset() + field.width(), (byte) 0);
            bytes[field.offset()] = 1;
          });
      Map<String, Object> values = BufferReader.read(structure, bytes);
      assertThat(BufferWriter.write(values)).as("%s %s", structure.name(), values).isEqualTo(bytes);
    }
  }

  @Test
  void bytesThatBelongToNoFieldAreKept() throws FieldException {
    byte[] bytes = Arrays.copyOf(Golden.bytes("read_one_range"), 100);
    bytes[45] = 7; // padding
    bytes[80] = 8;
    Map<String, Object> values = BufferReader.read(INPUT, bytes);
    assertThat(values).containsEntry("other bytes", Map.of("45", "07", "80", "08"));
    assertThat(values).containsEntry("length", 100L);
    assertThat(BufferWriter.write(values)).isEqualTo(bytes);
  }

  @Test
  void aTableOfAnInput() {
    String[] expected = {
      "DEVICE_MANAGE_DATA_SET_ATTRIBUTES at 0",
      "     0  Size                                  28 bytes (0x1c)                 of this"
          + " structure, 28; stands for its version",
      "     4  Action                                0x80000003                     "
          + " DeviceDsmAction_OffloadRead",
      "     8  Flags                                 0",
      "    12  ParameterBlockOffset                  28 bytes (0x1c)                 from here; 0"
          + " without a block",
    };
    List<String> lines =
        BufferReader.describe(INPUT, Golden.bytes("read_three_ranges")).lines().toList();
    assertThat(lines).startsWith(expected);
    assertThat(lines)
        .contains("", "DEVICE_DSM_OFFLOAD_READ_PARAMETERS at 28")
        .contains("    28  Flags                                 0");
    assertThat(lines.subList(lines.size() - 3, lines.size()))
        .containsExactly(
            "DEVICE_DATA_SET_RANGE at 80",
            "    80  StartingOffset                        8388608 bytes (0x800000)        first"
                + " byte; a multiple of the block length",
            "    88  LengthInBytes                         4096 bytes (0x1000)             a"
                + " multiple of the block length");
  }

  /** A dump is often shorter than the buffer: what is there is shown. */
  @Test
  void aTableOfWhatIsThere() {
    byte[] cut = Arrays.copyOf(Golden.bytes("write_token_offset_64k"), 128);
    assertThat(BufferReader.describe(INPUT, cut))
        .contains("    40  TokenOffset                           65536 bytes (0x10000)")
        .contains("    48  Token.TokenType                       8388608 (0x800000)")
        .contains("! ends before Token.Token\n")
        .contains("! DataSetRangesOffset 560 and DataSetRangesLength 16 reach past the 128 bytes");
    assertThat(BufferReader.describe(INPUT, Golden.bytes("write_zero_token")))
        .contains("    56  Token.Token                           504 bytes, all 0\n");
    assertThat(BufferReader.describe(INPUT, new byte[3]).lines())
        .containsExactly("DEVICE_MANAGE_DATA_SET_ATTRIBUTES at 0", "! ends before Size");
    assertThatThrownBy(() -> BufferReader.read(INPUT, cut))
        .hasMessageStartingWith("DEVICE_MANAGE_DATA_SET_ATTRIBUTES: ParameterBlockOffset 32 and");
    assertThatThrownBy(() -> BufferReader.read(INPUT, new byte[3]))
        .hasMessage("DEVICE_MANAGE_DATA_SET_ATTRIBUTES: has 28 bytes at least, and there are 3");
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Size         | 4294967296 | .Size: 4294967296 does not fit 32 bits
          Size         | -1         | .Size: -1 does not fit 32 bits
          Size         | twelve     | .Size: 'twelve' is neither a number nor a name
          Size         | 0x1g       | .Size: '0x1g' is neither a number nor a name
          Action       | Trim       | .Action: 'Trim' is neither a number nor a name
          Flgs         | 1          | .Flgs: no such field; there are Size, Action, Flags,
          DataSetRangesOffset | 99999999 | .DataSetRangesOffset: a buffer has no more than 16777216
          """)
  void valuesThatDoNotFit(String field, String value, String message) {
    Map<String, Object> values =
        Map.of(
            INPUT.name(),
            Map.of(field, value),
            "DEVICE_DATA_SET_RANGE",
            Map.of("LengthInBytes", 512));
    Map<String, Object> ordered = new LinkedHashMap<>();
    ordered.put(INPUT.name(), values.get(INPUT.name()));
    ordered.put("DEVICE_DATA_SET_RANGE", values.get("DEVICE_DATA_SET_RANGE"));
    assertThatThrownBy(() -> BufferWriter.write(ordered))
        .isInstanceOf(FieldException.class)
        .hasMessageStartingWith(INPUT.name() + message);
  }

  @Test
  void whatIsNoBuffer() {
    assertWrong(Map.of(), "the whole: has no structure");
    assertWrong(Map.of("NO_SUCH", Map.of()), "NO_SUCH: no structure has this name");
    assertWrong(
        Map.of("STORAGE_OFFLOAD_TOKEN", 5),
        "STORAGE_OFFLOAD_TOKEN: 5 is not an object with fields");
    assertWrong(
        Map.of("STORAGE_OFFLOAD_TOKEN", Map.of("Reserved", "000")),
        "STORAGE_OFFLOAD_TOKEN.Reserved: '000' is not pairs of hexadecimal digits");
    assertWrong(
        Map.of("STORAGE_OFFLOAD_TOKEN", Map.of("Reserved", "000000")),
        "STORAGE_OFFLOAD_TOKEN.Reserved: has 2 bytes, not 3");
    assertWrong(
        Map.of("STORAGE_OFFLOAD_TOKEN", Map.of("TokenType", 1.5)),
        "STORAGE_OFFLOAD_TOKEN.TokenType: 1.5 is not a whole number");
    assertWrong(
        Map.of("DEVICE_DSM_NOTIFICATION_PARAMETERS", Map.of("FileTypeID", List.of("{0}"))),
        "DEVICE_DSM_NOTIFICATION_PARAMETERS.FileTypeID[0]: '{0}' is not a GUID");
    assertWrong(
        Map.of("DEVICE_DSM_NOTIFICATION_PARAMETERS", Map.of("FileTypeID", 7)),
        "DEVICE_DSM_NOTIFICATION_PARAMETERS.FileTypeID: 7 is not a list");
    assertWrong(
        Map.of("DEVICE_DATA_SET_RANGE", Map.of("StartingOffset", BigInteger.TWO.pow(63))),
        "DEVICE_DATA_SET_RANGE.StartingOffset: 9223372036854775808 does not fit 64 bits with a"
            + " sign");
    assertWrong(
        Map.of(INPUT.name(), Map.of("Action", 1, "Flags", List.of("SCRUB_SKIP_IN_SYNC"))),
        INPUT.name() + ".Flags: the action has no flag 'SCRUB_SKIP_IN_SYNC'");
    Map<String, Object> two = new LinkedHashMap<>();
    two.put(INPUT.name(), Map.of("Action", 1));
    two.put("DEVICE_DSM_OFFLOAD_READ_PARAMETERS", Map.of());
    assertWrong(
        two,
        "DEVICE_DSM_OFFLOAD_READ_PARAMETERS: does not go with DEVICE_MANAGE_DATA_SET_ATTRIBUTES");
  }

  private static void assertWrong(Map<String, ?> values, String message) {
    assertThatThrownBy(() -> BufferWriter.write(values))
        .isInstanceOf(FieldException.class)
        .hasMessage(message);
  }

  /** Any bytes are shown; and what is read is written again. */
  @Test
  void anyBytesAreShown() {
    long seed = Long.getLong("seed", 11);
    Random random = new Random(seed);
    List<Structure> structures = List.copyOf(Structures.all().values());
    for (int i = 0; i < 5_000; i++) {
      Structure structure = structures.get(i % structures.size());
      byte[] bytes = new byte[random.nextInt(2 * structure.layout().sizeBytes())];
      random.nextBytes(bytes);
      if (structure == INPUT && bytes.length > 28) {
        byte[] golden = Golden.bytes("write_token_offset_0");
        System.arraycopy(golden, 0, bytes, 0, 28);
        bytes[random.nextInt(28)] = (byte) random.nextInt();
      }
      assertThat(BufferReader.describe(structure, bytes)).contains(structure.name());
      try {
        Map<String, Object> values = BufferReader.read(structure, bytes);
        boolean overlaps = structure == INPUT; // blocks that a header puts over one another
        if (!overlaps) {
          assertThat(BufferWriter.write(values))
              .as("seed %d, round %d, %s", seed, i, values)
              .isEqualTo(bytes);
        }
      } catch (FieldException e) {
        assertThat(e).hasMessageContaining(":");
      }
    }
  }
}
