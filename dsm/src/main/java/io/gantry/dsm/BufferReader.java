package io.gantry.dsm;

import io.gantry.dsm.BufferParts.Part;
import io.gantry.dsm.Structure.Kind;
import io.gantry.scsi.Layout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Buffers as people and programs read them.
 *
 * <p>{@link #read} gives maps and lists that {@link BufferWriter} makes the same bytes of: a map of
 * structures by name, each a map of fields by name. A number is a {@link Long} or {@link
 * BigInteger}, or its name if it has one; bytes are hexadecimal digits; what repeats is a list.
 * {@link #describe} gives the same as a table, also of a buffer that is cut off.
 */
public final class BufferReader {
  /** Bytes that belong to no field but are not zero, by their offset. */
  static final String OTHER_BYTES = "other bytes";

  /** Length of a buffer that is longer than its structures. */
  static final String LENGTH = "length";

  private static final int BYTES_IN_LINE = 32;

  private final byte[] bytes;
  private final ByteBuffer buffer;
  private final BufferParts parts;
  private final BitSet covered = new BitSet();

  private BufferReader(Structure structure, byte[] bytes) {
    this.bytes = bytes;
    this.buffer = ByteBuffer.wrap(bytes);
    this.parts = BufferParts.of(structure, bytes);
  }

  /**
   * Reads a buffer.
   *
   * @param structure what it begins with
   * @throws FieldException if it is cut off, or its header points past its end
   */
  public static SequencedMap<String, Object> read(Structure structure, byte[] bytes)
      throws FieldException {
    return new BufferReader(structure, bytes).read();
  }

  /** A buffer as a table: offset, field, value and meaning of each field that is there. */
  public static String describe(Structure structure, byte[] bytes) {
    return new BufferReader(structure, bytes).describe();
  }

  private SequencedMap<String, Object> read() throws FieldException {
    if (!parts.faults().isEmpty()) {
      throw new FieldException(
          parts.parts().getFirst().structure().name(), parts.faults().getFirst());
    }
    SequencedMap<String, Object> all = new LinkedHashMap<>();
    List<Object> ranges = new ArrayList<>();
    for (Part part : parts.parts()) {
      Object fields = fields(part);
      boolean isRange = part.structure() == Structures.RANGE && part.offset() > 0;
      if (isRange) {
        ranges.add(fields);
        all.put(part.structure().name(), ranges);
      } else {
        all.put(part.structure().name(), fields);
      }
    }
    // A structure has its size in C at least, with padding and one of what repeats.
    int own = parts.parts().getFirst().structure().layout().sizeBytes();
    int end = Math.max(own, covered.length());
    SequencedMap<String, Object> rest = new LinkedHashMap<>();
    for (Map.Entry<Integer, String> other : others().entrySet()) {
      rest.put(other.getKey().toString(), other.getValue());
      end = Math.max(end, other.getKey() + other.getValue().length() / 2);
    }
    if (!rest.isEmpty()) {
      all.put(OTHER_BYTES, rest);
    }
    if (bytes.length != end) {
      all.put(LENGTH, (long) bytes.length);
    }
    return all;
  }

  private SequencedMap<String, Object> fields(Part part) throws FieldException {
    Structure structure = part.structure();
    if (part.length() < structure.leastBytes()) {
      throw new FieldException(
          structure.name(),
          "has %d bytes at least, and there are %d"
              .formatted(structure.leastBytes(), part.length()));
    }
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    for (Layout.Field field : structure.layout().fields()) {
      if (structure.isRepeated(field)) {
        long said = said(part);
        long there = repetitions(part, field);
        if (said > there) {
          throw new FieldException(
              structure.name() + "." + field.name(),
              "%d are said to be there, and there is room for %d".formatted(said, there));
        }
        fields.put(field.name(), repeated(part, field));
      } else {
        fields.put(field.name(), value(part, field, part.offset()));
      }
    }
    return fields;
  }

  /** How often the repeated field is said to be there; -1 if nothing says so. */
  private long said(Part part) {
    return part.structure().countField().map(field -> field.get(buffer, part.offset())).orElse(-1L);
  }

  private static long repetitions(Part part, Layout.Field field) {
    return Math.max(0, part.length() - field.offset()) / field.width();
  }

  /** A list; of bytes that are nothing else, one string. */
  private Object repeated(Part part, Layout.Field field) throws FieldException {
    Structure structure = part.structure();
    long said = said(part);
    long count = said < 0 ? repetitions(part, field) : Math.min(said, repetitions(part, field));
    int from = part.offset() + field.offset();
    if (field.isOpaque() && structure.kind(field) == null) {
      int length = (int) count * field.width();
      covered.set(from, from + length);
      return HexFormat.of().formatHex(bytes, from, from + length);
    }
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add(value(part, field, part.offset() + i * field.width()));
    }
    return list;
  }

  private Object value(Part part, Layout.Field field, int base) throws FieldException {
    int at = base + field.offset();
    covered.set(at, at + field.width());
    return switch (part.structure().kind(field)) {
      case Kind.Nested(Structure nested) -> fields(new Part(nested, at, field.width()));
      case Kind.Guid() -> guid(at);
      case Kind.Signed() -> signed(field, base);
      case Kind.Named(var names) -> {
        String name = names.get(field.get(buffer, base));
        yield name == null ? number(field.get(buffer, base)) : name;
      }
      case Kind.Flags() -> flags(part, field, base);
      case null ->
          field.isOpaque()
              ? HexFormat.of().formatHex(bytes, at, at + field.width())
              : number(field.get(buffer, base));
    };
  }

  private static Object number(long value) {
    return value >= 0 ? (Object) value : new BigInteger(Long.toUnsignedString(value));
  }

  private long signed(Layout.Field field, int base) {
    int unused = Long.SIZE - field.bitCount();
    return field.get(buffer, base) << unused >> unused;
  }

  /** Names, if every bit has one; otherwise the number. */
  private Object flags(Part part, Layout.Field field, int base) {
    int value = field.getInt(buffer, base);
    List<Object> names = new ArrayList<>();
    int named = 0;
    for (DsmFlag flag : DsmFlag.of(actionOf(part), value)) {
      names.add(flag.name());
      named |= flag.bit();
    }
    return named == value ? names : number(Integer.toUnsignedLong(value));
  }

  private DsmAction actionOf(Part part) {
    return part.structure()
        .find("Action")
        .flatMap(field -> DsmAction.of(field.getInt(buffer, part.offset())))
        .orElse(DsmAction.NONE);
  }

  /** As Windows writes it: the first three groups are little-endian numbers. */
  private String guid(int at) {
    ByteBuffer little = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long high =
        little.getInt(at) * (1L << 32)
            | (little.getShort(at + 4) & 0xffffL) << 16
            | (little.getShort(at + 6) & 0xffffL);
    return "{" + new UUID(high, buffer.getLong(at + 8)) + "}";
  }

  /** Runs of bytes that no field covers and that are not all zeros. */
  private SequencedMap<Integer, String> others() {
    SequencedMap<Integer, String> others = new TreeMap<>();
    for (int at = covered.nextClearBit(0); at < bytes.length; ) {
      int next = covered.nextSetBit(at);
      int end = next < 0 ? bytes.length : next;
      int first = at;
      while (first < end && bytes[first] == 0) {
        first++;
      }
      int last = end;
      while (last > first && bytes[last - 1] == 0) {
        last--;
      }
      if (first < last) {
        others.put(first, HexFormat.of().formatHex(bytes, first, last));
      }
      at = covered.nextClearBit(end);
    }
    return others;
  }

  private String describe() {
    StringBuilder text = new StringBuilder();
    for (Part part : parts.parts()) {
      if (!text.isEmpty()) {
        text.append(System.lineSeparator());
      }
      text.append("%s at %d%n".formatted(part.structure().name(), part.offset()));
      describe(part, "", text);
    }
    parts.faults().forEach(fault -> text.append("! %s%n".formatted(fault)));
    others()
        .forEach((at, hex) ->
            text.append("! bytes that belong to no field, at %d: %s%n".formatted(at, hex)));
    return text.toString();
  }

  private void describe(Part part, String prefix, StringBuilder text) {
    Structure structure = part.structure();
    for (Layout.Field field : structure.layout().fields()) {
      if (structure.isRepeated(field)) {
        long said = said(part);
        long there = repetitions(part, field);
        if (said > there) {
          text.append(
              "! %s: %d are said to be there, and there is room for %d%n"
                  .formatted(prefix + field.name(), said, there));
        }
        boolean isBlob = field.isOpaque() && structure.kind(field) == null;
        long count = isBlob ? Math.min(there, 1) : said < 0 ? there : Math.min(said, there);
        for (int i = 0; i < count; i++) {
          String name = prefix + field.name() + (isBlob ? "" : "[%d]".formatted(i));
          describe(part, field, name, part.offset() + i * field.width(), text);
        }
      } else if (field.offset() + field.width() > part.length()) {
        int there = part.length() - field.offset();
        if (there > 0 && structure.kind(field) instanceof Kind.Nested(Structure nested)) {
          int at = part.offset() + field.offset();
          describe(new Part(nested, at, there), prefix + field.name() + ".", text);
        } else {
          text.append("! ends before %s%n".formatted(prefix + field.name()));
        }
        return;
      } else {
        describe(part, field, prefix + field.name(), part.offset(), text);
      }
    }
  }

  private void describe(Part part, Layout.Field field, String name, int base, StringBuilder text) {
    int at = base + field.offset();
    if (part.structure().kind(field) instanceof Kind.Nested(Structure nested)) {
      describe(new Part(nested, at, field.width()), name + ".", text);
      return;
    }
    try {
      Object value =
          part.structure().isRepeated(field)
                  && field.isOpaque()
                  && part.structure().kind(field) == null
              ? repeated(part, field)
              : value(part, field, base);
      String line = "%6d  %-36s  %s".formatted(at, name, shown(part, field, base, value));
      text.append(line.stripTrailing()).append(System.lineSeparator());
    } catch (FieldException e) {
      throw new IllegalStateException(e); // only a nested structure can be cut off
    }
  }

  private String shown(Part part, Layout.Field field, int base, Object value) {
    if (field.isOpaque()) {
      return wrapped(value.toString());
    }
    long raw = field.get(buffer, base);
    String hex = "0x%x".formatted(raw);
    if (value instanceof String name) {
      return beside(hex, name);
    }
    if (value instanceof List<?> names) {
      List<String> words = names.stream().map(String::valueOf).toList();
      return words.isEmpty() ? "0" : beside(hex, String.join(" ", words));
    }
    if (part.structure().kind(field) instanceof Kind.Flags) {
      return beside(hex, "bits without a name");
    }
    String unit = field.unit().isEmpty() ? "" : " " + field.unit();
    String also = raw >= 0 && raw < 10 ? "" : " (%s)".formatted(hex);
    boolean isReserved = field.meaning().equals("0");
    return beside(value + unit + also, isReserved ? "" : field.meaning());
  }

  private static String beside(String value, String meaning) {
    return "%-30s  %s".formatted(value, meaning);
  }

  /** Long strings of digits, on lines that go on below one another. */
  private static String wrapped(String digits) {
    if (digits.length() <= 2 * BYTES_IN_LINE) {
      return digits;
    }
    if (digits.chars().allMatch(digit -> digit == '0')) {
      return "%d bytes, all 0".formatted(digits.length() / 2);
    }
    StringBuilder lines = new StringBuilder();
    for (int at = 0; at < digits.length(); at += 2 * BYTES_IN_LINE) {
      if (at > 0) {
        lines.append(System.lineSeparator()).append(" ".repeat(46));
      }
      lines.append(digits, at, Math.min(digits.length(), at + 2 * BYTES_IN_LINE));
    }
    return lines.toString();
  }
}
