package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;

/**
 * The parameter list of POPULATE TOKEN (SBC-4).
 *
 * @param immediate IMMED: answer before the token is made
 * @param inactivityTimeoutSeconds how long the token may lie unused; 0 for the target's default
 * @param rodType the ROD type asked for, if any (RTV=1)
 * @param ranges the blocks that the token stands for, in this order
 */
public record PopulateTokenList(
    boolean immediate,
    long inactivityTimeoutSeconds,
    OptionalInt rodType,
    List<BlockRange> ranges) {

  public static final Layout LAYOUT =
      Layout.bigEndian("POPULATE TOKEN parameter list", "SBC-4 POPULATE TOKEN", 16);
  private static final Layout.Field DATA_LENGTH =
      LAYOUT.uint(0, 2, "POPULATE TOKEN DATA LENGTH", "bytes", "bytes after this field");
  private static final Layout.Field RTV = LAYOUT.bits(2, 1, 1, "RTV", "ROD TYPE is valid");
  private static final Layout.Field IMMED =
      LAYOUT.bits(2, 0, 0, "IMMED", "answer first, work then");
  private static final Layout.Field INACTIVITY_TIMEOUT =
      LAYOUT.uint(4, 4, "INACTIVITY TIMEOUT", "seconds", "0: the target's default");
  private static final Layout.Field ROD_TYPE = LAYOUT.uint(8, 4, "ROD TYPE", "", "if RTV");
  private static final Layout.Field RANGES_LENGTH =
      LAYOUT.uint(14, 2, "BLOCK DEVICE RANGE DESCRIPTOR LENGTH", "bytes", "");

  public PopulateTokenList {
    ranges = List.copyOf(ranges);
  }

  /** The bytes. */
  public ByteBuffer encode() {
    int descriptors = ranges.size() * BlockRange.DESCRIPTOR_LENGTH;
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes() + descriptors);
    DATA_LENGTH.set(b, 0, b.capacity() - 2);
    RTV.set(b, 0, rodType.isPresent());
    IMMED.set(b, 0, immediate);
    INACTIVITY_TIMEOUT.set(b, 0, inactivityTimeoutSeconds);
    ROD_TYPE.set(b, 0, Integer.toUnsignedLong(rodType.orElse(0)));
    RANGES_LENGTH.set(b, 0, descriptors);
    BlockRange.encodeList(ranges, b, LAYOUT.sizeBytes());
    return b;
  }

  /** Reads the list; descriptors that are cut off are ignored, as the standard says. */
  public static Decoded<PopulateTokenList> decode(ByteBuffer list) {
    ByteBuffer b = list.slice();
    if (b.remaining() < LAYOUT.sizeBytes()) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    int minimum = LAYOUT.sizeBytes() + BlockRange.DESCRIPTOR_LENGTH - 2;
    if (DATA_LENGTH.getInt(b, 0) < minimum) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(0));
    }
    if (RANGES_LENGTH.getInt(b, 0) < BlockRange.DESCRIPTOR_LENGTH) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(14));
    }
    int length = Math.min(RANGES_LENGTH.getInt(b, 0), b.remaining() - LAYOUT.sizeBytes());
    return new Decoded.Valid<>(
        new PopulateTokenList(
            IMMED.isSet(b, 0),
            INACTIVITY_TIMEOUT.get(b, 0),
            RTV.isSet(b, 0) ? OptionalInt.of(ROD_TYPE.getInt(b, 0)) : OptionalInt.empty(),
            BlockRange.decodeList(b, LAYOUT.sizeBytes(), length)));
  }
}
