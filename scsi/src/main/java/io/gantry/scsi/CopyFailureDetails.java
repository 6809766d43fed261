package io.gantry.scsi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What RECEIVE COPY FAILURE DETAILS(LID1) returns (SPC-4 6.23): why an EXTENDED COPY failed.
 *
 * @param status SCSI status code of the command
 * @param sense its sense data
 */
public record CopyFailureDetails(int status, Sense sense) {
  public static final Layout LAYOUT =
      Layout.bigEndian("RECEIVE COPY FAILURE DETAILS(LID1) data", "SPC-4 6.23", 60);
  private static final Layout.Field AVAILABLE_DATA =
      LAYOUT.uint(0, 4, "AVAILABLE DATA", "bytes", "bytes after this field; 0: it did not fail");
  private static final Layout.Field STATUS =
      LAYOUT.uint(56, 1, "EXTENDED COPY COMMAND STATUS", "", "SCSI status");
  private static final Layout.Field SENSE_LENGTH =
      LAYOUT.uint(58, 2, "SENSE DATA LENGTH", "bytes", "");

  private static final int NOTHING_LENGTH = 4;

  /** The bytes that say that there is nothing to tell. */
  public static byte[] none() {
    return new byte[NOTHING_LENGTH];
  }

  /** The bytes. */
  public byte[] encode() {
    byte[] bytes = sense.encode();
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes() + bytes.length);
    AVAILABLE_DATA.set(b, 0, b.capacity() - NOTHING_LENGTH);
    STATUS.set(b, 0, status);
    SENSE_LENGTH.set(b, 0, bytes.length);
    b.put(LAYOUT.sizeBytes(), bytes);
    return b.array();
  }

  /** Reads the data; null if they say that there is nothing to tell, or are not all there. */
  public static @Nullable CopyFailureDetails decode(ByteBuffer data) {
    ByteBuffer b = data.slice();
    if (b.remaining() < LAYOUT.sizeBytes() || !AVAILABLE_DATA.isSet(b, 0)) {
      return null;
    }
    byte[] bytes =
        new byte[Math.min(SENSE_LENGTH.getInt(b, 0), b.remaining() - LAYOUT.sizeBytes())];
    b.get(LAYOUT.sizeBytes(), bytes);
    return new CopyFailureDetails(STATUS.getInt(b, 0), Sense.decode(bytes));
  }
}
