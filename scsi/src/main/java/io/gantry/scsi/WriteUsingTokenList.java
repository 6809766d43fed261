package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The parameter list of WRITE USING TOKEN (SBC-4).
 *
 * @param immediate IMMED: answer before the copy is done
 * @param deleteToken DEL_TKN: the token ends with this operation
 * @param offsetBlocks where in the token's data to start, in blocks of the destination
 * @param token the 512 bytes of the ROD token
 * @param ranges where the data go, in this order
 */
public record WriteUsingTokenList(
    boolean immediate,
    boolean deleteToken,
    long offsetBlocks,
    byte[] token,
    List<BlockRange> ranges) {

  public static final Layout LAYOUT =
      Layout.bigEndian("WRITE USING TOKEN parameter list", "SBC-4 WRITE USING TOKEN", 536);
  private static final Layout.Field DATA_LENGTH =
      LAYOUT.uint(0, 2, "WRITE USING TOKEN DATA LENGTH", "bytes", "bytes after this field");
  private static final Layout.Field DEL_TKN =
      LAYOUT.bits(2, 1, 1, "DEL_TKN", "delete the token afterwards");
  private static final Layout.Field IMMED =
      LAYOUT.bits(2, 0, 0, "IMMED", "answer first, work then");
  private static final Layout.Field OFFSET =
      LAYOUT.uint(8, 8, "OFFSET INTO ROD", "destination blocks", "");
  private static final Layout.Field TOKEN = LAYOUT.bytes(16, RodToken.LENGTH, "ROD TOKEN", "");
  private static final Layout.Field RANGES_LENGTH =
      LAYOUT.uint(534, 2, "BLOCK DEVICE RANGE DESCRIPTOR LENGTH", "bytes", "");

  public WriteUsingTokenList {
    ranges = List.copyOf(ranges);
  }

  /** The bytes. */
  public ByteBuffer encode() {
    int descriptors = ranges.size() * BlockRange.DESCRIPTOR_LENGTH;
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes() + descriptors);
    DATA_LENGTH.set(b, 0, b.capacity() - 2);
    DEL_TKN.set(b, 0, deleteToken);
    IMMED.set(b, 0, immediate);
    OFFSET.set(b, 0, offsetBlocks);
    TOKEN.setBytes(b, 0, token);
    RANGES_LENGTH.set(b, 0, descriptors);
    BlockRange.encodeList(ranges, b, LAYOUT.sizeBytes());
    return b;
  }

  /** Reads the list; descriptors that are cut off are ignored, as the standard says. */
  public static Decoded<WriteUsingTokenList> decode(ByteBuffer list) {
    ByteBuffer b = list.slice();
    if (b.remaining() < LAYOUT.sizeBytes()) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    int minimum = LAYOUT.sizeBytes() + BlockRange.DESCRIPTOR_LENGTH - 2;
    if (DATA_LENGTH.getInt(b, 0) < minimum) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(0));
    }
    if (RANGES_LENGTH.getInt(b, 0) < BlockRange.DESCRIPTOR_LENGTH) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(534));
    }
    int length = Math.min(RANGES_LENGTH.getInt(b, 0), b.remaining() - LAYOUT.sizeBytes());
    return new Decoded.Valid<>(
        new WriteUsingTokenList(
            IMMED.isSet(b, 0),
            DEL_TKN.isSet(b, 0),
            OFFSET.get(b, 0),
            TOKEN.getBytes(b, 0),
            BlockRange.decodeList(b, LAYOUT.sizeBytes(), length)));
  }
}
