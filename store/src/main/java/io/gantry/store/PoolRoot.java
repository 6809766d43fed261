package io.gantry.store;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The root record: what a pool is, fixed when it is made.
 *
 * <pre>
 * 96 bytes, big-endian
 *    0  8  magic "GANTRYP1": the format and its version
 *    8 16  pool id
 *   24  4  chunk size, bytes
 *   28  4  reserved, 0
 *   32 32  secret key of the pool
 *   64 28  reserved, 0
 *   92  4  CRC-32C of bytes 0 to 91
 * </pre>
 *
 * @param poolId identity of the pool, never the same twice
 * @param chunkBytes bytes of a chunk
 * @param secretKey 32 random bytes that never leave the storage: the key of token MACs
 */
record PoolRoot(UUID poolId, int chunkBytes, byte[] secretKey) {
  private static final long MAGIC = 0x47414E5452595031L; // GANTRYP1
  private static final long MAGIC_FORMAT = 0x47414E5452595000L;
  private static final int LENGTH = 96;
  private static final int KEY_LENGTH = 32;

  static PoolRoot random(int chunkBytes, SecureRandom random) {
    byte[] id = new byte[16];
    random.nextBytes(id);
    ByteBuffer b = ByteBuffer.wrap(id);
    byte[] key = new byte[KEY_LENGTH];
    random.nextBytes(key);
    return new PoolRoot(new UUID(b.getLong(), b.getLong()), chunkBytes, key);
  }

  byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    b.putLong(MAGIC).putLong(poolId.getMostSignificantBits());
    b.putLong(poolId.getLeastSignificantBits()).putInt(chunkBytes).putInt(0).put(secretKey);
    b.putInt(LENGTH - 4, crc(b.array()));
    return b.array();
  }

  static PoolRoot decode(byte[] bytes, String location) throws CorruptPoolException {
    ByteBuffer b = ByteBuffer.wrap(bytes);
    // In every version the first 7 bytes are these and the last 4 are the CRC of the others.
    if (bytes.length < 12
        || b.getInt(bytes.length - 4) != crc(bytes)
        || (b.getLong(0) & ~0xFFL) != MAGIC_FORMAT) {
      throw new CorruptPoolException(
          "%s: the root record of %d bytes is damaged".formatted(location, bytes.length));
    }
    long magic = b.getLong();
    if (magic != MAGIC) {
      throw new CorruptPoolException(
          "%s: the pool is of version %c; this Gantry reads version 1: use a newer one"
              .formatted(location, (char) (magic & 0xFF)));
    }
    if (bytes.length != LENGTH) {
      throw new CorruptPoolException(
          "%s: the root record has %d bytes, not %d".formatted(location, bytes.length, LENGTH));
    }
    UUID id = new UUID(b.getLong(), b.getLong());
    int chunkBytes = b.getInt();
    return new PoolRoot(id, chunkBytes, Arrays.copyOfRange(bytes, 32, 32 + KEY_LENGTH));
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 4);
    return (int) crc.getValue();
  }
}
