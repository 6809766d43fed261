package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** The Windows structures that this module reads and writes, by their Windows names. */
public final class Structures {
  private static final List<Layout> LAYOUTS =
      List.of(
          ManageDataSetAttributes.LAYOUT,
          DataSetRange.LAYOUT,
          ManageDataSetAttributesOutput.LAYOUT,
          OffloadReadParameters.LAYOUT,
          OffloadWriteParameters.LAYOUT,
          OffloadToken.LAYOUT,
          OffloadReadOutput.LAYOUT,
          OffloadWriteOutput.LAYOUT,
          PropertyQuery.LAYOUT,
          CopyOffloadDescriptor.LAYOUT);

  private Structures() {}

  /** All structures, in the order in which a reader meets them. */
  public static SequencedMap<String, Layout> all() {
    SequencedMap<String, Layout> all = new LinkedHashMap<>();
    for (Layout layout : LAYOUTS) {
      all.put(layout.name(), layout);
    }
    return all;
  }

  /**
   * A structure as a table for people: a line on the whole, then one on each field and on each gap
   * that C's alignment leaves, ends included.
   */
  public static String describe(Layout layout) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s (%s): %d bytes, aligned to %d%n%n"
            .formatted(
                layout.name(), layout.source(), layout.sizeBytes(), layout.alignmentBytes()));
    text.append(line("offset", "size", "type", "field", "unit", "meaning"));
    int end = 0;
    for (Layout.Field field : layout.fields()) {
      text.append(gap(end, field.offset()));
      text.append(
          line(
              field.offset(),
              field.width(),
              type(field),
              field.name(),
              field.unit(),
              field.meaning()));
      end = field.offset() + field.width();
    }
    return text.append(gap(end, layout.sizeBytes())).toString();
  }

  /**
   * A structure's bytes as a table for people: offset, field and value of each field.
   *
   * @param bytes starts with the structure; fields that it does not reach are left out
   */
  public static String decode(Layout layout, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    StringBuilder text = new StringBuilder();
    for (Layout.Field field : layout.fields()) {
      if (field.offset() + field.width() <= bytes.length) {
        text.append(
            "%6d  %-34s  %s%n".formatted(field.offset(), field.name(), value(field, buffer)));
      }
    }
    return text.toString();
  }

  private static String value(Layout.Field field, ByteBuffer buffer) {
    if (field.isOpaque()) {
      return HexFormat.of().formatHex(field.getBytes(buffer, 0));
    }
    long value = field.get(buffer, 0);
    String unit = field.unit().isEmpty() ? "" : " " + field.unit();
    return "%s%s (0x%x)".formatted(Long.toUnsignedString(value), unit, value);
  }

  private static String gap(int from, int to) {
    return from < to ? line(from, to - from, "", "(padding)", "", "") : "";
  }

  private static String line(Object... columns) {
    return "%6s  %4s  %-8s  %-34s  %-7s  %s%n".formatted(columns).replaceAll(" +(\\R)", "$1");
  }

  private static String type(Layout.Field field) {
    if (field.isOpaque()) {
      return "u8[%d]".formatted(field.width());
    }
    if (field.bitCount() != 8 * field.width()) {
      return "%d bits".formatted(field.bitCount());
    }
    boolean swapped = field.order() == ByteOrder.BIG_ENDIAN && field.width() > 1;
    return "u%d%s".formatted(field.bitCount(), swapped ? " be" : "");
  }
}
