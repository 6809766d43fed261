package io.gantry.dsm;

import io.gantry.dsm.Structure.Kind;
import io.gantry.scsi.Layout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes buffers of what {@link BufferReader} gives, or of what somebody wrote in its place.
 *
 * <p>What is left out is 0, except what follows from the rest: where blocks are and how long, a
 * structure's Size, how often something repeats. What is given is taken as it is, so that wrong
 * buffers can be made, too. Numbers may be written as text, with 0x for hexadecimal ones.
 */
public final class BufferWriter {
  /** No request that Windows takes is anywhere near as long. */
  public static final int MAXIMUM_BYTES = 16 << 20;

  private static final String SIZE = "Size";

  private BufferWriter() {}

  /**
   * Makes a buffer.
   *
   * @param structures by name, the one that the buffer begins with first
   * @throws FieldException if something is no structure, no field, or does not fit
   */
  public static byte[] write(Map<String, ?> structures) throws FieldException {
    Map<String, Object> left = new LinkedHashMap<>(structures);
    Object length = left.remove(BufferReader.LENGTH);
    Object others = left.remove(BufferReader.OTHER_BYTES);
    if (left.isEmpty()) {
      throw new FieldException("the whole", "has no structure");
    }
    String firstName = left.keySet().iterator().next();
    Structure first =
        Structures.find(firstName)
            .orElseThrow(() -> new FieldException(firstName, "no structure has this name"));
    Map<String, Object> header = object(first.name(), left.remove(firstName));
    byte[] bytes;
    if (first == Structures.INPUT) {
      bytes = input(header, left);
    } else if (first == Structures.OUTPUT) {
      bytes = output(header, left);
    } else {
      bytes = structure(first, first.name(), header);
    }
    if (!left.isEmpty()) {
      throw new FieldException(
          left.keySet().iterator().next(), "does not go with %s".formatted(first.name()));
    }
    bytes = withOthers(bytes, others);
    return length == null
        ? bytes
        : Arrays.copyOf(bytes, size(BufferReader.LENGTH, number(BufferReader.LENGTH, length)));
  }

  private static byte[] input(Map<String, Object> header, Map<String, Object> left)
      throws FieldException {
    Optional<DsmAction> action = actionOf(Structures.INPUT, header);
    byte[] parameters = {};
    int alignment = 1;
    Structure structure = action.flatMap(Structures::parametersOf).orElse(null);
    if (structure != null && left.containsKey(structure.name())) {
      Map<String, Object> fields = object(structure.name(), left.remove(structure.name()));
      parameters = structure(structure, structure.name(), fields);
      alignment = structure.layout().alignmentBytes();
    }
    byte[] ranges = ranges(left.remove(Structures.RANGE.name()));
    Blocks blocks = new Blocks(Structures.INPUT, header);
    blocks.add("ParameterBlock", parameters, alignment);
    blocks.add("DataSetRanges", ranges, DataSetRange.LAYOUT.alignmentBytes());
    return blocks.bytes();
  }

  private static byte[] ranges(@Nullable Object value) throws FieldException {
    if (value == null) {
      return new byte[0];
    }
    String name = Structures.RANGE.name();
    List<?> list = value instanceof List<?> many ? many : List.of(value);
    int step = DataSetRange.LAYOUT.sizeBytes();
    byte[] ranges = new byte[size(name, (long) step * list.size())];
    for (int i = 0; i < list.size(); i++) {
      String path = "%s[%d]".formatted(name, i);
      byte[] range = structure(Structures.RANGE, path, object(path, list.get(i)));
      System.arraycopy(range, 0, ranges, i * step, step);
    }
    return ranges;
  }

  private static byte[] output(Map<String, Object> header, Map<String, Object> left)
      throws FieldException {
    Optional<DsmAction> action = actionOf(Structures.OUTPUT, header);
    Blocks blocks = new Blocks(Structures.OUTPUT, header);
    for (Structure structure : action.map(Structures::resultsOf).orElse(List.of())) {
      if (left.containsKey(structure.name())) {
        Map<String, Object> fields = object(structure.name(), left.remove(structure.name()));
        blocks.add(
            "OutputBlock",
            structure(structure, structure.name(), fields),
            structure.layout().alignmentBytes());
        break;
      }
    }
    return blocks.bytes();
  }

  private static Optional<DsmAction> actionOf(Structure structure, Map<String, Object> header)
      throws FieldException {
    Object action = header.get("Action");
    if (action == null) {
      return Optional.of(DsmAction.NONE);
    }
    Layout.Field field = structure.find("Action").orElseThrow();
    return DsmAction.of((int) number(structure, field, structure.name() + ".Action", action, 0));
  }

  /** A header and the blocks that it points at. */
  private static final class Blocks {
    private final Structure structure;
    private final Map<String, Object> header;
    private final List<byte[]> contents = new ArrayList<>();
    private final List<Integer> places = new ArrayList<>();
    private long free;

    Blocks(Structure structure, Map<String, Object> header) {
      this.structure = structure;
      this.header = new LinkedHashMap<>(header);
      this.free = structure.layout().sizeBytes();
    }

