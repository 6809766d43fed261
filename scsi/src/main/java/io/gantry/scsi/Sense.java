package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Sense data: why a command ended with CHECK CONDITION (SPC-4 4.5).
 *
 * @param key sense key, 0 to 15
 * @param asc additional sense code
 * @param ascq additional sense code qualifier
 * @param information the INFORMATION field, if valid: an LBA or a count, as the code says
 * @param fieldPointer sense-key specific pointer to the byte at fault, if given
 */
public record Sense(
    int key, int asc, int ascq, OptionalLong information, OptionalInt fieldPointer) {

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
  public static final Sense COPY_UNDERRUN = of(0xA, 0x0D, 0x04);
  public static final Sense THIRD_PARTY_DEVICE_FAILURE = of(0xA, 0x0D, 0x01);
  public static final Sense COMMANDS_CLEARED_BY_DEVICE_SERVER = of(0xA, 0x2F, 0x02);
  public static final Sense WRITE_DATA_SHORT = of(0xB, 0x0C, 0x0D);
  public static final Sense MISCOMPARE = of(0xE, 0x1D, 0x00);

  private static final Map<Integer, String> TEXTS =
      Map.ofEntries(
          Map.entry(0x0000, "no additional sense information"),
          Map.entry(0x0016, "operation in progress"),
          Map.entry(0x041B, "logical unit not ready, sanitize in progress"),
          Map.entry(0x0C00, "write error"),
          Map.entry(0x0C0D, "write error, not enough unsolicited data"),
          Map.entry(0x0E03, "invalid field in command information unit"),
          Map.entry(0x0D01, "third party device failure"),
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
          Map.entry(0x5504, "insufficient registration resources"),
          Map.entry(0x550D, "insufficient resources to create ROD token"));

  private static final int FIXED_LENGTH = 18;
  private static final int CURRENT_FIXED = 0x70;
  private static final int CURRENT_DESCRIPTOR = 0x72;

  /** Sense with neither INFORMATION nor a field pointer. */
  public static Sense of(int key, int asc, int ascq) {
    return new Sense(key, asc, ascq, OptionalLong.empty(), OptionalInt.empty());
  }

  /** The same sense with a valid INFORMATION field. */
  public Sense withInformation(long value) {
    return new Sense(key, asc, ascq, OptionalLong.of(value), fieldPointer);
  }

  /**
   * The same sense pointing at the byte at fault: of the CDB when the code is {@link
   * #INVALID_FIELD_IN_CDB}'s, otherwise of the parameter list.
   */
  public Sense at(int byteOffset) {
    return new Sense(key, asc, ascq, information, OptionalInt.of(byteOffset));
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
   * Fixed-format current sense data, 18 bytes (SPC-4 4.5.3). An INFORMATION value over 32 bits does
   * not fit the format and is left out with VALID=0; {@link #encode} then chooses descriptors.
   */
  private byte[] encodeFixed() {
    byte[] bytes = new byte[FIXED_LENGTH];
    bytes[0] = (byte) (CURRENT_FIXED | (information.isPresent() ? 0x80 : 0));
    bytes[2] = (byte) key;
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (information.isPresent()) {
      buffer.putInt(3, (int) information.getAsLong());
    }
    bytes[7] = FIXED_LENGTH - 8;
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
    int length = 8 + (information.isPresent() ? 12 : 0) + (fieldPointer.isPresent() ? 8 : 0);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    buffer.put((byte) CURRENT_DESCRIPTOR).put((byte) key).put((byte) asc).put((byte) ascq);
    buffer.put(7, (byte) (length - 8)).position(8);
    if (information.isPresent()) {
      buffer.put((byte) 0).put((byte) 0x0A).put((byte) 0x80).put((byte) 0);
      buffer.putLong(information.getAsLong());
    }
    if (fieldPointer.isPresent()) {
      buffer.put((byte) 2).put((byte) 6).putShort((short) 0);
      buffer.put((byte) (asc == 0x24 ? 0xC0 : 0x80)).putShort((short) fieldPointer.getAsInt());
    }
    return buffer.array();
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
    return new Sense(
        b.get(2) & 0x0f,
        asc,
        ascq,
        valid ? OptionalLong.of(b.getInt(3) & 0xffff_ffffL) : OptionalLong.empty(),
        pointed ? OptionalInt.of(b.getShort(16) & 0xffff) : OptionalInt.empty());
  }

  private static Sense decodeDescriptors(ByteBuffer b) {
    Sense sense = of(b.get(1) & 0x0f, b.get(2) & 0xff, b.get(3) & 0xff);
    int end = b.capacity() < 8 ? 0 : Math.min(b.capacity(), 8 + (b.get(7) & 0xff));
    for (int at = 8; at + 2 <= end; at += 2 + (b.get(at + 1) & 0xff)) {
      int type = b.get(at) & 0xff;
      if (type == 0 && at + 12 <= end && (b.get(at + 2) & 0x80) != 0) {
        sense = sense.withInformation(b.getLong(at + 4));
      } else if (type == 2 && at + 8 <= end && (b.get(at + 4) & 0x80) != 0) {
        sense = sense.at(b.getShort(at + 5) & 0xffff);
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
            + (fieldPointer.isPresent() ? " byte=" + fieldPointer.getAsInt() : "");
    return ("%Xh/%02Xh/%02Xh %s".formatted(key, asc, ascq, text) + more).strip();
  }
}
