package io.gantry.scsi;

import java.nio.ByteBuffer;

/**
 * The parameter list of SANITIZE with the OVERWRITE service action (SBC-3 5.26.2.2).
 *
 * @param invert each pass writes the complement of the one before
 * @param passes how often to overwrite, 1 to 31
 * @param block what to write in each block: the pattern, over and over
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SanitizeOverwriteList(boolean invert, int passes, byte[] block) {
  public static final Layout LAYOUT =
      Layout.bigEndian("SANITIZE OVERWRITE parameter list", "SBC-3 5.26.2.2", 4);
  private static final Layout.Field INVERT = LAYOUT.bits(0, 7, 7, "INVERT", "");
  private static final Layout.Field TEST = LAYOUT.bits(0, 6, 5, "TEST", "vendor specific: 0");
  private static final Layout.Field COUNT = LAYOUT.bits(0, 4, 0, "OVERWRITE COUNT", "passes");
  private static final Layout.Field RESERVED = LAYOUT.uint(1, 1, "reserved", "", "0");
  private static final Layout.Field PATTERN_LENGTH =
      LAYOUT.uint(2, 2, "INITIALIZATION PATTERN LENGTH", "bytes", "1 to a block");

  /**
   * Reads a list.
   *
   * @param lengthBytes PARAMETER LIST LENGTH of the CDB
   * @param blockBytes bytes of a logical block
   */
  public static Decoded<SanitizeOverwriteList> decode(
      ByteBuffer list, int lengthBytes, int blockBytes) {
    if (lengthBytes <= LAYOUT.sizeBytes() || lengthBytes > LAYOUT.sizeBytes() + blockBytes) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_CDB.at(7));
    }
    ByteBuffer b = list.slice();
    if (b.remaining() < lengthBytes) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    if (COUNT.getInt(b, 0) == 0 || TEST.isSet(b, 0)) {
      return invalid(COUNT);
    }
    if (RESERVED.isSet(b, 0)) {
      return invalid(RESERVED);
    }
    int length = PATTERN_LENGTH.getInt(b, 0);
    if (length != lengthBytes - LAYOUT.sizeBytes()) {
      return invalid(PATTERN_LENGTH);
    }
    byte[] block = new byte[blockBytes];
    for (int at = 0; at < blockBytes; at += length) {
      b.get(LAYOUT.sizeBytes(), block, at, Math.min(length, blockBytes - at));
    }
    return new Decoded.Valid<>(
        new SanitizeOverwriteList(INVERT.isSet(b, 0), COUNT.getInt(b, 0), block));
  }

  private static Decoded<SanitizeOverwriteList> invalid(Layout.Field field) {
    return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(field.offset()));
  }
}
