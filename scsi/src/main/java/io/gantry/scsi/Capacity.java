package io.gantry.scsi;

import java.nio.ByteBuffer;

/**
 * What READ CAPACITY(16) returns (SBC-3 5.16.2).
 *
 * @param blocks number of logical blocks, at least 1
 * @param blockLengthBytes bytes of a logical block
 * @param physicalExponent log2 of logical blocks per physical block
 * @param provisioned LBPME: blocks may be unmapped
 * @param unmappedReadsZero LBPRZ: unmapped blocks read as zeros
 */
public record Capacity(
    long blocks,
    int blockLengthBytes,
    int physicalExponent,
    boolean provisioned,
    boolean unmappedReadsZero) {

  public static final int LENGTH = 32;
  public static final Layout LAYOUT =
      Layout.bigEndian("READ CAPACITY(16) data", "SBC-3 5.16.2", LENGTH);
  private static final Layout.Field LAST_LBA =
      LAYOUT.uint(0, 8, "RETURNED LOGICAL BLOCK ADDRESS", "", "the last one");
  private static final Layout.Field BLOCK_LENGTH =
      LAYOUT.uint(8, 4, "LOGICAL BLOCK LENGTH IN BYTES", "bytes", "");
  private static final Layout.Field EXPONENT =
      LAYOUT.bits(13, 3, 0, "LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT", "");
  private static final Layout.Field LBPME = LAYOUT.bits(14, 7, 7, "LBPME", "thin or resource");
  private static final Layout.Field LBPRZ = LAYOUT.bits(14, 6, 6, "LBPRZ", "unmapped reads 0");

  /** Total size in bytes. */
  public long sizeBytes() {
    return blocks * blockLengthBytes;
  }

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    LAST_LBA.set(b, 0, blocks - 1);
    BLOCK_LENGTH.set(b, 0, Integer.toUnsignedLong(blockLengthBytes));
    EXPONENT.set(b, 0, physicalExponent);
    LBPME.set(b, 0, provisioned);
    LBPRZ.set(b, 0, unmappedReadsZero);
    return b.array();
  }

  /** Reads {@value #LENGTH} bytes from the buffer's position. */
  public static Capacity decode(ByteBuffer data) {
    ByteBuffer b = data.slice();
    return new Capacity(
        LAST_LBA.get(b, 0) + 1,
        BLOCK_LENGTH.getInt(b, 0),
        EXPONENT.getInt(b, 0),
        LBPME.isSet(b, 0),
        LBPRZ.isSet(b, 0));
  }
}
