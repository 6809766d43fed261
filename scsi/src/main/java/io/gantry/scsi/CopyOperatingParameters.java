package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What RECEIVE COPY OPERATING PARAMETERS returns (SPC-4 6.22): what EXTENDED COPY may ask of a copy
 * manager.
 *
 * @param listIdentifierOptional SNLID: an EXTENDED COPY may do without a list identifier
 * @param maximumCscds MAXIMUM CSCD DESCRIPTOR COUNT
 * @param maximumSegments MAXIMUM SEGMENT DESCRIPTOR COUNT
 * @param maximumListBytes MAXIMUM DESCRIPTOR LIST LENGTH: of CSCD and segment descriptors together
 * @param maximumSegmentBytes MAXIMUM SEGMENT LENGTH; 0: no limit
 * @param maximumInlineBytes MAXIMUM INLINE DATA LENGTH
 * @param heldDataLimitBytes HELD DATA LIMIT
 * @param totalConcurrentCopies TOTAL CONCURRENT COPIES
 * @param maximumConcurrentCopies MAXIMUM CONCURRENT COPIES: of those with a list identifier
 * @param segmentGranularity DATA SEGMENT GRANULARITY, log2 of bytes
 * @param descriptorTypes type codes of segment and CSCD descriptors, ascending
 */
public record CopyOperatingParameters(
    boolean listIdentifierOptional,
    int maximumCscds,
    int maximumSegments,
    long maximumListBytes,
    long maximumSegmentBytes,
    long maximumInlineBytes,
    long heldDataLimitBytes,
    int totalConcurrentCopies,
    int maximumConcurrentCopies,
    int segmentGranularity,
    List<Integer> descriptorTypes) {

  public static final Layout LAYOUT =
      Layout.bigEndian("RECEIVE COPY OPERATING PARAMETERS data", "SPC-4 6.22", 44);
  private static final Layout.Field AVAILABLE_DATA =
      LAYOUT.uint(0, 4, "AVAILABLE DATA", "bytes", "bytes after this field");
  private static final Layout.Field SNLID =
      LAYOUT.bits(4, 0, 0, "SNLID", "LIST ID USAGE 11b is taken");
  private static final Layout.Field CSCDS =
      LAYOUT.uint(8, 2, "MAXIMUM CSCD DESCRIPTOR COUNT", "", "");
  private static final Layout.Field SEGMENTS =
      LAYOUT.uint(10, 2, "MAXIMUM SEGMENT DESCRIPTOR COUNT", "", "");
  private static final Layout.Field LIST =
      LAYOUT.uint(12, 4, "MAXIMUM DESCRIPTOR LIST LENGTH", "bytes", "");
  private static final Layout.Field SEGMENT_LENGTH =
      LAYOUT.uint(16, 4, "MAXIMUM SEGMENT LENGTH", "bytes", "0: no limit");
  private static final Layout.Field INLINE =
      LAYOUT.uint(20, 4, "MAXIMUM INLINE DATA LENGTH", "bytes", "");
  private static final Layout.Field HELD = LAYOUT.uint(24, 4, "HELD DATA LIMIT", "bytes", "");
  private static final Layout.Field TOTAL_COPIES =
      LAYOUT.uint(34, 2, "TOTAL CONCURRENT COPIES", "", "");
  private static final Layout.Field COPIES =
      LAYOUT.uint(36, 1, "MAXIMUM CONCURRENT COPIES", "", "with a list identifier");
  private static final Layout.Field GRANULARITY =
      LAYOUT.uint(37, 1, "DATA SEGMENT GRANULARITY", "log2 bytes", "");
  private static final Layout.Field TYPES_LENGTH =
      LAYOUT.uint(43, 1, "IMPLEMENTED DESCRIPTOR LIST LENGTH", "bytes", "one byte a type");

  public CopyOperatingParameters {
    descriptorTypes = List.copyOf(descriptorTypes);
  }

  /** Whether descriptors of a type can be sent. */
  public boolean supports(int descriptorType) {
    return descriptorTypes.contains(descriptorType);
  }

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes() + descriptorTypes.size());
    AVAILABLE_DATA.set(b, 0, b.capacity() - 4);
    SNLID.set(b, 0, listIdentifierOptional);
    CSCDS.set(b, 0, maximumCscds);
    SEGMENTS.set(b, 0, maximumSegments);
    LIST.set(b, 0, maximumListBytes);
    SEGMENT_LENGTH.set(b, 0, maximumSegmentBytes);
    INLINE.set(b, 0, maximumInlineBytes);
    HELD.set(b, 0, heldDataLimitBytes);
    TOTAL_COPIES.set(b, 0, totalConcurrentCopies);
    COPIES.set(b, 0, maximumConcurrentCopies);
    GRANULARITY.set(b, 0, segmentGranularity);
    TYPES_LENGTH.set(b, 0, descriptorTypes.size());
    int at = LAYOUT.sizeBytes();
    for (int type : descriptorTypes) {
      b.put(at++, (byte) type);
    }
    return b.array();
  }

  /**
   * Reads the data as far as the target sent them.
   *
   * @return null if the fixed part is not all there
   */
  public static @Nullable CopyOperatingParameters decode(ByteBuffer data) {
    ByteBuffer b = data.slice();
    if (b.remaining() < LAYOUT.sizeBytes()) {
      return null;
    }
    List<Integer> types = new ArrayList<>();
    int end = Math.min(b.remaining(), LAYOUT.sizeBytes() + TYPES_LENGTH.getInt(b, 0));
    for (int at = LAYOUT.sizeBytes(); at < end; at++) {
      types.add(b.get(at) & 0xff);
    }
    return new CopyOperatingParameters(
        SNLID.isSet(b, 0),
        CSCDS.getInt(b, 0),
        SEGMENTS.getInt(b, 0),
        LIST.get(b, 0),
        SEGMENT_LENGTH.get(b, 0),
        INLINE.get(b, 0),
        HELD.get(b, 0),
        TOTAL_COPIES.getInt(b, 0),
        COPIES.getInt(b, 0),
        GRANULARITY.getInt(b, 0),
        types);
  }
}
