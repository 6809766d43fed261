package io.gantry.store;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The root record: what a pool is, fixed when it is made, and where its last checkpoint is.
 *
 * <pre>
 * 128 bytes, big-endian
 *    0  8  magic "GANTRYP2": the format and its version
 *    8 16  pool id
 *   24  4  chunk size, bytes
 *   28  4  reserved, 0
 *   32 32  secret key of the pool
 *   64  8  number of the last checkpoint, or 0 if there was none yet
 *   72  8  slot of the first block of its catalog
 *   80  8  number of slots
 *   88  8  where the journal goes on from it
 *   96  8  number of the journal's first frame there
 *  104 20  reserved, 0
 *  124  4  CRC-32C of bytes 0 to 123
 * </pre>
 *
 * <p>Version 1 knew no checkpoints: it had 96 bytes, the CRC at 92 and 0 from 64 on.
 *
 * @param poolId identity of the pool, never the same twice
 * @param chunkBytes bytes of a chunk
 * @param secretKey 32 random bytes that never leave the storage: the key of token MACs
 * @param checkpoint the last one
 */
record PoolRoot(UUID poolId, int chunkBytes, byte[] secretKey, Checkpoint checkpoint) {
  private static final long MAGIC = 0x47414E5452595032L; // GANTRYP2
  private static final long MAGIC_1 = MAGIC - 1;
  private static final long MAGIC_FORMAT = 0x47414E5452595000L;
  private static final int LENGTH = 128;
  private static final int LENGTH_1 = 96;
  private static final int KEY_LENGTH = 32;

  /**
   * A checkpoint.
   *
   * @param number from 1; 0 stands for the empty pool before the first
   * @param catalogSlot slot of the first block of its catalog
   * @param slots number of slots that pages were ever in
   * @param journalPosition where in the journal the changes since then begin
   * @param journalFrame number of the first frame there
   */
  record Checkpoint(
      long number, long catalogSlot, long slots, long journalPosition, long journalFrame) {
    static final Checkpoint NONE = new Checkpoint(0, 0, 0, 0, 0);
  }

  static PoolRoot random(int chunkBytes, SecureRandom random) {
    byte[] id = new byte[16];
    random.nextBytes(id);
    ByteBuffer b = ByteBuffer.wrap(id);
    byte[] key = new byte[KEY_LENGTH];
    random.nextBytes(key);
    return new PoolRoot(new UUID(b.getLong(), b.getLong()), chunkBytes, key, Checkpoint.NONE);
  }

  PoolRoot with(Checkpoint newer) {
    return new PoolRoot(poolId, chunkBytes, secretKey, newer);
  }

  byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    b.putLong(MAGIC).putLong(poolId.getMostSignificantBits());
    b.putLong(poolId.getLeastSignificantBits()).putInt(chunkBytes).putInt(0).put(secretKey);
    b.putLong(checkpoint.number).putLong(checkpoint.catalogSlot).putLong(checkpoint.slots);
    b.putLong(checkpoint.journalPosition).putLong(checkpoint.journalFrame);
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
    if (magic != MAGIC && magic != MAGIC_1) {
      throw new CorruptPoolException(
          "%s: the pool is of version %c; this Gantry reads versions 1 and 2: use a newer one"
              .formatted(location, (char) (magic & 0xFF)));
    }
    int length = magic == MAGIC ? LENGTH : LENGTH_1;
    if (bytes.length != length) {
      throw new CorruptPoolException(
          "%s: the root record has %d bytes, not %d".formatted(location, bytes.length, length));
    }
    UUID id = new UUID(b.getLong(), b.getLong());
    int chunkBytes = b.getInt();
    byte[] key = new byte[KEY_LENGTH];
    b.get(32, key).position(32 + KEY_LENGTH);
    Checkpoint checkpoint =
        magic == MAGIC
            ? new Checkpoint(b.getLong(), b.getLong(), b.getLong(), b.getLong(), b.getLong())
            : Checkpoint.NONE;
    return new PoolRoot(id, chunkBytes, key, checkpoint);
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 4);
    return (int) crc.getValue();
  }
}
