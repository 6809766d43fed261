package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.Optional;

/** What LOG SENSE returns: a header and parameters of any length (SPC-4 7.3). */
public final class LogPage {
  /** Logical block provisioning (SBC-3 6.4.3). */
  public static final int PROVISIONING = 0x0C;

  /** In that page: AVAILABLE LBA MAPPING RESOURCE COUNT, in units of the threshold exponent. */
  public static final int AVAILABLE_RESOURCES = 0x0001;

  private static final Layout HEADER = Layout.bigEndian("log page header", "SPC-4 7.3.2", 4);
  private static final Layout.Field PAGE_CODE = HEADER.bits(0, 5, 0, "PAGE CODE", "");
  private static final Layout.Field PAGE_LENGTH =
      HEADER.uint(2, 2, "PAGE LENGTH", "bytes", "bytes after this field");
  private static final Layout PARAMETER = Layout.bigEndian("log parameter", "SPC-4 7.3.2.2", 4);
  private static final Layout.Field CODE = PARAMETER.uint(0, 2, "PARAMETER CODE", "", "");
  private static final Layout.Field LENGTH =
      PARAMETER.uint(3, 1, "PARAMETER LENGTH", "bytes", "bytes after this field");

  private LogPage() {}

  /**
   * The value of a parameter.
   *
   * @param data what the command returned; cut off or not
   * @param page the page that was asked for
   * @param code the parameter
   * @return its bytes; empty if they are not all there or it is another page
   */
  public static Optional<ByteBuffer> parameter(ByteBuffer data, int page, int code) {
    ByteBuffer b = data.slice();
    if (b.remaining() < HEADER.sizeBytes() || PAGE_CODE.get(b, 0) != page) {
      return Optional.empty();
    }
    int end = Math.min(b.remaining(), HEADER.sizeBytes() + PAGE_LENGTH.getInt(b, 0));
    int at = HEADER.sizeBytes();
    while (at + PARAMETER.sizeBytes() <= end) {
      int value = at + PARAMETER.sizeBytes();
      int length = LENGTH.getInt(b, at);
      if (CODE.get(b, at) == code) {
        return value + length <= end ? Optional.of(b.slice(value, length)) : Optional.empty();
      }
      at = value + length;
    }
    return Optional.empty();
  }
}
