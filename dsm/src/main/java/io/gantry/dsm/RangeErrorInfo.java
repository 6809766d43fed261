package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Which parts of the ranges cannot be read: {@code DEVICE_DSM_RANGE_ERROR_INFO} (winioctl.h), the
 * result of GetRangeErrorInfo.
 *
 * <p>The parts follow the ranges of the request in their order; a range may be told in several
 * parts, and their lengths add up to its own. Without an error there are no parts.
 *
 * @param total how many parts there are
 * @param parts as many of them as there was room for
 */
public record RangeErrorInfo(long total, List<Part> parts) {

  /**
   * A part of a range.
   *
   * @param lengthBytes its length
   * @param bad whether it cannot be read
   */
  public record Part(long lengthBytes, boolean bad) {}

  /** Its size with one part, as C counts. */
  public static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DSM_RANGE_ERROR_INFO", "winioctl.h", 32, 8);

  private static final Layout.Field VERSION = LAYOUT.uint(0, 4, "Version", "", "1");
  private static final Layout.Field FLAGS = LAYOUT.uint(4, 4, "Flags", "", "1: no errors");
  private static final Layout.Field TOTAL =
      LAYOUT.uint(8, 4, "TotalNumberOfRanges", "", "that there are");
  private static final Layout.Field RETURNED =
      LAYOUT.uint(12, 4, "NumberOfRangesReturned", "", "that follow");

  static {
    LAYOUT.bytes(16, 16, "Ranges", "DEVICE_STORAGE_RANGE_ATTRIBUTES; repeats");
  }

  public static final Layout PART_LAYOUT =
      Layout.littleEndian("DEVICE_STORAGE_RANGE_ATTRIBUTES", "winioctl.h", 16, 8);
  private static final Layout.Field LENGTH = PART_LAYOUT.uint(0, 8, "LengthInBytes", "bytes", "");
  private static final Layout.Field ATTRIBUTES =
      PART_LAYOUT.uint(8, 4, "AllFlags", "", "1: the range is bad");

  static {
    PART_LAYOUT.bytes(12, 4, "Reserved", "0");
  }

  private static final int HEADER_LENGTH = 16;
  private static final int VERSION_1 = 1;
  private static final int NO_ERRORS = 1;
  private static final int BAD = 1;

  /** What a medium check found; {@code parts} is all of it. */
  static RangeErrorInfo of(MediumCheck check) {
    if (check.bytes(true) == 0) {
      return new RangeErrorInfo(0, List.of());
    }
    List<Part> parts = check.runs().stream().map(run -> new Part(run.bytes(), run.bad())).toList();
    return new RangeErrorInfo(parts.size(), parts);
  }

  /** The same with no more parts than fit a block of some length. */
  RangeErrorInfo cutTo(int blockBytes) {
    int room = (blockBytes - HEADER_LENGTH) / PART_LAYOUT.sizeBytes();
    return room < parts.size() ? new RangeErrorInfo(total, parts.subList(0, room)) : this;
  }

  /** The bytes, with room for one part at least. */
  public byte[] encode() {
    int size = HEADER_LENGTH + parts.size() * PART_LAYOUT.sizeBytes();
    ByteBuffer buffer = ByteBuffer.allocate(Math.max(size, LAYOUT.sizeBytes()));
    VERSION.set(buffer, 0, VERSION_1);
    FLAGS.set(buffer, 0, total == 0 ? NO_ERRORS : 0);
    TOTAL.set(buffer, 0, total);
    RETURNED.set(buffer, 0, parts.size());
    int at = HEADER_LENGTH;
    for (Part part : parts) {
      LENGTH.set(buffer, at, part.lengthBytes);
      ATTRIBUTES.set(buffer, at, part.bad ? BAD : 0);
      at += PART_LAYOUT.sizeBytes();
    }
    return buffer.array();
  }

  static RangeErrorInfo decode(byte[] block) {
    ByteBuffer buffer = ByteBuffer.wrap(block);
    List<Part> parts = new ArrayList<>();
    int step = PART_LAYOUT.sizeBytes();
    long count = RETURNED.get(buffer, 0);
    for (int at = HEADER_LENGTH; parts.size() < count && at + step <= block.length; at += step) {
      parts.add(new Part(LENGTH.get(buffer, at), (ATTRIBUTES.get(buffer, at) & BAD) != 0));
    }
    return new RangeErrorInfo(TOTAL.get(buffer, 0), List.copyOf(parts));
  }
}
