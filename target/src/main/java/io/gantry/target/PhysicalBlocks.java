package io.gantry.target;

import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How large the physical blocks are that a volume reports, to which initiators align. A volume with
 * blocks of 512 bytes and physical ones of 4096 is a 512e disk.
 */
public final class PhysicalBlocks {
  private static final String ATTRIBUTE = "physical-block-bytes";
  private static final int MOST_BYTES = 64 << 10;

  private PhysicalBlocks() {}

  /** Bytes of a physical block: those of a logical one unless it was set. */
  public static int of(Pool pool, Volume volume) {
    byte[] value = pool.attribute(volume, ATTRIBUTE);
    return value.length == Integer.BYTES ? ByteBuffer.wrap(value).getInt() : volume.blockBytes();
  }

  /**
   * Sets it.
   *
   * @param bytes a power of two, from the volume's blocks to 64 KiB
   */
  public static void set(Pool pool, Volume volume, int bytes) throws IOException {
    if (Integer.bitCount(bytes) != 1 || bytes < volume.blockBytes() || bytes > MOST_BYTES) {
      throw new IllegalArgumentException(
          "physical blocks of %d bytes for blocks of %d".formatted(bytes, volume.blockBytes()));
    }
    boolean usual = bytes == volume.blockBytes();
    byte[] value = usual ? new byte[0] : ByteBuffer.allocate(Integer.BYTES).putInt(bytes).array();
    pool.setAttribute(volume, ATTRIBUTE, value);
  }
}