    /** Puts a block where the header says, or else where it fits next. */
    void add(String what, byte[] block, int alignment) throws FieldException {
      String offsetName = what + "Offset";
      Object given = header.get(offsetName);
      String path = structure.name() + "." + offsetName;
      long at = Math.ceilDiv(free, alignment) * alignment;
      if (given != null && block.length > 0) {
        at = number(path, given);
      }
      if (block.length > 0) {
        header.putIfAbsent(offsetName, at);
        header.putIfAbsent(what + "Length", (long) block.length);
        places.add(size(path, at));
        contents.add(block);
        free = Math.max(free, size(path, at + block.length));
      }
    }

    byte[] bytes() throws FieldException {
      byte[] own = structure(structure, structure.name(), header);
      byte[] bytes = new byte[(int) free];
      for (int i = 0; i < contents.size(); i++) {
        byte[] block = contents.get(i);
        System.arraycopy(block, 0, bytes, places.get(i), block.length);
      }
      System.arraycopy(own, 0, bytes, 0, own.length);
      return bytes;
    }
  }

  private static byte[] structure(Structure structure, String path, Map<String, Object> fields)
      throws FieldException {
    for (String name : fields.keySet()) {
      if (structure.find(name).isEmpty()) {
        throw new FieldException(
            path + "." + name,
            "no such field; there are "
                + String.join(
                    ", ", structure.layout().fields().stream().map(Layout.Field::name).toList()));
      }
    }
    Map<String, Object> values = new LinkedHashMap<>(fields);
    int size = sizeOf(structure, path, values);
    if (structure.find(SIZE).isPresent()) {
      values.putIfAbsent(SIZE, (long) size);
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    for (Layout.Field field : structure.layout().fields()) {
      Object value = values.get(field.name());
      if (value == null) {
        continue;
      }
      String fieldPath = path + "." + field.name();
      boolean isBlob = field.isOpaque() && structure.kind(field) == null;
      if (!structure.isRepeated(field)) {
        put(structure, field, fieldPath, value, values, buffer, 0);
      } else if (isBlob) {
        buffer.put(field.offset(), hex(fieldPath, value));
      } else {
        List<?> list = list(fieldPath, value);
        for (int i = 0; i < list.size(); i++) {
          put(
              structure,
              field,
              "%s[%d]".formatted(fieldPath, i),
              list.get(i),
              values,
              buffer,
              i * field.width());
        }
      }
    }
    return buffer.array();
  }

  /** Bytes with all repetitions; notes their number, if it is not given. */
  private static int sizeOf(Structure structure, String path, Map<String, Object> values)
      throws FieldException {
    int size = structure.layout().sizeBytes();
    for (Layout.Field field : structure.layout().fields()) {
      if (structure.isRepeated(field)) {
        Object value = values.getOrDefault(field.name(), "");
        String fieldPath = path + "." + field.name();
        boolean isBlob = field.isOpaque() && structure.kind(field) == null;
        long count =
            isBlob || "".equals(value)
                ? hex(fieldPath, value).length / field.width()
                : list(fieldPath, value).size();
        structure.countField().ifPresent(f -> values.putIfAbsent(f.name(), count));
        // C's size has one of them and, perhaps, padding; a buffer ends with the last of them.
        long end = field.offset() + count * field.width();
        size = size(fieldPath, Math.max(size, end));
      }
    }
    return size;
  }

  private static void put(
      Structure structure,
      Layout.Field field,
      String path,
      @Nullable Object value,
      Map<String, Object> values,
      ByteBuffer buffer,
      int base)
      throws FieldException {
    if (structure.kind(field) instanceof Kind.Nested(Structure nested)
        && value instanceof Map<?, ?>) {
      buffer.put(base + field.offset(), structure(nested, path, object(path, value)));
      return;
    }
    if (structure.kind(field) instanceof Kind.Guid) {
      buffer.put(base + field.offset(), guid(path, value));
      return;
    }
    if (field.isOpaque()) {
      byte[] bytes = hex(path, value);
      if (bytes.length != field.width()) {
        throw new FieldException(
            path, "has %d bytes, not %d".formatted(field.width(), bytes.length));
      }
      field.setBytes(buffer, base, bytes);
      return;
    }
    DsmAction action =
        structure.kind(field) instanceof Kind.Flags
            ? actionOf(structure, values).orElse(DsmAction.NONE)
            : DsmAction.NONE;
    field.set(buffer, base, number(structure, field, path, value, action.value()));
  }

  /** A number by its value or name, or flags by their names, as the field's bits. */
  private static long number(
      Structure structure, Layout.Field field, String path, @Nullable Object value, int action)
      throws FieldException {
    Kind kind = structure.kind(field);
    if (kind instanceof Kind.Flags && value instanceof List<?> names) {
      return flags(path, names, action);
    }
    if (kind instanceof Kind.Named(Map<Long, String> names) && value instanceof String name) {
      for (Map.Entry<Long, String> entry : names.entrySet()) {
        if (entry.getValue().equalsIgnoreCase(name)) {
          return entry.getKey();
        }
      }
    }
    BigInteger number = integer(path, value);
    boolean signed = kind instanceof Kind.Signed;
    int bits = signed ? field.bitCount() - 1 : field.bitCount();
    if ((number.signum() < 0 && !signed) || number.bitLength() > bits) {
      throw new FieldException(
          path,
          "%s does not fit %d bits%s"
              .formatted(number, field.bitCount(), signed ? " with a sign" : ""));
    }
    return field.bitCount() == Long.SIZE
        ? number.longValue()
        : number.longValue() & ((1L << field.bitCount()) - 1);
  }

  private static long flags(String path, List<?> names, int action) throws FieldException {
    int bits = 0;
    for (Object name : names) {
      DsmFlag found = null;
      for (DsmFlag flag : DsmFlag.values()) {
        boolean applies = DsmAction.of(action).map(flag::isFor).orElse(false);
        if (applies && flag.name().equalsIgnoreCase(String.valueOf(name))) {
          found = flag;
        }
      }
      if (found == null) {
        throw new FieldException(path, "the action has no flag '%s'".formatted(name));
      }
      bits |= found.bit();
    }
    return Integer.toUnsignedLong(bits);
  }

  private static BigInteger integer(String path, @Nullable Object value) throws FieldException {
    if (value instanceof BigInteger big) {
      return big;
    }
    if (value instanceof Long || value instanceof Integer) {
      return BigInteger.valueOf(((Number) value).longValue());
    }
    if (value instanceof String text && text.length() <= 32) {
      boolean isHex = text.startsWith("0x") || text.startsWith("0X");
      try {
        return new BigInteger(isHex ? text.substring(2) : text, isHex ? 16 : 10);
      } catch (NumberFormatException e) {
        throw new FieldException(path, "'%s' is neither a number nor a name".formatted(text));
      }
    }
    throw new FieldException(path, "%s is not a whole number".formatted(said(value)));
  }

  private static long number(String path, @Nullable Object value) throws FieldException {
    BigInteger number = integer(path, value);
    return size(path, number.bitLength() < Integer.SIZE ? number.longValue() : -1);
  }

  private static int size(String path, long bytes) throws FieldException {
    if (bytes < 0 || bytes > MAXIMUM_BYTES) {
      throw new FieldException(
          path, "a buffer has no more than %d bytes here".formatted(MAXIMUM_BYTES));
    }
    return (int) bytes;
  }

  private static byte[] hex(String path, @Nullable Object value) throws FieldException {
    if (value instanceof String text) {
      try {
        return HexFormat.of().parseHex(text);
      } catch (IllegalArgumentException e) {
        throw new FieldException(
            path, "'%s' is not pairs of hexadecimal digits".formatted(cut(text)));
      }
    }
    throw new FieldException(
        path, "%s is not a string of hexadecimal digits".formatted(said(value)));
  }

  private static byte[] guid(String path, @Nullable Object value) throws FieldException {
    String text = value instanceof String given ? given : "";
    if (!text.matches("\\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}}?")) {
      throw new FieldException(path, "%s is not a GUID".formatted(said(value)));
    }
    UUID uuid = UUID.fromString(text.replaceAll("[{}]", ""));
    ByteBuffer bytes = ByteBuffer.allocate(16);
    long high = uuid.getMostSignificantBits();
    bytes.order(ByteOrder.LITTLE_ENDIAN).putInt((int) (high >> 32)).putShort((short) (high >> 16));
    bytes
        .putShort((short) high)
        .order(ByteOrder.BIG_ENDIAN)
        .putLong(uuid.getLeastSignificantBits());
    return bytes.array();
  }

  private static byte[] withOthers(byte[] bytes, @Nullable Object others) throws FieldException {
    if (others == null) {
      return bytes;
    }
    byte[] all = bytes;
    for (Map.Entry<String, Object> entry : object(BufferReader.OTHER_BYTES, others).entrySet()) {
      String path = BufferReader.OTHER_BYTES + "." + entry.getKey();
      byte[] content = hex(path, entry.getValue());
      int at = size(path, number(path, entry.getKey()));
      int end = size(path, (long) at + content.length);
      all = Arrays.copyOf(all, Math.max(all.length, end));
      System.arraycopy(content, 0, all, at, content.length);
    }
    return all;
  }

  private static Map<String, Object> object(String path, @Nullable Object value)
      throws FieldException {
    if (!(value instanceof Map<?, ?> map)) {
      throw new FieldException(path, "%s is not an object with fields".formatted(said(value)));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (entry.getValue() == null) {
        throw new FieldException(path + "." + entry.getKey(), "null is no value");
      }
      fields.put(String.valueOf(entry.getKey()), entry.getValue());
    }
    return fields;
  }

  private static List<?> list(String path, Object value) throws FieldException {
    if (value instanceof List<?> list) {
      return list;
    }
    throw new FieldException(path, "%s is not a list".formatted(said(value)));
  }

  private static String said(@Nullable Object value) {
    return value instanceof String text ? "'%s'".formatted(cut(text)) : cut(String.valueOf(value));
  }

  private static String cut(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}
