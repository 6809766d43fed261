package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Layout;
import io.gantry.scsi.RodTokenLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layouts, constants and codecs against what the Windows headers compile to. */
class StructuresTest {
  private static final DataSetRange RANGE = new DataSetRange(0x100000, 0x200000);

  /** What mingw-w64's headers have; the same for 32-bit and 64-bit Windows, see make-golden. */
  @Test
  void everyFieldIsWhereWindowsHasIt() {
    List<String> golden = Golden.lines("layouts.txt");
    List<String> names = golden.stream().map(line -> line.split(" ", 2)[0]).distinct().toList();
    List<String> ours = new ArrayList<>();
    for (String name : names) {
      ours.addAll(lines(Structures.find(name).orElseThrow()));
    }
    assertThat(ours).isEqualTo(golden);
  }

  /** Bit fields have no offset in C. */
  private static List<String> lines(Structure structure) {
    Layout layout = structure.layout();
    List<String> lines = new ArrayList<>();
    lines.add("%s sizeof 0 %d".formatted(layout.name(), layout.sizeBytes()));
    lines.add("%s alignof 0 %d".formatted(layout.name(), layout.alignmentBytes()));
    for (Layout.Field field : layout.fields()) {
      if (field.isOpaque() || field.bitCount() == 8 * field.width()) {
        lines.add(
            "%s %s %d %d".formatted(layout.name(), field.name(), field.offset(), field.width()));
      }
    }
    return lines;
  }

