package io.gantry.dsm;

import java.util.Optional;

/**
 * The actions of {@code IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES}, Windows' {@code
 * DeviceDsmAction_*}, each with what its {@code DEVICE_DSM_DEFINITION} says about the buffers
 * (winioctl.h).
 */
public enum DsmAction {
  NONE("None", 0x0000_0000, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  TRIM("Trim", 0x0000_0001, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  NOTIFICATION("Notification", 0x8000_0002, Ranges.ANY, new Block(4, 28), Output.BARE, Block.NONE),
  OFFLOAD_READ(
      "OffloadRead", 0x8000_0003, Ranges.ANY, new Block(4, 16), Output.BARE, new Block(8, 536)),
  OFFLOAD_WRITE(
      "OffloadWrite", 0x0000_0004, Ranges.ANY, new Block(8, 528), Output.BARE, new Block(8, 16)),
  ALLOCATION(
      "Allocation", 0x8000_0005, Ranges.ONE, new Block(4, 16), Output.WRAPPED, new Block(8, 40)),
  REPAIR("Repair", 0x8000_0006, Ranges.ONE, new Block(4, 12), Output.WRAPPED, new Block(8, 16)),
  SCRUB("Scrub", 0x8000_0007, Ranges.ANY, Block.NONE, Output.WRAPPED, new Block(8, 48)),
  DRT_QUERY("DrtQuery", 0x8000_0008, Ranges.ANY, Block.NONE, Output.WRAPPED, Block.NONE),
  DRT_CLEAR("DrtClear", 0x8000_0009, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  DRT_DISABLE("DrtDisable", 0x8000_000A, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  TIERING_QUERY(
      "TieringQuery", 0x8000_000B, Ranges.ONE, new Block(4, 32), Output.WRAPPED, new Block(8, 64)),
  MAP("Map", 0x8000_000C, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  REGENERATE_PARITY(
      "RegenerateParity", 0x8000_000D, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  NV_CACHE_CHANGE_PRIORITY(
      "NvCache_Change_Priority", 0x8000_000E, Ranges.ANY, new Block(4, 8), Output.BARE, Block.NONE),
  NV_CACHE_EVICT("NvCache_Evict", 0x8000_000F, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  TOPOLOGY_ID_QUERY(
      "TopologyIdQuery", 0x8000_0010, Ranges.ANY, Block.NONE, Output.WRAPPED, new Block(8, 24)),
  GET_PHYSICAL_ADDRESSES(
      "GetPhysicalAddresses",
      0x8000_0011,
      Ranges.ANY,
      Block.NONE,
      Output.WRAPPED,
      new Block(8, 32)),
  SCOPE_REGEN("ScopeRegen", 0x8000_0012, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  REPORT_ZONES(
      "ReportZones", 0x8000_0013, Ranges.ANY, new Block(4, 8), Output.WRAPPED, new Block(8, 48)),
  OPEN_ZONE("OpenZone", 0x8000_0014, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  FINISH_ZONE("FinishZone", 0x8000_0015, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  CLOSE_ZONE("CloseZone", 0x8000_0016, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  RESET_WRITE_POINTER(
      "ResetWritePointer", 0x0000_0017, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  GET_RANGE_ERROR_INFO(
      "GetRangeErrorInfo", 0x8000_0018, Ranges.ANY, Block.NONE, Output.WRAPPED, new Block(8, 32)),
  WRITE_ZEROES("WriteZeroes", 0x0000_0019, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  LOST_QUERY(
      "LostQuery", 0x8000_001A, Ranges.ONE, new Block(8, 16), Output.WRAPPED, new Block(8, 24)),
  GET_FREE_SPACE(
      "GetFreeSpace", 0x8000_001B, Ranges.ANY, Block.NONE, Output.WRAPPED, new Block(8, 16)),
  CONVERSION_QUERY(
      "ConversionQuery", 0x8000_001C, Ranges.ONE, Block.NONE, Output.WRAPPED, new Block(4, 20)),
  VDT_SET("VdtSet", 0x0000_001D, Ranges.ANY, Block.NONE, Output.BARE, Block.NONE),
  QUERY_PREFER_LOCAL_REPAIR(
      "QueryPreferLocalRepair",
      0x8000_001E,
      Ranges.ANY,
      Block.NONE,
      Output.WRAPPED,
      new Block(4, 8));

  /**
   * A block of the input or output buffer.
   *
   * @param alignmentBytes alignment of its structure; 0 if there is no block
   * @param lengthBytes least length; 0 if there is no block
   */
  public record Block(int alignmentBytes, int lengthBytes) {
    static final Block NONE = new Block(0, 0);

    /** Whether the action has the block at all. */
    public boolean exists() {
      return lengthBytes > 0;
    }
  }

  /** How many data-set ranges the action takes. */
  public enum Ranges {
    ONE,
    ANY
  }

  /** Whether the output begins with a {@link ManageDataSetAttributesOutput}. */
  public enum Output {
    BARE,
    WRAPPED
  }

  private static final int NON_DESTRUCTIVE = 0x8000_0000;

  private final String windowsName;
  private final int value;
  private final Ranges ranges;

  @SuppressWarnings("ImmutableEnumChecker") // a record of two ints
  private final Block parameters;

  private final Output output;

  @SuppressWarnings("ImmutableEnumChecker") // a record of two ints
  private final Block outputBlock;

  DsmAction(
      String windowsName,
      int value,
      Ranges ranges,
      Block parameters,
      Output output,
      Block outputBlock) {
    this.windowsName = windowsName;
    this.value = value;
    this.ranges = ranges;
    this.parameters = parameters;
    this.output = output;
    this.outputBlock = outputBlock;
  }

  /** The value of {@code DEVICE_MANAGE_DATA_SET_ATTRIBUTES.Action}. */
  public int value() {
    return value;
  }

  /** Whether a driver that does not know the action may pass it down: it loses no data. */
  public boolean isNonDestructive() {
    return (value & NON_DESTRUCTIVE) != 0;
  }

  /** Whether exactly one data-set range must be given. */
  public boolean takesSingleRange() {
    return ranges == Ranges.ONE;
  }

  /** The parameter block. */
  public Block parameters() {
    return parameters;
  }

  /** Whether the output begins with a {@link ManageDataSetAttributesOutput} (HasOutput). */
  public boolean hasOutput() {
    return output == Output.WRAPPED;
  }

  /** The block of results. */
  public Block outputBlock() {
    return outputBlock;
  }

  /**
   * Bytes of output that a caller must have room for at least: the block of results, behind a
   * {@link ManageDataSetAttributesOutput} if the action has one.
   */
  public int outputLengthBytes() {
    if (!hasOutput()) {
      return outputBlock.lengthBytes;
    }
    int header = ManageDataSetAttributesOutput.LAYOUT.sizeBytes();
    return outputBlock.exists()
        ? Math.ceilDiv(header, outputBlock.alignmentBytes) * outputBlock.alignmentBytes
            + outputBlock.lengthBytes
        : header;
  }

  /** Bytes that its result has at least; the class driver's first version of Allocation is less. */
  int leastBlockBytes() {
    return this == ALLOCATION ? ProvisioningState.V1 : outputBlock.lengthBytes;
  }

  /** Its name in Windows: {@code DeviceDsmAction_OffloadRead}. */
  public String windowsName() {
    return "DeviceDsmAction_" + windowsName;
  }

  /** The action with this value. */
  public static Optional<DsmAction> of(int value) {
    for (DsmAction action : values()) {
      if (action.value == value) {
        return Optional.of(action);
      }
    }
    return Optional.empty();
  }
}
