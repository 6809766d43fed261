package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.List;

/** The parameter list of UNMAP (SBC-3 5.31.2). */
public final class UnmapList {
  private static final Layout LAYOUT = Layout.bigEndian("UNMAP parameter list", "SBC-3 5.31.2", 8);
  private static final Layout.Field DATA_LENGTH =
      LAYOUT.uint(0, 2, "UNMAP DATA LENGTH", "bytes", "bytes after this field");
  private static final Layout.Field DESCRIPTORS_LENGTH =
      LAYOUT.uint(2, 2, "UNMAP BLOCK DESCRIPTOR DATA LENGTH", "bytes", "");

  private UnmapList() {}

  /** A parameter list for these ranges. */
  public static ByteBuffer encode(List<BlockRange> ranges) {
    int descriptors = ranges.size() * BlockRange.DESCRIPTOR_LENGTH;
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes() + descriptors);
    DATA_LENGTH.set(b, 0, b.capacity() - 2);
    DESCRIPTORS_LENGTH.set(b, 0, descriptors);
    BlockRange.encodeList(ranges, b, LAYOUT.sizeBytes());
    return b;
  }

  /** Reads a parameter list; an incomplete last descriptor is ignored, as the standard says. */
  public static Decoded<List<BlockRange>> decode(ByteBuffer list) {
    ByteBuffer b = list.slice();
    if (b.remaining() < LAYOUT.sizeBytes()) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    int length = Math.min(DESCRIPTORS_LENGTH.getInt(b, 0), b.remaining() - LAYOUT.sizeBytes());
    return new Decoded.Valid<>(BlockRange.decodeList(b, LAYOUT.sizeBytes(), length));
  }
}
