package io.gantry.scsi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What RECEIVE ROD TOKEN INFORMATION returns (SPC-4 6.28): how a copy operation stands, and the
 * token if it made one. RECEIVE COPY STATUS(LID4) returns the same without the token.
 *
 * @param serviceAction service action of the operation's own command: 10h or 11h, or 00h or 01h of
 *     an EXTENDED COPY
 * @param status COPY OPERATION STATUS, one of the constants here
 * @param completionStatus SCSI status code of the finished operation
 * @param transferCount whole blocks moved, counted from the first one without a gap; of an EXTENDED
 *     COPY bytes
 * @param segments segment descriptors begun; 0 but of an EXTENDED COPY
 * @param sense why it failed or fell short, or null
 * @param token the ROD token, 512 bytes, or null
 */
public record RodTokenInformation(
    int serviceAction,
    int status,
    int completionStatus,
    long transferCount,
    int segments,
    @Nullable Sense sense,
    byte @Nullable [] token) {

  public static final int STATUS_COMPLETED = 0x01;
  public static final int STATUS_FAILED = 0x02;
  public static final int STATUS_COMPLETED_PARTIALLY = 0x03;
  public static final int STATUS_IN_PROGRESS = 0x11;
  public static final int STATUS_IN_PROGRESS_IN_BACKGROUND = 0x12;
  public static final int STATUS_TERMINATED = 0x60;

  /** Bytes up to the sense data. */
  public static final int HEADER_LENGTH = 32;

  /** Bytes of a token descriptor: restricted identifier and token. */
  public static final int TOKEN_DESCRIPTOR_LENGTH = 2 + RodToken.LENGTH;

  public static final Layout LAYOUT =
      Layout.bigEndian("RECEIVE ROD TOKEN INFORMATION data", "SPC-4 6.28", HEADER_LENGTH);
  private static final Layout.Field AVAILABLE_DATA =
      LAYOUT.uint(0, 4, "AVAILABLE DATA", "bytes", "bytes after this field");
  private static final Layout.Field RESPONSE_TO =
      LAYOUT.bits(4, 4, 0, "RESPONSE TO SERVICE ACTION", "");
  private static final Layout.Field STATUS = LAYOUT.bits(5, 6, 0, "COPY OPERATION STATUS", "");
  private static final Layout.Field COUNTER = LAYOUT.uint(6, 2, "OPERATION COUNTER", "", "");
  private static final Layout.Field DELAY =
      LAYOUT.uint(8, 4, "ESTIMATED STATUS UPDATE DELAY", "ms", "FFFFFFFEh: finished");
  private static final Layout.Field COMPLETION =
      LAYOUT.uint(12, 1, "EXTENDED COPY COMPLETION STATUS", "", "SCSI status");
  private static final Layout.Field SENSE_FIELD_LENGTH =
      LAYOUT.uint(13, 1, "LENGTH OF THE SENSE DATA FIELD", "bytes", "multiple of 4");
  private static final Layout.Field SENSE_LENGTH =
      LAYOUT.uint(14, 1, "SENSE DATA LENGTH", "bytes", "valid bytes");
  private static final Layout.Field UNITS =
      LAYOUT.uint(15, 1, "TRANSFER COUNT UNITS", "", "00h: bytes, F1h: blocks");
  private static final Layout.Field COUNT =
      LAYOUT.uint(16, 8, "TRANSFER COUNT", "as the units say", "");
  private static final Layout.Field SEGMENTS = LAYOUT.uint(24, 2, "SEGMENTS PROCESSED", "", "");

  private static final long FINISHED = 0xFFFF_FFFEL;

  /** ESTIMATED STATUS UPDATE DELAY that recommends nothing. */
  public static final long NO_RECOMMENDATION = 0xFFFF_FFFFL;

  private static final int UNITS_BYTES = 0x00;
  private static final int UNITS_BLOCKS = 0xF1;
  private static final int LAST_EXTENDED_COPY = 0x01;

  /** Of one of the token commands. */
  public RodTokenInformation(
      int serviceAction,
      int status,
      int completionStatus,
      long transferBlocks,
      @Nullable Sense sense,
      byte @Nullable [] token) {
    this(serviceAction, status, completionStatus, transferBlocks, 0, sense, token);
  }

  /** Whether it is about an EXTENDED COPY, of either format. */
  public boolean isExtendedCopy() {
    return serviceAction <= LAST_EXTENDED_COPY;
  }

  /** Whole blocks that a token command moved. */
  public long transferBlocks() {
    return transferCount;
  }

  /** The same with another count. */
  public RodTokenInformation withTransferCount(long count) {
    return new RodTokenInformation(
        serviceAction, status, completionStatus, count, segments, sense, token);
  }

  /** Whether the operation has ended, one way or another. */
  public boolean isFinished() {
    return status == STATUS_COMPLETED
        || status == STATUS_FAILED
        || status == STATUS_COMPLETED_PARTIALLY
        || status == STATUS_TERMINATED;
  }

  /** The bytes. */
  public byte[] encode() {
    return encode(isFinished() ? FINISHED : NO_RECOMMENDATION);
  }

  /**
   * The bytes for an operation that goes on.
   *
   * @param delayMillis when to ask again, at most FFFFFFFDh, or {@link #NO_RECOMMENDATION}
   */
  public byte[] encode(long delayMillis) {
    byte[] senseBytes = sense == null ? new byte[0] : sense.encode();
    int senseField = (senseBytes.length + 3) / 4 * 4;
    int descriptors = token == null ? 0 : TOKEN_DESCRIPTOR_LENGTH;
    ByteBuffer b = ByteBuffer.allocate(HEADER_LENGTH + senseField + 4 + descriptors);
    AVAILABLE_DATA.set(b, 0, b.capacity() - 4);
    RESPONSE_TO.set(b, 0, serviceAction);
    STATUS.set(b, 0, status);
    COUNTER.set(b, 0, 1);
    DELAY.set(b, 0, delayMillis);
    COMPLETION.set(b, 0, completionStatus);
    SENSE_FIELD_LENGTH.set(b, 0, senseField);
    SENSE_LENGTH.set(b, 0, senseBytes.length);
    UNITS.set(b, 0, isExtendedCopy() ? UNITS_BYTES : UNITS_BLOCKS);
    COUNT.set(b, 0, transferCount);
    SEGMENTS.set(b, 0, segments);
    b.put(HEADER_LENGTH, senseBytes);
    b.putInt(HEADER_LENGTH + senseField, descriptors);
    if (token != null) {
      b.put(HEADER_LENGTH + senseField + 6, token);
    }
    return b.array();
  }

  /**
   * Reads the data as far as the target sent them. A token is taken only from a descriptor list of
   * exactly one descriptor of {@value #TOKEN_DESCRIPTOR_LENGTH} bytes, as Windows does.
   *
   * @param data the bytes received
   * @return the information, or null if there is not even a header
   */
  public static @Nullable RodTokenInformation decode(ByteBuffer data) {
    ByteBuffer b = data.slice();
    if (b.remaining() < HEADER_LENGTH) {
      return null;
    }
    long end = Math.min(b.remaining(), AVAILABLE_DATA.get(b, 0) + 4);
    int senseField = SENSE_FIELD_LENGTH.getInt(b, 0);
    int senseLength = Math.min(SENSE_LENGTH.getInt(b, 0), senseField);
    Sense sense = null;
    if (senseLength > 0 && HEADER_LENGTH + senseLength <= end) {
      byte[] bytes = new byte[senseLength];
      b.get(HEADER_LENGTH, bytes);
      sense = Sense.decode(bytes);
    }
    byte[] token = null;
    int descriptors = HEADER_LENGTH + senseField;
    if (descriptors + 4 + TOKEN_DESCRIPTOR_LENGTH <= end
        && b.getInt(descriptors) == TOKEN_DESCRIPTOR_LENGTH) {
      token = new byte[RodToken.LENGTH];
      b.get(descriptors + 6, token);
    }
    return new RodTokenInformation(
        RESPONSE_TO.getInt(b, 0),
        STATUS.getInt(b, 0),
        COMPLETION.getInt(b, 0),
        COUNT.get(b, 0),
        SEGMENTS.getInt(b, 0),
        sense,
        token);
  }
}