  /**
   * What mingw-w64's headers lack, by the tables of Microsoft's documentation and of newer headers:
   * size, alignment, and offsets of the fields.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      textBlock =
          """
          DEVICE_DATA_SET_LBP_STATE_PARAMETERS,           16, 4, 0 4 8 12
          DEVICE_DATA_SET_LB_PROVISIONING_STATE_V2,       40, 8, 0 4 8 16 24 28 32
          DEVICE_DSM_FREE_SPACE_OUTPUT,                   16, 8, 0 8
          DEVICE_DATA_SET_SCRUB_EX_OUTPUT,                48, 8, 0 8 16 24 40
          DEVICE_DSM_RANGE_ERROR_INFO,                    32, 8, 0 4 8 12 16
          DEVICE_STORAGE_RANGE_ATTRIBUTES,                16, 8, 0 8 12
          DEVICE_DSM_REPAIR_PARAMETERS,                   12, 4, 0 4 8
          DEVICE_DSM_REPAIR_OUTPUT,                       16, 8, 0
          DEVICE_DSM_TIERING_QUERY_INPUT,                 32, 4, 0 4 8 12 16
          DEVICE_DSM_TIERING_QUERY_OUTPUT,                64, 8, 0 4 8 12 16 24 28 32
          STORAGE_TIER_REGION,                            32, 8, 0 16 24
          DEVICE_DSM_NVCACHE_CHANGE_PRIORITY_PARAMETERS,   8, 4, 0 4 5
          DEVICE_DSM_TOPOLOGY_ID_QUERY_OUTPUT,            24, 8, 0 8
          DEVICE_DSM_PHYSICAL_ADDRESSES_OUTPUT,           32, 8, 0 4 8 12 16
          DEVICE_STORAGE_ADDRESS_RANGE,                   16, 8, 0 8
          DEVICE_DSM_REPORT_ZONES_PARAMETERS,              8, 4, 0 4 5 6
          DEVICE_DSM_REPORT_ZONES_DATA,                   48, 8, 0 4 8 12 16
          STORAGE_ZONE_DESCRIPTOR,                        32, 8, 0 4 8 12 13 16 24
          DEVICE_DSM_LOST_QUERY_PARAMETERS,               16, 8, 0 8
          DEVICE_DSM_LOST_QUERY_OUTPUT,                   24, 8, 0 4 8 16 20
          DEVICE_DSM_CONVERSION_OUTPUT,                   20, 4, 0 4
          DEVICE_DSM_QUERY_PREFER_LOCAL_REPAIR_OUTPUT,     8, 4, 0 4
          FSCTL_OFFLOAD_READ_INPUT,                       32, 8, 0 4 8 12 16 24
          FSCTL_OFFLOAD_READ_OUTPUT,                     528, 8, 0 4 8 16
          FSCTL_OFFLOAD_WRITE_INPUT,                     544, 8, 0 4 8 16 24 32
          FSCTL_OFFLOAD_WRITE_OUTPUT,                     16, 8, 0 4 8
          """)
  void structuresThatTheHeadersLack(String name, int size, int alignment, String offsets) {
    Layout layout = Structures.find(name).orElseThrow().layout();
    assertThat(layout.sizeBytes()).isEqualTo(size);
    assertThat(layout.alignmentBytes()).isEqualTo(alignment);
    assertThat(layout.fields().stream().map(field -> Integer.toString(field.offset())))
        .containsExactly(offsets.split(" "));
    assertThat(Golden.lines("layouts.txt")).noneMatch(line -> line.startsWith(name + " "));
  }

  @Test
  void everyStructureIsComparedWithSomething() {
    long golden =
        Golden.lines("layouts.txt").stream().map(line -> line.split(" ", 2)[0]).distinct().count();
    long others = 26; // rows above
    assertThat(Structures.all()).hasSize((int) (golden + others));
  }

  /** winioctl.h's definitions: range, parameters, header of the output, block of results. */
  @ParameterizedTest(name = "{1}")
  @CsvSource(
      textBlock =
          """
          00000000, None,                    n, 0,   0, n, 0,   0
          00000001, Trim,                    n, 0,   0, n, 0,   0
          80000002, Notification,            n, 4,  28, n, 0,   0
          80000003, OffloadRead,             n, 4,  16, n, 8, 536
          00000004, OffloadWrite,            n, 8, 528, n, 8,  16
          80000005, Allocation,              y, 4,  16, y, 8,  40
          80000006, Repair,                  y, 4,  12, y, 8,  16
          80000007, Scrub,                   n, 0,   0, y, 8,  48
          80000008, DrtQuery,                n, 0,   0, y, 0,   0
          80000009, DrtClear,                n, 0,   0, n, 0,   0
          8000000A, DrtDisable,              n, 0,   0, n, 0,   0
          8000000B, TieringQuery,            y, 4,  32, y, 8,  64
          8000000C, Map,                     n, 0,   0, n, 0,   0
          8000000D, RegenerateParity,        n, 0,   0, n, 0,   0
          8000000E, NvCache_Change_Priority, n, 4,   8, n, 0,   0
          8000000F, NvCache_Evict,           n, 0,   0, n, 0,   0
          80000010, TopologyIdQuery,         n, 0,   0, y, 8,  24
          80000011, GetPhysicalAddresses,    n, 0,   0, y, 8,  32
          80000012, ScopeRegen,              n, 0,   0, n, 0,   0
          80000013, ReportZones,             n, 4,   8, y, 8,  48
          80000014, OpenZone,                n, 0,   0, n, 0,   0
          80000015, FinishZone,              n, 0,   0, n, 0,   0
          80000016, CloseZone,               n, 0,   0, n, 0,   0
          00000017, ResetWritePointer,       n, 0,   0, n, 0,   0
          80000018, GetRangeErrorInfo,       n, 0,   0, y, 8,  32
          00000019, WriteZeroes,             n, 0,   0, n, 0,   0
          8000001A, LostQuery,               y, 8,  16, y, 8,  24
          8000001B, GetFreeSpace,            n, 0,   0, y, 8,  16
          8000001C, ConversionQuery,         y, 0,   0, y, 4,  20
          0000001D, VdtSet,                  n, 0,   0, n, 0,   0
          8000001E, QueryPreferLocalRepair,  n, 0,   0, y, 4,   8
          """)
  void definitions(
      String value,
      String name,
      String single,
      int alignment,
      int length,
      String output,
      int outputAlignment,
      int outputLength) {
    DsmAction action = DsmAction.of(Integer.parseUnsignedInt(value, 16)).orElseThrow();
    assertThat(action.windowsName()).isEqualTo("DeviceDsmAction_" + name);
    assertThat(action.takesSingleRange()).isEqualTo(single.equals("y"));
    assertThat(action.parameters()).isEqualTo(new DsmAction.Block(alignment, length));
    assertThat(action.hasOutput()).isEqualTo(output.equals("y"));
    assertThat(action.outputBlock()).isEqualTo(new DsmAction.Block(outputAlignment, outputLength));
  }

  @Test
  void theActionsBlocksAreTheirStructures() {
    for (DsmAction action : DsmAction.values()) {
      Structures.parametersOf(action)
          .ifPresent(
              structure -> assertThat(action.parameters()).isEqualTo(block(structure.layout())));
      assertThat(Structures.parametersOf(action).isPresent())
          .isEqualTo(action.parameters().exists());
      assertThat(!Structures.resultsOf(action).isEmpty())
          .as(action.name())
          .isEqualTo(action.hasOutput() && action.outputBlock().exists());
      if (action.hasOutput() && action.outputBlock().exists()) {
        assertThat(action.outputBlock())
            .isEqualTo(block(Structures.resultsOf(action).getFirst().layout()));
      }
    }
  }

