package io.gantry.target;

import io.gantry.scsi.Command;
import io.gantry.scsi.CopyOperatingParameters;
import io.gantry.scsi.CopySegment;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.RodTokenLimits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * VPD page 8Fh, third-party copy (SPC-4 7.8.17): what a copy manager can do. Descriptors stand in
 * ascending order of their types; Windows reads only the first and wants it to be the ROD token
 * limits.
 */
final class ThirdPartyCopyPage {
  private static final int TOKEN_OUT = 0x01;
  private static final int TOKEN_IN = 0x02;

  private ThirdPartyCopyPage() {}

  /**
   * The page.
   *
   * @param blockBytes of the logical unit
   * @param chunkBytes what is shared as a whole when ranges are aligned to it
   */
  static byte[] encode(RodTokenLimits limits, int blockBytes, int chunkBytes) {
    ByteBuffer b = ByteBuffer.allocate(1024);
    b.put((byte) 0).put((byte) 0x8F).putShort((short) 0);
    b.put(limits.encode());
    supportedCommands(b);
    parameterData(b, ExtendedCopies.PARAMETERS);
    supportedDescriptors(b, ExtendedCopies.PARAMETERS);
    supportedCscdIds(b);
    rodTokenFeatures(b, limits, blockBytes, chunkBytes);
    supportedRodTypes(b);
    generalCopyOperations(b);
    b.putShort(2, (short) (b.position() - 4));
    return Arrays.copyOf(b.array(), b.position());
  }

  private static void header(ByteBuffer b, int type, int length) {
    b.putShort((short) type).putShort((short) length);
  }

  /** Of each of the two operation codes, all service actions of the command table, ascending. */
  private static void supportedCommands(ByteBuffer b) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    for (int opcode : new int[] {0x83, 0x84}) {
      byte[] actions = actions(opcode);
      list.write(opcode);
      list.write(actions.length);
      list.writeBytes(actions);
    }
    int length = (1 + list.size() + 3) / 4 * 4;
    header(b, 0x0001, length);
    int end = b.position() + length;
    b.put((byte) list.size()).put(list.toByteArray());
    b.position(end);
  }

  private static byte[] actions(int opcode) {
    ByteArrayOutputStream actions = new ByteArrayOutputStream();
    Arrays.stream(Command.values())
        .filter(command -> command.opcode() == opcode)
        .mapToInt(command -> command.serviceAction().orElseThrow())
        .sorted()
        .forEach(actions::write);
    return actions.toByteArray();
  }

  private static void parameterData(ByteBuffer b, CopyOperatingParameters parameters) {
    header(b, 0x0004, 0x1C);
    int start = b.position();
    b.putInt(0).putShort((short) parameters.maximumCscds());
    b.putShort((short) parameters.maximumSegments());
    b.putInt((int) parameters.maximumListBytes()).putInt((int) parameters.maximumInlineBytes());
    b.position(start + 0x1C);
  }

  private static void supportedDescriptors(ByteBuffer b, CopyOperatingParameters parameters) {
    int count = parameters.descriptorTypes().size();
    int length = (1 + count + 3) / 4 * 4;
    header(b, 0x0008, length);
    int end = b.position() + length;
    b.put((byte) count);
    parameters.descriptorTypes().forEach(type -> b.put(type.byteValue()));
    b.position(end);
  }

  /** CSCD descriptor IDs that name no descriptor of the list. */
  private static void supportedCscdIds(ByteBuffer b) {
    header(b, 0x000C, 4);
    b.putShort((short) 2).putShort((short) CopySegment.THIS_UNIT);
  }

  private static void rodTokenFeatures(
      ByteBuffer b, RodTokenLimits limits, int blockBytes, int chunkBytes) {
    header(b, 0x0106, 44 + 48);
    int start = b.position() - 4;
    long maximumBytes = limits.maximumTransferBlocks() * blockBytes;
    b.putInt(start + 16, 1); // minimum lifetime, s
    b.putInt(start + 20, -1); // maximum lifetime: no limit
    b.putInt(start + 24, (int) limits.maximumInactivitySeconds());
    b.putShort(start + 46, (short) 48);
    int features = start + 48; // block ROD device type specific features
    b.putShort(features + 2, (short) 0x2C);
    b.putShort(features + 6, (short) (chunkBytes / blockBytes)); // optimal length granularity
    b.putLong(features + 8, maximumBytes); // most bytes in a block ROD
    b.putLong(features + 16, -1); // optimal transfers: no optimum, all lengths take as long
    b.putLong(features + 24, -1);
    b.putLong(features + 32, -1);
    b.position(features + 48);
  }

  private static void supportedRodTypes(ByteBuffer b) {
    Map<Integer, Integer> types = new LinkedHashMap<>(); // ascending
    types.put(RodToken.TYPE_ACCESS_UPON_REFERENCE, TOKEN_IN | TOKEN_OUT);
    types.put(RodToken.TYPE_POINT_IN_TIME, TOKEN_IN | TOKEN_OUT);
    types.put(RodToken.TYPE_POINT_IN_TIME_CHANGE_VULNERABLE, TOKEN_IN | TOKEN_OUT);
    types.put(RodToken.TYPE_POINT_IN_TIME_PERSISTENT, TOKEN_IN | TOKEN_OUT);
    types.put(RodToken.TYPE_POINT_IN_TIME_ANY, TOKEN_OUT);
    types.put(RodToken.TYPE_ZERO, TOKEN_IN);
    header(b, 0x0108, 4 + types.size() * 64);
    b.putShort((short) 0).putShort((short) (types.size() * 64));
    types.forEach((type, inOut) -> rodType(b, type, inOut));
  }

  private static void rodType(ByteBuffer b, int type, int tokenInOut) {
    int start = b.position();
    b.putInt(type).put((byte) tokenInOut).position(start + 64);
  }

  private static void generalCopyOperations(ByteBuffer b) {
    header(b, 0x8001, 0x20);
    int start = b.position();
    b.putInt(CopyManager.MOST_COPIES).putInt(CopyManager.MOST_COPIES); // concurrent copies
    b.position(start + 0x20);
  }
}
