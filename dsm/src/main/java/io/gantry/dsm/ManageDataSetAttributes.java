package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The header of every input buffer: {@code DEVICE_MANAGE_DATA_SET_ATTRIBUTES}, also called {@code
 * DEVICE_DSM_INPUT} (winioctl.h). Behind it, in any order, come the action's parameter block and
 * the data-set ranges, wherever the header says.
 *
 * @param size bytes of the header itself, 28; stands for its version
 * @param action value of a {@link DsmAction}
 * @param flags bits of {@link DsmFlag}
 * @param parameterBlockOffset bytes from the start of the header; 0 without a block
 * @param parameterBlockLength bytes; 0 without a block
 * @param dataSetRangesOffset bytes from the start of the header; 0 without ranges
 * @param dataSetRangesLength bytes; 0 without ranges
 */
public record ManageDataSetAttributes(
    long size,
    int action,
    int flags,
    long parameterBlockOffset,
    long parameterBlockLength,
    long dataSetRangesOffset,
    long dataSetRangesLength) {

  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_MANAGE_DATA_SET_ATTRIBUTES", "winioctl.h", 28, 4);
  private static final Layout.Field SIZE =
      LAYOUT.uint(0, 4, "Size", "bytes", "of this structure, 28; stands for its version");
  private static final Layout.Field ACTION =
      LAYOUT.uint(4, 4, "Action", "", "DeviceDsmAction_OffloadRead, _OffloadWrite...");
  private static final Layout.Field FLAGS =
      LAYOUT.uint(8, 4, "Flags", "", "DEVICE_DSM_FLAG_*; high half by action");
  private static final Layout.Field PARAMETER_BLOCK_OFFSET =
      LAYOUT.uint(12, 4, "ParameterBlockOffset", "bytes", "from here; 0 without a block");
  private static final Layout.Field PARAMETER_BLOCK_LENGTH =
      LAYOUT.uint(16, 4, "ParameterBlockLength", "bytes", "0 without a block");
  private static final Layout.Field DATA_SET_RANGES_OFFSET =
      LAYOUT.uint(20, 4, "DataSetRangesOffset", "bytes", "from here, a multiple of 8");
  private static final Layout.Field DATA_SET_RANGES_LENGTH =
      LAYOUT.uint(24, 4, "DataSetRangesLength", "bytes", "a multiple of 16");

  void encode(ByteBuffer buffer, int base) {
    SIZE.set(buffer, base, size);
    ACTION.set(buffer, base, Integer.toUnsignedLong(action));
    FLAGS.set(buffer, base, Integer.toUnsignedLong(flags));
    PARAMETER_BLOCK_OFFSET.set(buffer, base, parameterBlockOffset);
    PARAMETER_BLOCK_LENGTH.set(buffer, base, parameterBlockLength);
    DATA_SET_RANGES_OFFSET.set(buffer, base, dataSetRangesOffset);
    DATA_SET_RANGES_LENGTH.set(buffer, base, dataSetRangesLength);
  }

  static ManageDataSetAttributes decode(ByteBuffer buffer, int base) {
    return new ManageDataSetAttributes(
        SIZE.get(buffer, base),
        ACTION.getInt(buffer, base),
        FLAGS.getInt(buffer, base),
        PARAMETER_BLOCK_OFFSET.get(buffer, base),
        PARAMETER_BLOCK_LENGTH.get(buffer, base),
        DATA_SET_RANGES_OFFSET.get(buffer, base),
        DATA_SET_RANGES_LENGTH.get(buffer, base));
  }

  /**
   * A whole input buffer: header, parameter block and ranges, each where its alignment first
   * allows.
   *
   * @param parameters the parameter block, as long as the action wants it
   */
  public static byte[] input(DsmAction action, byte[] parameters, List<DataSetRange> ranges) {
    int parametersAt = align(LAYOUT.sizeBytes(), action.parameters().alignmentBytes());
    int rangesAt = align(parametersAt + parameters.length, DataSetRange.LAYOUT.alignmentBytes());
    int rangesLength = Math.multiplyExact(ranges.size(), DataSetRange.LAYOUT.sizeBytes());
    ByteBuffer buffer = ByteBuffer.allocate(Math.addExact(rangesAt, rangesLength));
    new ManageDataSetAttributes(
            LAYOUT.sizeBytes(),
            action.value(),
            0,
            parameters.length == 0 ? 0 : parametersAt,
            parameters.length,
            rangesAt,
            rangesLength)
        .encode(buffer, 0);
    buffer.put(parametersAt, parameters);
    for (int i = 0; i < ranges.size(); i++) {
      ranges.get(i).encode(buffer, rangesAt + i * DataSetRange.LAYOUT.sizeBytes());
    }
    return buffer.array();
  }

  /** A whole input buffer for an action without parameters on all of the disk. */
  static byte[] inputForEntireDisk(DsmAction action) {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    new ManageDataSetAttributes(
            LAYOUT.sizeBytes(), action.value(), DsmFlag.ENTIRE_DATA_SET_RANGE.bit(), 0, 0, 0, 0)
        .encode(buffer, 0);
    return buffer.array();
  }

  private static int align(int offset, int alignment) {
    return alignment == 0 ? offset : (offset + alignment - 1) / alignment * alignment;
  }
}