  @Test
  void everyConstantHasWindowsValue() {
    for (String line : Golden.lines("constants.txt")) {
      String[] words = line.split(" ", -1);
      String name = words[1];
      int ours =
          switch (words[0]) {
            case "ControlCode" -> ControlCode.valueOf(name).value();
            case "DsmAction" -> DsmAction.valueOf(name).value();
            case "DsmFlag" -> DsmFlag.valueOf(name).bit();
            case "StorageProperty" -> StorageProperty.valueOf(name).id();
            case "NtStatus" -> NtStatus.valueOf(name).value();
            default ->
                switch (words[0] + " " + name) {
                  case "OffloadReadOutput RANGE_TRUNCATED" -> OffloadReadOutput.RANGE_TRUNCATED;
                  case "OffloadWriteOutput RANGE_TRUNCATED" -> OffloadWriteOutput.RANGE_TRUNCATED;
                  case "OffloadWriteOutput TOKEN_INVALID" -> OffloadWriteOutput.TOKEN_INVALID;
                  case "OffloadToken TYPE_ZERO_DATA" -> OffloadToken.TYPE_ZERO_DATA;
                  case "PropertyQuery STANDARD" -> PropertyQuery.STANDARD;
                  case "PropertyQuery EXISTS" -> PropertyQuery.EXISTS;
                  default -> throw new AssertionError("unknown constant: " + line);
                };
          };
      assertThat(ours).as(line).isEqualTo(Integer.parseUnsignedInt(words[2], 16));
    }
  }

  @Test
  void actionsAndStatusesAreFoundByTheirValues() {
    for (DsmAction action : DsmAction.values()) {
      assertThat(DsmAction.of(action.value())).contains(action);
    }
    for (NtStatus status : NtStatus.values()) {
      assertThat(NtStatus.of(status.value())).contains(status);
    }
    for (ControlCode code : ControlCode.values()) {
      assertThat(ControlCode.of(code.value())).contains(code);
    }
    assertThat(DsmAction.of(0x7777)).isEmpty();
    assertThat(NtStatus.of(0x7777)).isEmpty();
    assertThat(NtStatus.INVALID_TOKEN.describe()).isEqualTo("STATUS_INVALID_TOKEN 0xC0000465");
  }

  @Test
  void destructiveActions() {
    assertThat(Arrays.stream(DsmAction.values()).filter(action -> !action.isNonDestructive()))
        .containsExactly(
            DsmAction.NONE,
            DsmAction.TRIM,
            DsmAction.OFFLOAD_WRITE,
            DsmAction.RESET_WRITE_POINTER,
            DsmAction.WRITE_ZEROES,
            DsmAction.VDT_SET);
  }

  @Test
  void flagsAreReadTogetherWithTheAction() {
    assertThat(DsmFlag.of(DsmAction.TRIM, 0x4000_0001))
        .containsExactly(DsmFlag.ENTIRE_DATA_SET_RANGE, DsmFlag.TRIM_BYPASS_RZAT);
    assertThat(DsmFlag.of(DsmAction.ALLOCATION, 0x4000_0000))
        .containsExactly(DsmFlag.ALLOCATION_CONSOLIDATEABLE_ONLY);
    assertThat(DsmFlag.of(DsmAction.OFFLOAD_READ, 0xF000_0000)).isEmpty();
  }

  @Test
  void inputBuffersAreBuiltAsTheCompilerBuildsThem() {
    assertThat(
            ManageDataSetAttributes.input(
                DsmAction.OFFLOAD_READ, new OffloadReadParameters(0, 0).encode(), List.of(RANGE)))
        .isEqualTo(Golden.bytes("read_one_range"));
    assertThat(
            ManageDataSetAttributes.input(
                DsmAction.OFFLOAD_READ,
                new OffloadReadParameters(0, 30).encode(),
                List.of(
                    new DataSetRange(0x400000, 0x10000),
                    new DataSetRange(0, 512),
                    new DataSetRange(0x800000, 0x1000))))
        .isEqualTo(Golden.bytes("read_three_ranges"));
    assertThat(
            ManageDataSetAttributes.input(
                DsmAction.OFFLOAD_WRITE,
                new OffloadWriteParameters(0, 0x10000, TestData.token()).encode(),
                List.of(RANGE)))
        .isEqualTo(Golden.bytes("write_token_offset_64k"));
    assertThat(
            ManageDataSetAttributes.input(
                DsmAction.OFFLOAD_WRITE,
                new OffloadWriteParameters(0, 0, OffloadToken.zeroData()).encode(),
                List.of(RANGE)))
        .isEqualTo(Golden.bytes("write_zero_token"));
  }

  @Test
  void readOutput() {
    OffloadReadOutput output =
        new OffloadReadOutput(
            OffloadReadOutput.RANGE_TRUNCATED, 0x1234_5678_9A00L, TestData.token());
    assertThat(OffloadReadOutput.decode(Golden.bytes("output_read"))).isEqualTo(output);
    assertThat(output.encode()).isEqualTo(Golden.bytes("output_read"));
    assertThat(new OffloadReadOutput(0, 0, null).encode()).isEqualTo(new byte[536]);
  }

