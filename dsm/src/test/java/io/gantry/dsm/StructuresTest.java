package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Layout;
import io.gantry.scsi.RodTokenLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Layouts, constants and codecs against what the Windows headers compile to. */
class StructuresTest {
  private static final DataSetRange RANGE = new DataSetRange(0x100000, 0x200000);

  @Test
  void everyFieldIsWhereWindowsHasIt() {
    List<String> ours = new ArrayList<>();
    for (Layout layout : Structures.all().values()) {
      ours.add("%s sizeof 0 %d".formatted(layout.name(), layout.sizeBytes()));
      ours.add("%s alignof 0 %d".formatted(layout.name(), layout.alignmentBytes()));
      for (Layout.Field field : layout.fields()) {
        ours.add(
            "%s %s %d %d".formatted(layout.name(), field.name(), field.offset(), field.width()));
      }
    }
    assertThat(ours).isEqualTo(Golden.lines("layouts.txt"));
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
            case "NtStatus" -> NtStatus.valueOf(name).value();
            default ->
                switch (words[0] + " " + name) {
                  case "OffloadReadOutput RANGE_TRUNCATED" -> OffloadReadOutput.RANGE_TRUNCATED;
                  case "OffloadWriteOutput RANGE_TRUNCATED" -> OffloadWriteOutput.RANGE_TRUNCATED;
                  case "OffloadWriteOutput TOKEN_INVALID" -> OffloadWriteOutput.TOKEN_INVALID;
                  case "OffloadToken TYPE_ZERO_DATA" -> OffloadToken.TYPE_ZERO_DATA;
                  case "PropertyQuery COPY_OFFLOAD_PROPERTY" -> PropertyQuery.COPY_OFFLOAD_PROPERTY;
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
    BlockLimits blocks = new BlockLimits(0, 8, 0x10000, 0x2000, 0, 0, 0, 0, 0);
    assertThat(new CopyOffloadDescriptor(limits, blocks).encode())
        .isEqualTo(Golden.bytes("output_copy_offload"));
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
    assertThat(Structures.describe(OffloadReadOutput.LAYOUT).lines())
        .containsExactly(
            "STORAGE_OFFLOAD_READ_OUTPUT (ntddstor.h): 536 bytes, aligned to 8",
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
  void decodedBytesAreATableOfValues() {
    assertThat(Structures.decode(OffloadWriteOutput.LAYOUT, Golden.bytes("output_write")).lines())
        .containsExactly(
            "     0  OffloadWriteFlags                   3 (0x3)",
            "     4  Reserved                            00000000",
            "     8  LengthCopied                        20015998343680 bytes (0x123456789a00)");
    assertThat(Structures.decode(OffloadWriteOutput.LAYOUT, new byte[15]).lines()).hasSize(2);
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
