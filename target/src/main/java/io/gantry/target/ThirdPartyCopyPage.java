package io.gantry.target;

import io.gantry.scsi.RodToken;
import io.gantry.scsi.RodTokenLimits;
import java.nio.ByteBuffer;

/**
 * VPD page 8Fh, third-party copy (SPC-4 7.8.17): what a copy manager can do. Descriptors stand in
 * ascending order of their types; Windows reads only the first and wants it to be the ROD token
 * limits.
 */
final class ThirdPartyCopyPage {
  private ThirdPartyCopyPage() {}

  static byte[] encode(RodTokenLimits limits, int blockBytes) {
    ByteBuffer b = ByteBuffer.allocate(1024);
    b.put((byte) 0).put((byte) 0x8F).putShort((short) 0);
    b.put(limits.encode());
    supportedCommands(b);
    rodTokenFeatures(b, limits, blockBytes);
    supportedRodTypes(b);
    generalCopyOperations(b);
    b.putShort(2, (short) (b.position() - 4));
    return java.util.Arrays.copyOf(b.array(), b.position());
  }

  private static void header(ByteBuffer b, int type, int length) {
    b.putShort((short) type).putShort((short) length);
  }

  private static void supportedCommands(ByteBuffer b) {
    header(b, 0x0001, 8);
    b.put((byte) 7);
    b.put((byte) 0x83).put((byte) 2).put((byte) 0x10).put((byte) 0x11);
    b.put((byte) 0x84).put((byte) 1).put((byte) 0x07);
  }

  private static void rodTokenFeatures(ByteBuffer b, RodTokenLimits limits, int blockBytes) {
    header(b, 0x0106, 44 + 48);
    int start = b.position() - 4;
    long maximumBytes = limits.maximumTransferBlocks() * blockBytes;
    b.putInt(start + 16, 1); // minimum lifetime, s
    b.putInt(start + 20, -1); // maximum lifetime: no limit
    b.putInt(start + 24, (int) limits.maximumInactivitySeconds());
    b.putShort(start + 46, (short) 48);
    int features = start + 48; // block ROD device type specific features
    b.putShort(features + 2, (short) 0x2C);
    b.putLong(features + 8, maximumBytes); // most bytes in a block ROD
    b.putLong(features + 16, -1); // optimal transfers: no optimum, all lengths take as long
    b.putLong(features + 24, -1);
    b.putLong(features + 32, -1);
    b.position(features + 48);
  }

  private static void supportedRodTypes(ByteBuffer b) {
    header(b, 0x0108, 4 + 2 * 64);
    b.putShort((short) 0).putShort((short) (2 * 64));
    rodType(b, RodToken.TYPE_POINT_IN_TIME, 0x03); // TOKEN_IN, TOKEN_OUT
    rodType(b, RodToken.TYPE_ZERO, 0x02); // TOKEN_IN
  }

  private static void rodType(ByteBuffer b, int type, int tokenInOut) {
    int start = b.position();
    b.putInt(type).put((byte) tokenInOut).position(start + 64);
  }

  private static void generalCopyOperations(ByteBuffer b) {
    header(b, 0x8001, 0x20);
    int start = b.position();
    b.putInt(0xFFFF).putInt(0xFFFF); // concurrent copies
    b.position(start + 0x20);
  }
}