  @Test
  void writeOutput() {
    OffloadWriteOutput output = new OffloadWriteOutput(3, 0x1234_5678_9A00L);
    assertThat(OffloadWriteOutput.decode(Golden.bytes("output_write"))).isEqualTo(output);
    assertThat(output.encode()).isEqualTo(Golden.bytes("output_write"));
  }

  @Test
  void outputWrapper() {
    ManageDataSetAttributesOutput output =
        new ManageDataSetAttributesOutput(36, DsmAction.ALLOCATION.value(), 3, 4, 5, 6, 7, 40, 48);
    assertThat(ManageDataSetAttributesOutput.decode(Golden.bytes("output_wrapper")))
        .isEqualTo(output);
    assertThat(output.encode()).isEqualTo(Golden.bytes("output_wrapper"));
  }

  @Test
  void copyOffloadDescriptor() {
    RodTokenLimits limits = new RodTokenLimits(64, 600, 60, 0x1_0000_0000L, 0x20000);
    BlockLimits blocks =
        new BlockLimits(0, 8, 0x10000, 0x2000, 0, 0, 0, OptionalLong.empty(), 0, 0);
    assertThat(new CopyOffloadDescriptor(limits, blocks).encode())
        .isEqualTo(Golden.bytes("output_copy_offload"));
  }

  @Test
  void provisioningState() {
    BitSet mapped = BitSet.valueOf(new long[] {0x81_8000_0005L});
    ProvisioningState state = new ProvisioningState(32, 0x10000, 0x8000, 40, mapped);
    assertThat(state.encode()).isEqualTo(Golden.bytes("output_provisioning_state"));
    assertThat(ProvisioningState.decode(Golden.bytes("output_provisioning_state")))
        .isEqualTo(state);
    byte[] cutOff = Arrays.copyOf(Golden.bytes("output_provisioning_state"), 32);
    assertThatThrownBy(() -> ProvisioningState.decode(cutOff))
        .hasMessage("a bitmap of 40 slabs ends at byte 33, but there are 32");
  }

  @Test
  void zeroTokenIsMadeAndRecognisedAsTheMacrosDo() {
    OffloadToken zero = OffloadToken.zeroData();
    assertThat(zero.bytes()).isEqualTo(Golden.bytes("token_zero"));
    assertThat(zero.isZeroData()).isTrue();

    byte[] bytes = zero.bytes();
    bytes[4] = 1; // Reserved
    bytes[500] = 1; // Token
    assertThat(new OffloadToken(bytes).isZeroData()).isTrue();
    bytes[7] = 0; // TokenIdLength
    assertThat(new OffloadToken(bytes).isZeroData()).isFalse();
    assertThat(TestData.token().isZeroData()).isFalse();
    assertThatThrownBy(() -> new OffloadToken(new byte[511]))
        .hasMessage("a token has 512 bytes, not 511");
  }

  @Test
  void descriptionIsATableWithItsPadding() {
    assertThat(
            Structures.describe(Structures.find("STORAGE_OFFLOAD_READ_OUTPUT").orElseThrow())
                .lines())
        .containsExactly(
            "STORAGE_OFFLOAD_READ_OUTPUT (ntddstor.h): 536 bytes, aligned to 8; alike on 32-bit and"
                + " 64-bit Windows",
            "",
            "offset  size  type      field                               unit     meaning",
            "     0     4  u32       OffloadReadFlags                             1: range"
                + " truncated",
            "     4     4  u8[4]     Reserved                                     0",
            "     8     8  u64       LengthProtected                     bytes   "
                + " from the start of the first range",
            "    16     4  u32       TokenLength                         bytes    512; 0 after a"
                + " failure",
            "    20   512  u8[512]   Token                                       "
                + " STORAGE_OFFLOAD_TOKEN",
            "   532     4            (padding)");
  }

  @Test
  void theActionsAskForBlocksOfTheStructuresSizes() {
    assertThat(DsmAction.OFFLOAD_READ.parameters()).isEqualTo(block(OffloadReadParameters.LAYOUT));
    assertThat(DsmAction.OFFLOAD_READ.outputBlock()).isEqualTo(block(OffloadReadOutput.LAYOUT));
    assertThat(DsmAction.OFFLOAD_WRITE.parameters())
        .isEqualTo(block(OffloadWriteParameters.LAYOUT));
    assertThat(DsmAction.OFFLOAD_WRITE.outputBlock()).isEqualTo(block(OffloadWriteOutput.LAYOUT));
    assertThat(DsmAction.OFFLOAD_READ.hasOutput()).isFalse();
    assertThat(DsmAction.OFFLOAD_WRITE.hasOutput()).isFalse();
  }

  private static DsmAction.Block block(Layout layout) {
    return new DsmAction.Block(layout.alignmentBytes(), layout.sizeBytes());
  }
}
