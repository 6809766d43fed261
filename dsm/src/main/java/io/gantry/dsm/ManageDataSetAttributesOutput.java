package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * The header of the output of actions that have one ({@link DsmAction#hasOutput}): {@code
 * DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT}, also called {@code DEVICE_DSM_OUTPUT} (winioctl.h).
 * The two offload actions have none: their results stand bare at the start of the buffer.
 *
 * @param size bytes of the header itself, 36; stands for its version
 * @param action the action that is answered
 * @param flags output flags of the action
 * @param operationStatus not to be relied upon: Windows' own class driver leaves input bytes here
 * @param extendedError like operationStatus
 * @param targetDetailedError like operationStatus
 * @param reservedStatus like operationStatus
 * @param outputBlockOffset bytes from the start of the header; not always aligned
 * @param outputBlockLength bytes
 */
public record ManageDataSetAttributesOutput(
    long size,
    int action,
    int flags,
    int operationStatus,
    int extendedError,
    int targetDetailedError,
    int reservedStatus,
    long outputBlockOffset,
    long outputBlockLength) {

  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT", "winioctl.h", 36, 4);
  private static final Layout.Field SIZE =
      LAYOUT.uint(0, 4, "Size", "bytes", "of this structure, 36; stands for its version");
  private static final Layout.Field ACTION = LAYOUT.uint(4, 4, "Action", "", "as in the input");
  private static final Layout.Field FLAGS = LAYOUT.uint(8, 4, "Flags", "", "by action");
  private static final Layout.Field OPERATION_STATUS =
      LAYOUT.uint(12, 4, "OperationStatus", "", "ignore");
  private static final Layout.Field EXTENDED_ERROR =
      LAYOUT.uint(16, 4, "ExtendedError", "", "ignore");
  private static final Layout.Field TARGET_DETAILED_ERROR =
      LAYOUT.uint(20, 4, "TargetDetailedError", "", "ignore");
  private static final Layout.Field RESERVED_STATUS =
      LAYOUT.uint(24, 4, "ReservedStatus", "", "ignore");
  private static final Layout.Field OUTPUT_BLOCK_OFFSET =
      LAYOUT.uint(28, 4, "OutputBlockOffset", "bytes", "from here; may be misaligned");
  private static final Layout.Field OUTPUT_BLOCK_LENGTH =
      LAYOUT.uint(32, 4, "OutputBlockLength", "bytes", "of the action's result");

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    SIZE.set(buffer, 0, size);
    ACTION.set(buffer, 0, Integer.toUnsignedLong(action));
    FLAGS.set(buffer, 0, Integer.toUnsignedLong(flags));
    OPERATION_STATUS.set(buffer, 0, Integer.toUnsignedLong(operationStatus));
    EXTENDED_ERROR.set(buffer, 0, Integer.toUnsignedLong(extendedError));
    TARGET_DETAILED_ERROR.set(buffer, 0, Integer.toUnsignedLong(targetDetailedError));
    RESERVED_STATUS.set(buffer, 0, Integer.toUnsignedLong(reservedStatus));
    OUTPUT_BLOCK_OFFSET.set(buffer, 0, outputBlockOffset);
    OUTPUT_BLOCK_LENGTH.set(buffer, 0, outputBlockLength);
    return buffer.array();
  }

  /** A whole output buffer whose block starts where its alignment first allows. */
  static byte[] aligned(DsmAction action, byte[] block) {
    int alignment = action.outputBlock().alignmentBytes();
    return with(action, Math.ceilDiv(LAYOUT.sizeBytes(), alignment) * alignment, block);
  }

  /** The same as the class driver does it: the block is right behind the header. */
  static byte[] packed(DsmAction action, byte[] block) {
    return with(action, LAYOUT.sizeBytes(), block);
  }

  /** Where the class driver leaves bytes of the input, there are zeros. */
  private static byte[] with(DsmAction action, int blockAt, byte[] block) {
    byte[] header =
        new ManageDataSetAttributesOutput(
                LAYOUT.sizeBytes(), action.value(), 0, 0, 0, 0, 0, blockAt, block.length)
            .encode();
    byte[] output = Arrays.copyOf(header, blockAt + block.length);
    System.arraycopy(block, 0, output, blockAt, block.length);
    return output;
  }

  /** The block of results, wherever the header says it is; empty if it is not all there. */
  static Optional<byte[]> block(byte[] output) {
    if (output.length < LAYOUT.sizeBytes()) {
      return Optional.empty();
    }
    ManageDataSetAttributesOutput header = decode(output);
    long end = header.outputBlockOffset + header.outputBlockLength;
    return header.outputBlockOffset >= LAYOUT.sizeBytes() && end <= output.length
        ? Optional.of(Arrays.copyOfRange(output, (int) header.outputBlockOffset, (int) end))
        : Optional.empty();
  }

  /**
   * Reads the header at the start of {@code output}.
   *
   * @throws IndexOutOfBoundsException if the output is shorter than the header
   */
  public static ManageDataSetAttributesOutput decode(byte[] output) {
    ByteBuffer buffer = ByteBuffer.wrap(output);
    return new ManageDataSetAttributesOutput(
        SIZE.get(buffer, 0),
        ACTION.getInt(buffer, 0),
        FLAGS.getInt(buffer, 0),
        OPERATION_STATUS.getInt(buffer, 0),
        EXTENDED_ERROR.getInt(buffer, 0),
        TARGET_DETAILED_ERROR.getInt(buffer, 0),
        RESERVED_STATUS.getInt(buffer, 0),
        OUTPUT_BLOCK_OFFSET.get(buffer, 0),
        OUTPUT_BLOCK_LENGTH.get(buffer, 0));
  }
}
