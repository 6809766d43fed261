package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Which slabs of a range are mapped: {@code DEVICE_DATA_SET_LB_PROVISIONING_STATE} (V1) or {@code
 * DEVICE_DATA_SET_LB_PROVISIONING_STATE_V2} (winioctl.h), the result of an allocation query. Slabs
 * count from the first slab boundary in the range.
 *
 * @param version {@link #V1} or {@link #V2}
 * @param slabSizeBytes bytes of a slab
 * @param slabOffsetDeltaBytes from the start of the range to the first slab
 * @param slabs how many slabs are told about; may be fewer than the range has
 * @param mapped bit i: slab i has blocks of its own, and is neither deallocated nor anchored
 */
public record ProvisioningState(
    int version, long slabSizeBytes, long slabOffsetDeltaBytes, long slabs, BitSet mapped) {

  /** The size of the V1 structure, which is its version, too. */
  public static final int V1 = 32;

  /** The size of the V2 structure, which is its version, too. */
  public static final int V2 = 40;

  private static final int WORD = 4;

  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DATA_SET_LB_PROVISIONING_STATE", "winioctl.h", V1, 8);
  public static final Layout LAYOUT_V2 =
      Layout.littleEndian("DEVICE_DATA_SET_LB_PROVISIONING_STATE_V2", "winioctl.h", V2, 8);
  private static final Fields FIRST = Fields.of(LAYOUT, 4);
  private static final Fields SECOND = Fields.of(LAYOUT_V2, 8);

  /** The two layouts differ only in the width of one field. */
  private record Fields(
      Layout.Field size,
      Layout.Field version,
      Layout.Field slabSize,
      Layout.Field delta,
      Layout.Field bits,
      Layout.Field words,
      int bitmapAt) {

    static Fields of(Layout layout, int deltaWidth) {
      int at = 16 + deltaWidth;
      Fields fields =
          new Fields(
              layout.uint(0, 4, "Size", "bytes", "of all of this, with the bitmap"),
              layout.uint(4, 4, "Version", "", "the size of this structure"),
              layout.uint(8, 8, "SlabSizeInBytes", "bytes", ""),
              layout.uint(
                  16, deltaWidth, "SlabOffsetDeltaInBytes", "bytes", "from the range's start"),
              layout.uint(at, 4, "SlabAllocationBitMapBitCount", "slabs", "bits that count"),
              layout.uint(at + 4, 4, "SlabAllocationBitMapLength", "words", "of 32 bits"),
              at + 8);
      layout.uint(at + 8, WORD, "SlabAllocationBitMap", "", "1: mapped; lowest bit first; repeats");
      return fields;
    }
  }

  /** Bytes of the structure with its bitmap; the first word is in the structure's own size. */
  static long sizeBytes(int version, long slabs) {
    return version + WORD * ((slabs - 1) / Integer.SIZE);
  }

  /** The bytes, with as many words as the slabs need. */
  public byte[] encode() {
    Fields fields = version == V2 ? SECOND : FIRST;
    int size = Math.toIntExact(sizeBytes(version, slabs));
    ByteBuffer buffer = ByteBuffer.allocate(size);
    fields.size.set(buffer, 0, size);
    fields.version.set(buffer, 0, version);
    fields.slabSize.set(buffer, 0, slabSizeBytes);
    // V1 has 32 bits for it; the class driver drops the rest.
    long mask = version == V2 ? -1L : 0xFFFF_FFFFL;
    fields.delta.set(buffer, 0, slabOffsetDeltaBytes & mask);
    fields.bits.set(buffer, 0, slabs);
    fields.words.set(buffer, 0, Math.ceilDiv(slabs, Integer.SIZE));
    // A bit set's bytes have the lowest bit first, as words in little-endian order do.
    buffer.put(fields.bitmapAt, mapped.toByteArray());
    return buffer.array();
  }

  /**
   * Reads either version.
   *
   * @throws IllegalArgumentException if the bytes hold less than they say
   */
  public static ProvisioningState decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (bytes.length < V1) {
      throw new IllegalArgumentException(
          "a provisioning state has at least %d bytes, not %d".formatted(V1, bytes.length));
    }
    int version = (int) FIRST.version.get(buffer, 0);
    Fields fields = version == V2 ? SECOND : FIRST;
    long slabs = fields.bits.get(buffer, 0);
    long end = fields.bitmapAt + Math.ceilDiv(slabs, Byte.SIZE);
    if (end > bytes.length) {
      throw new IllegalArgumentException(
          "a bitmap of %d slabs ends at byte %d, but there are %d"
              .formatted(slabs, end, bytes.length));
    }
    BitSet mapped = BitSet.valueOf(buffer.slice(fields.bitmapAt, (int) end - fields.bitmapAt));
    return new ProvisioningState(
        version == V2 ? V2 : V1,
        fields.slabSize.get(buffer, 0),
        fields.delta.get(buffer, 0),
        slabs,
        mapped);
  }
}
