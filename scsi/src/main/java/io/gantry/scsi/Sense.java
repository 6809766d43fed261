package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Sense data: why a command ended with CHECK CONDITION (SPC-4 4.5).
 *
 * @param key sense key, 0 to 15
 * @param asc additional sense code
 * @param ascq additional sense code qualifier
 * @param information the INFORMATION field, if valid: an LBA or a count, as the code says
 * @param fieldPointer sense-key specific pointer to the byte at fault, if given
 * @param segment which segment descriptor of an EXTENDED COPY failed, from 0; or, where a copy that
 *     went well comes with sense data, how many there were. It has no valid bit: fixed-format sense
 *     data say 0 where there is none, and a 0 of theirs reads as none
 * @param forwarded what a copy source or destination answered, if that is why a copy failed
 */
public record Sense(
    int key,
    int asc,
    int ascq,
    OptionalLong information,
    OptionalInt fieldPointer,
    OptionalInt segment,
    @Nullable Forwarded forwarded) {

  /**
   * The answer of a logical unit to a command of the copy manager (SPC-4 4.5.2.7).
   *
   * @param byDestination whether the copy destination gave it; else the source did
   * @param status SCSI status code
   * @param sense its sense data, {@link #NO_SENSE} if there were none
   */
  public record Forwarded(boolean byDestination, int status, Sense sense) {}

  public static final int NO_SENSE_KEY = 0x0;
  public static final int RECOVERED_ERROR_KEY = 0x1;
  public static final int NOT_READY_KEY = 0x2;
  public static final int MEDIUM_ERROR_KEY = 0x3;
  public static final int HARDWARE_ERROR_KEY = 0x4;
  public static final int ILLEGAL_REQUEST_KEY = 0x5;
  public static final int UNIT_ATTENTION_KEY = 0x6;
  public static final int DATA_PROTECT_KEY = 0x7;
  public static final int COPY_ABORTED_KEY = 0xA;
  public static final int ABORTED_COMMAND_KEY = 0xB;
  public static final int MISCOMPARE_KEY = 0xE;
  public static final int COMPLETED_KEY = 0xF;

  public static final Sense NO_SENSE = of(0x0, 0x00, 0x00);
  public static final Sense SANITIZE_IN_PROGRESS = of(0x2, 0x04, 0x1B);
  public static final Sense WRITE_ERROR = of(0x3, 0x0C, 0x00);
  public static final Sense UNRECOVERED_READ_ERROR = of(0x3, 0x11, 0x00);
  public static final Sense SANITIZE_FAILED = of(0x3, 0x31, 0x03);
  public static final Sense INTERNAL_TARGET_FAILURE = of(0x4, 0x44, 0x00);
  public static final Sense OPERATION_IN_PROGRESS = of(0x5, 0x00, 0x16);
  public static final Sense COPY_UNDERRUN_NOTHING_COPIED = of(0x5, 0x0D, 0x04);
  public static final Sense INVALID_FIELD_IN_INFORMATION_UNIT = of(0x5, 0x0E, 0x03);
  public static final Sense PARAMETER_LIST_LENGTH_ERROR = of(0x5, 0x1A, 0x00);
  public static final Sense INVALID_OPERATION_CODE = of(0x5, 0x20, 0x00);
  public static final Sense LBA_OUT_OF_RANGE = of(0x5, 0x21, 0x00);
  public static final Sense INVALID_TOKEN_OPERATION = of(0x5, 0x23, 0x00);
  public static final Sense UNSUPPORTED_TOKEN_TYPE = of(0x5, 0x23, 0x01);
  public static final Sense REMOTE_TOKEN_USAGE_NOT_SUPPORTED = of(0x5, 0x23, 0x02);
  public static final Sense TOKEN_UNKNOWN = of(0x5, 0x23, 0x04);
  public static final Sense TOKEN_CORRUPT = of(0x5, 0x23, 0x05);
  public static final Sense TOKEN_REVOKED = of(0x5, 0x23, 0x06);
  public static final Sense TOKEN_EXPIRED = of(0x5, 0x23, 0x07);
  public static final Sense TOKEN_CANCELLED = of(0x5, 0x23, 0x08);
  public static final Sense TOKEN_DELETED = of(0x5, 0x23, 0x09);
  public static final Sense INVALID_TOKEN_LENGTH = of(0x5, 0x23, 0x0A);
  public static final Sense INVALID_FIELD_IN_CDB = of(0x5, 0x24, 0x00);
  public static final Sense LOGICAL_UNIT_NOT_SUPPORTED = of(0x5, 0x25, 0x00);
  public static final Sense INVALID_FIELD_IN_PARAMETER_LIST = of(0x5, 0x26, 0x00);
  public static final Sense INVALID_RELEASE_OF_PERSISTENT_RESERVATION = of(0x5, 0x26, 0x04);
  public static final Sense TOO_MANY_TARGET_DESCRIPTORS = of(0x5, 0x26, 0x06);
  public static final Sense UNSUPPORTED_TARGET_DESCRIPTOR_TYPE = of(0x5, 0x26, 0x07);
  public static final Sense TOO_MANY_SEGMENT_DESCRIPTORS = of(0x5, 0x26, 0x08);
  public static final Sense UNSUPPORTED_SEGMENT_DESCRIPTOR_TYPE = of(0x5, 0x26, 0x09);
  public static final Sense INLINE_DATA_LENGTH_EXCEEDED = of(0x5, 0x26, 0x0B);
  public static final Sense COMMAND_SEQUENCE_ERROR = of(0x5, 0x2C, 0x00);
  public static final Sense SAVING_PARAMETERS_NOT_SUPPORTED = of(0x5, 0x39, 0x00);
  public static final Sense INSUFFICIENT_REGISTRATION_RESOURCES = of(0x5, 0x55, 0x04);
  public static final Sense INSUFFICIENT_RESOURCES_TO_CREATE_ROD_TOKEN = of(0x5, 0x55, 0x0D);
  public static final Sense POWER_ON_OR_RESET = of(0x6, 0x29, 0x00);
  public static final Sense BUS_DEVICE_RESET = of(0x6, 0x29, 0x03);
  public static final Sense NEXUS_LOSS = of(0x6, 0x29, 0x07);
  public static final Sense MODE_PARAMETERS_CHANGED = of(0x6, 0x2A, 0x01);
  public static final Sense RESERVATIONS_PREEMPTED = of(0x6, 0x2A, 0x03);
  public static final Sense RESERVATIONS_RELEASED = of(0x6, 0x2A, 0x04);
  public static final Sense REGISTRATIONS_PREEMPTED = of(0x6, 0x2A, 0x05);
  public static final Sense CAPACITY_DATA_CHANGED = of(0x6, 0x2A, 0x09);
  public static final Sense TIMESTAMP_CHANGED = of(0x6, 0x2A, 0x10);
  public static final Sense SOFT_THRESHOLD_REACHED = of(0x6, 0x38, 0x07);
  public static final Sense DEVICE_IDENTIFIER_CHANGED = of(0x6, 0x3F, 0x05);
  public static final Sense REPORTED_LUNS_DATA_CHANGED = of(0x6, 0x3F, 0x0E);
  public static final Sense WRITE_PROTECTED = of(0x7, 0x27, 0x00);
  public static final Sense SOFTWARE_WRITE_PROTECTED = of(0x7, 0x27, 0x02);
  public static final Sense SPACE_ALLOCATION_FAILED = of(0x7, 0x27, 0x07);
  public static final Sense COPY_ABORTED = of(0xA, 0x00, 0x00);
  public static final Sense UNREACHABLE_COPY_TARGET = of(0xA, 0x08, 0x04);
  public static final Sense THIRD_PARTY_DEVICE_FAILURE = of(0xA, 0x0D, 0x01);
  public static final Sense COPY_TARGET_NOT_REACHABLE = of(0xA, 0x0D, 0x02);
  public static final Sense INCORRECT_COPY_TARGET_TYPE = of(0xA, 0x0D, 0x03);
  public static final Sense COPY_UNDERRUN = of(0xA, 0x0D, 0x04);
  public static final Sense COMMANDS_CLEARED_BY_DEVICE_SERVER = of(0xA, 0x2F, 0x02);
  public static final Sense UNEXPECTED_INEXACT_SEGMENT = of(0xA, 0x26, 0x0A);
  public static final Sense COPY_OUT_OF_RESOURCES = of(0xA, 0x55, 0x03);
  public static final Sense WRITE_DATA_SHORT = of(0xB, 0x0C, 0x0D);
  public static final Sense MISCOMPARE = of(0xE, 0x1D, 0x00);
  public static final Sense EXTENDED_COPY_INFORMATION_AVAILABLE = of(0xF, 0x00, 0x20);

  private static final Map<Integer, String> TEXTS =
      Map.ofEntries(
          Map.entry(0x0000, "no additional sense information"),
          Map.entry(0x0016, "operation in progress"),
          Map.entry(0x0020, "extended copy information available"),
          Map.entry(0x041B, "logical unit not ready, sanitize in progress"),
          Map.entry(0x0804, "unreachable copy target"),
          Map.entry(0x0C00, "write error"),
          Map.entry(0x0C0D, "write error, not enough unsolicited data"),
          Map.entry(0x0E03, "invalid field in command information unit"),
          Map.entry(0x0D01, "third party device failure"),
          Map.entry(0x0D02, "copy target device not reachable"),
          Map.entry(0x0D03, "incorrect copy target device type"),
          Map.entry(0x0D04, "copy target device data underrun"),
          Map.entry(0x1100, "unrecovered read error"),
          Map.entry(0x1A00, "parameter list length error"),
          Map.entry(0x1D00, "miscompare during verify operation"),
          Map.entry(0x2000, "invalid command operation code"),
          Map.entry(0x2100, "logical block address out of range"),
          Map.entry(0x2300, "invalid token operation, cause not reportable"),
          Map.entry(0x2301, "invalid token operation, unsupported token type"),
          Map.entry(0x2302, "invalid token operation, remote token usage not supported"),
          Map.entry(0x2304, "invalid token operation, token unknown"),
          Map.entry(0x2305, "invalid token operation, token corrupt"),
          Map.entry(0x2306, "invalid token operation, token revoked"),
          Map.entry(0x2307, "invalid token operation, token expired"),
          Map.entry(0x2308, "invalid token operation, token cancelled"),
          Map.entry(0x2309, "invalid token operation, token deleted"),
          Map.entry(0x230A, "invalid token operation, invalid token length"),
          Map.entry(0x2400, "invalid field in CDB"),
          Map.entry(0x2500, "logical unit not supported"),
          Map.entry(0x2600, "invalid field in parameter list"),
          Map.entry(0x2604, "invalid release of persistent reservation"),
          Map.entry(0x2606, "too many target descriptors"),
          Map.entry(0x2607, "unsupported target descriptor type code"),
          Map.entry(0x2608, "too many segment descriptors"),
          Map.entry(0x2609, "unsupported segment descriptor type code"),
          Map.entry(0x260A, "unexpected inexact segment"),
          Map.entry(0x260B, "inline data length exceeded"),
          Map.entry(0x2700, "write protected"),
          Map.entry(0x2702, "logical unit software write protected"),
          Map.entry(0x2707, "space allocation failed, write protect"),
          Map.entry(0x2900, "power on, reset, or bus device reset occurred"),
          Map.entry(0x2903, "bus device reset function occurred"),
          Map.entry(0x2907, "I_T nexus loss occurred"),
          Map.entry(0x2A01, "mode parameters changed"),
          Map.entry(0x2A03, "reservations preempted"),
          Map.entry(0x2A04, "reservations released"),
          Map.entry(0x2A05, "registrations preempted"),
          Map.entry(0x2A09, "capacity data has changed"),
          Map.entry(0x2A10, "timestamp changed"),
          Map.entry(0x2C00, "command sequence error"),
          Map.entry(0x2F00, "commands cleared by another initiator"),
          Map.entry(0x2F02, "commands cleared by device server"),
          Map.entry(0x3103, "sanitize command failed"),
          Map.entry(0x3807, "thin provisioning soft threshold reached"),
          Map.entry(0x3900, "saving parameters not supported"),
          Map.entry(0x3F05, "device identifier changed"),
          Map.entry(0x3F0E, "reported LUNs data has changed"),
          Map.entry(0x4400, "internal target failure"),
          Map.entry(0x5503, "insufficient resources"),
          Map.entry(0x5504, "insufficient registration resources"),
          Map.entry(0x550D, "insufficient resources to create ROD token"));

  private static final int FIXED_LENGTH = 18;

  /** Longest sense data (SPC-4 4.5.1). */
  private static final int MAX_LENGTH = 252;

  private static final int CURRENT_FIXED = 0x70;
  private static final int CURRENT_DESCRIPTOR = 0x72;

  /** Descriptor type of forwarded sense data. */
  private static final int FORWARDED = 0x0C;

  /** A segment number is in the third and fourth of eight bytes (SPC-4 5.17.7.4). */
  private static final int SEGMENT_SHIFT = 32;

  /** Sense with neither INFORMATION nor a field pointer. */
  public static Sense of(int key, int asc, int ascq) {
    return new Sense(
        key, asc, ascq, OptionalLong.empty(), OptionalInt.empty(), OptionalInt.empty(), null);
  }

  /** The same sense with a valid INFORMATION field. */
  public Sense withInformation(long value) {
    return new Sense(key, asc, ascq, OptionalLong.of(value), fieldPointer, segment, forwarded);
  }

  /**
   * The same sense pointing at the byte at fault: of the CDB when the code is {@link
   * #INVALID_FIELD_IN_CDB}'s, otherwise of the parameter list.
   */
  public Sense at(int byteOffset) {
    return new Sense(key, asc, ascq, information, OptionalInt.of(byteOffset), segment, forwarded);
  }

  /** The same sense with the number of a segment descriptor, from 0, or of them all. */
  public Sense inSegment(int number) {
    return new Sense(key, asc, ascq, information, fieldPointer, OptionalInt.of(number), forwarded);
  }

  /** The same sense with what a copy source or destination answered, if that is why. */
  public Sense forwarding(@Nullable Forwarded answer) {
    return new Sense(key, asc, ascq, information, fieldPointer, segment, answer);
  }

  /**
   * The same sense with a PROGRESS INDICATION, in 65,536ths. It stands where the field pointer of
   * other sense keys does (SPC-4 4.5.2.4.4).
   */
  public Sense withProgress(int progress) {
    return at(progress);
  }

  /** Whether key, code and qualifier are those of {@code other}. */
  public boolean is(Sense other) {
    return key == other.key && asc == other.asc && ascq == other.ascq;
  }

  /**
   * Fixed-format current sense data, 18 bytes, and forwarded sense data behind them (SPC-4 4.5.3).
   * An INFORMATION value over 32 bits does not fit the format and is left out with VALID=0; {@link
   * #encode} then chooses descriptors.
   */
  private byte[] encodeFixed() {
    byte[] answer = forwarded == null ? new byte[0] : forwarded.sense.encodeFixed();
    int tail = forwarded == null ? 0 : 1 + answer.length; // the status goes before them
    byte[] bytes = new byte[FIXED_LENGTH + tail];
    bytes[0] = (byte) (CURRENT_FIXED | (information.isPresent() ? 0x80 : 0));
    bytes[2] = (byte) key;
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (information.isPresent()) {
      buffer.putInt(3, (int) information.getAsLong());
    }
    bytes[7] = (byte) (bytes.length - 8);
    buffer.putShort(10, (short) segment.orElse(0));
    if (forwarded != null) {
      bytes[forwarded.byDestination ? 9 : 8] = FIXED_LENGTH;
      bytes[FIXED_LENGTH] = (byte) forwarded.status;
      buffer.put(FIXED_LENGTH + 1, answer);
    }
    bytes[12] = (byte) asc;
    bytes[13] = (byte) ascq;
    if (fieldPointer.isPresent()) {
      bytes[15] = (byte) (asc == 0x24 ? 0xC0 : 0x80); // SKSV, C/D
      buffer.putShort(16, (short) fieldPointer.getAsInt());
    }
    return bytes;
  }

  /** Descriptor-format current sense data (SPC-4 4.5.2). */
  public byte[] encodeDescriptor() {
    byte[] answer = forwarded == null ? new byte[0] : forwarded.sense.encodeDescriptor();
    int length =
        8
            + (information.isPresent() ? 12 : 0)
            + (segment.isPresent() ? 12 : 0)
            + (fieldPointer.isPresent() ? 8 : 0)
            + (forwarded == null ? 0 : 4 + answer.length);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    buffer.put((byte) CURRENT_DESCRIPTOR).put((byte) key).put((byte) asc).put((byte) ascq);
    buffer.put(7, (byte) (length - 8)).position(8);
    if (information.isPresent()) {
      buffer.put((byte) 0).put((byte) 0x0A).put((byte) 0x80).put((byte) 0);
      buffer.putLong(information.getAsLong());
    }
    if (segment.isPresent()) {
      buffer.put((byte) 1).put((byte) 0x0A).putShort((short) 0);
      buffer.putLong((long) segment.getAsInt() << (isCopyAborted() ? SEGMENT_SHIFT : 0));
    }
    if (fieldPointer.isPresent()) {
      buffer.put((byte) 2).put((byte) 6).putShort((short) 0);
      buffer.put((byte) (asc == 0x24 ? 0xC0 : 0x80)).putShort((short) fieldPointer.getAsInt());
      buffer.put((byte) 0);
    }
    if (forwarded != null) {
      buffer.put((byte) FORWARDED).put((byte) (2 + answer.length));
      buffer.put((byte) (forwarded.byDestination ? 2 : 1)).put((byte) forwarded.status).put(answer);
    }
    return buffer.array();
  }

  private boolean isCopyAborted() {
    return key == COPY_ABORTED_KEY;
  }

  /** Current sense data: fixed format, or descriptors if INFORMATION needs more than 32 bits. */
  public byte[] encode() {
    return information.isPresent() && information.getAsLong() >>> 32 != 0
        ? encodeDescriptor()
        : encodeFixed();
  }

  /**
   * Reads sense data of either format, as far as it goes: a peer may send less than it announces.
   * Bytes that are no sense data at all read as {@link #NO_SENSE}.
   */
  public static Sense decode(byte[] bytes) {
    if (bytes.length < 4) {
      return NO_SENSE;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return switch (bytes[0] & 0x7F) {
      case CURRENT_FIXED, 0x71 -> decodeFixed(buffer);
      case CURRENT_DESCRIPTOR, 0x73 -> decodeDescriptors(buffer);
      default -> NO_SENSE;
    };
  }

  private static Sense decodeFixed(ByteBuffer b) {
    int available = b.capacity();
    int asc = available > 12 ? b.get(12) & 0xff : 0;
    int ascq = available > 13 ? b.get(13) & 0xff : 0;
    boolean valid = (b.get(0) & 0x80) != 0 && available >= 7;
    boolean pointed = available >= 18 && (b.get(15) & 0x80) != 0;
    int key = b.get(2) & 0x0f;
    int segment = tellsSegment(key) && available >= 12 ? b.getShort(10) & 0xffff : 0;
    Forwarded forwarded = null;
    if (key == COPY_ABORTED_KEY && available >= 12) {
      boolean byDestination = b.get(8) == 0;
      int at = b.get(byDestination ? 9 : 8) & 0xff;
      if (at >= FIXED_LENGTH && at < available) {
        forwarded = forwarded(byDestination, b.get(at), bytes(b, at + 1, available));
      }
    }
    return new Sense(
        key,
        asc,
        ascq,
        valid ? OptionalLong.of(b.getInt(3) & 0xffff_ffffL) : OptionalLong.empty(),
        pointed ? OptionalInt.of(b.getShort(16) & 0xffff) : OptionalInt.empty(),
        segment == 0 ? OptionalInt.empty() : OptionalInt.of(segment),
        forwarded);
  }

  /** Whether the COMMAND-SPECIFIC INFORMATION tells of segment descriptors. */
  private static boolean tellsSegment(int key) {
    return key == COPY_ABORTED_KEY || key == COMPLETED_KEY;
  }

  private static Forwarded forwarded(boolean byDestination, int status, byte[] bytes) {
    Sense sense = decode(Arrays.copyOf(bytes, Math.min(bytes.length, MAX_LENGTH)));
    // What somebody forwarded whose answer is forwarded is of no interest.
    return new Forwarded(byDestination, status & 0xff, sense.forwarding(null));
  }

  private static byte[] bytes(ByteBuffer b, int from, int to) {
    byte[] bytes = new byte[Math.max(0, to - from)];
    b.get(from, bytes);
    return bytes;
  }

  private static Sense decodeDescriptors(ByteBuffer b) {
    Sense sense = of(b.get(1) & 0x0f, b.get(2) & 0xff, b.get(3) & 0xff);
    int end = b.capacity() < 8 ? 0 : Math.min(b.capacity(), 8 + (b.get(7) & 0xff));
    for (int at = 8; at + 2 <= end; at += 2 + (b.get(at + 1) & 0xff)) {
      int type = b.get(at) & 0xff;
      if (type == 0 && at + 12 <= end && (b.get(at + 2) & 0x80) != 0) {
        sense = sense.withInformation(b.getLong(at + 4));
      } else if (type == 1 && at + 12 <= end && tellsSegment(sense.key)) {
        long information = b.getLong(at + 4);
        sense =
            sense.inSegment(
                (int) (information >> (sense.isCopyAborted() ? SEGMENT_SHIFT : 0)) & 0xffff);
      } else if (type == 2 && at + 8 <= end && (b.get(at + 4) & 0x80) != 0) {
        sense = sense.at(b.getShort(at + 5) & 0xffff);
      } else if (type == FORWARDED && at + 4 <= end && sense.isCopyAborted()) {
        int to = Math.min(end, at + 2 + (b.get(at + 1) & 0xff));
        byte[] bytes = bytes(b, at + 4, to);
        sense = sense.forwarding(forwarded((b.get(at + 2) & 0x0f) == 2, b.get(at + 3), bytes));
      }
    }
    return sense;
  }

  /** For people: {@code 5h/23h/04h invalid token operation, token unknown}. */
  @Override
  public String toString() {
    String text = TEXTS.getOrDefault(asc << 8 | ascq, "");
    String more =
        (information.isPresent() ? " information=" + information.getAsLong() : "")
            + (fieldPointer.isPresent() ? " byte=" + fieldPointer.getAsInt() : "")
            + (segment.isPresent() ? " segment=" + segment.getAsInt() : "")
            + (forwarded == null
                ? ""
                : " (the %s answered %02Xh %s)"
                    .formatted(
                        forwarded.byDestination ? "destination" : "source",
                        forwarded.status,
                        forwarded.sense));
    return ("%Xh/%02Xh/%02Xh %s".formatted(key, asc, ascq, text) + more).strip();
  }
}
