package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;

import java.nio.ByteBuffer;

/** Blocks that each carry one number, over and over. */
final class Stamps {
  /** What a block reads as of which only a part carries its stamp. */
  static final long TORN = -1;

  private Stamps() {}

  static ByteBuffer encode(long[] stamps) {
    ByteBuffer bytes = ByteBuffer.allocate(stamps.length * BLOCK);
    for (long stamp : stamps) {
      for (int i = 0; i < BLOCK; i += Long.BYTES) {
        bytes.putLong(stamp);
      }
    }
    return bytes.flip();
  }

  /** Fills a buffer with what is nobody's stamp. */
  static void spoil(ByteBuffer bytes) {
    for (int i = 0; i < bytes.capacity(); i++) {
      bytes.put(i, (byte) 0xEE);
    }
  }

  /** The stamps of all of a buffer's blocks. */
  static long[] decode(ByteBuffer bytes) {
    long[] stamps = new long[bytes.capacity() / BLOCK];
    for (int block = 0; block < stamps.length; block++) {
      stamps[block] = bytes.getLong(block * BLOCK);
      for (int at = Long.BYTES; at < BLOCK; at += Long.BYTES) {
        if (bytes.getLong(block * BLOCK + at) != stamps[block]) {
          stamps[block] = TORN;
          break;
        }
      }
    }
    return stamps;
  }
}
