package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * An identification CSCD descriptor (SPC-4 6.4.5.6, type E4h): names a logical unit that is a copy
 * source or destination of an EXTENDED COPY by one of its designators of VPD page 83h.
 *
 * @param peripheralDeviceType what the logical unit is to be; 0 for a disk
 * @param codeSet CODE SET of the designator
 * @param association 0 if it names the logical unit, 1 a target port, 2 a target device
 * @param designatorType DESIGNATOR TYPE
 * @param designator at most {@value #MAX_DESIGNATOR} bytes
 * @param pad PAD: a part of a block is completed with zeros, or given up (SPC-4 table 116)
 * @param blockLengthBytes DISK BLOCK LENGTH; 0 lets the copy manager find it out
 */
public record CscdDescriptor(
    int peripheralDeviceType,
    int codeSet,
    int association,
    int designatorType,
    byte[] designator,
    boolean pad,
    int blockLengthBytes)
    implements Cscd {

  /** DESCRIPTOR TYPE CODE. */
  public static final int TYPE = 0xE4;

  /** Most bytes of a designator. */
  public static final int MAX_DESIGNATOR = 20;

  public static final Layout LAYOUT =
      Layout.bigEndian("identification CSCD descriptor", "SPC-4 6.4.5.6", LENGTH);
  private static final Layout.Field DESCRIPTOR_TYPE =
      LAYOUT.uint(0, 1, "DESCRIPTOR TYPE CODE", "", "E4h");
  private static final Layout.Field DEVICE_TYPE =
      LAYOUT.bits(1, 4, 0, "PERIPHERAL DEVICE TYPE", "0: disk");
  private static final Layout.Field CODE_SET = LAYOUT.bits(4, 3, 0, "CODE SET", "1: binary");
  private static final Layout.Field ASSOCIATION =
      LAYOUT.bits(5, 5, 4, "ASSOCIATION", "0: logical unit");
  private static final Layout.Field DESIGNATOR_TYPE =
      LAYOUT.bits(5, 3, 0, "DESIGNATOR TYPE", "3: NAA");
  private static final Layout.Field DESIGNATOR_LENGTH =
      LAYOUT.uint(7, 1, "DESIGNATOR LENGTH", "bytes", "at most 20");
  private static final Layout.Field DESIGNATOR =
      LAYOUT.bytes(8, MAX_DESIGNATOR, "DESIGNATOR", "padded with zeros");
  private static final Layout.Field PAD =
      LAYOUT.bits(28, 2, 2, "PAD", "complete or give up a part of a block");
  private static final Layout.Field BLOCK_LENGTH =
      LAYOUT.uint(29, 3, "DISK BLOCK LENGTH", "bytes", "0: the copy manager finds out");

  /**
   * The descriptor that an initiator sends for a disk: the best designator of its VPD page 83h that
   * names the logical unit itself and fits.
   *
   * @param page VPD page 83h, header included, as received
   * @return empty if there is none
   */
  public static Optional<CscdDescriptor> of(byte[] page, int blockLengthBytes) {
    CscdDescriptor best = null;
    int end = page.length < 4 ? 0 : Math.min(page.length, 4 + be16(page, 2));
    for (int at = 4; at + 4 <= end; at += 4 + (page[at + 3] & 0xff)) {
      int length = page[at + 3] & 0xff;
      if (at + 4 + length > end || length == 0 || length > MAX_DESIGNATOR) {
        continue;
      }
      CscdDescriptor found =
          new CscdDescriptor(
              page[0] & 0x1f,
              page[at] & 0x0f,
              (page[at + 1] >> 4) & 0x03,
              page[at + 1] & 0x0f,
              Arrays.copyOfRange(page, at + 4, at + 4 + length),
              false,
              blockLengthBytes);
      if (found.association == 0
          && found.rank() > 0
          && (best == null || found.rank() > best.rank())) {
        best = found;
      }
    }
    return Optional.ofNullable(best);
  }

  private static int be16(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  /** How well a designator names a logical unit: worldwide unique ones first; 0 not at all. */
  private int rank() {
    return switch (designatorType) {
      case 3 -> 4; // NAA
      case 2 -> 3; // EUI-64
      case 8 -> 2; // SCSI name string
      case 1 -> 1; // T10 vendor identification
      default -> 0;
    };
  }

  /** Whether this names a logical unit by one of the designators of its VPD page 83h. */
  public boolean names(byte[] page) {
    int end = page.length < 4 ? 0 : Math.min(page.length, 4 + be16(page, 2));
    for (int at = 4; at + 4 <= end; at += 4 + (page[at + 3] & 0xff)) {
      int length = page[at + 3] & 0xff;
      if ((page[at] & 0x0f) == codeSet
          && (page[at + 1] & 0x3f) == (association << 4 | designatorType)
          && at + 4 + length <= end
          && Arrays.equals(page, at + 4, at + 4 + length, designator, 0, designator.length)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void encode(ByteBuffer b, int at) {
    DESCRIPTOR_TYPE.set(b, at, TYPE);
    DEVICE_TYPE.set(b, at, peripheralDeviceType);
    CODE_SET.set(b, at, codeSet);
    ASSOCIATION.set(b, at, association);
    DESIGNATOR_TYPE.set(b, at, designatorType);
    DESIGNATOR_LENGTH.set(b, at, designator.length);
    DESIGNATOR.setBytes(b, at, designator);
    PAD.set(b, at, pad);
    BLOCK_LENGTH.set(b, at, blockLengthBytes);
  }

  static Decoded<CscdDescriptor> decode(ByteBuffer b, int at) {
    int length = DESIGNATOR_LENGTH.getInt(b, at);
    if (length == 0 || length > MAX_DESIGNATOR) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at + 7));
    }
    return new Decoded.Valid<>(
        new CscdDescriptor(
            DEVICE_TYPE.getInt(b, at),
            CODE_SET.getInt(b, at),
            ASSOCIATION.getInt(b, at),
            DESIGNATOR_TYPE.getInt(b, at),
            Arrays.copyOf(DESIGNATOR.getBytes(b, at), length),
            PAD.isSet(b, at),
            BLOCK_LENGTH.getInt(b, at)));
  }
}
