package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A fixed binary structure as a table: its fields with offset, width, unit and meaning.
 *
 * <p>A codec declares its fields through a layout and then reads and writes through the very same
 * {@link Field} objects, so the printed table and the bytes cannot drift apart. Fields ignore the
 * byte order of the buffer they are applied to; the layout's own order (or the field's) rules.
 */
public final class Layout {
  private final String name;
  private final String source;
  private final ByteOrder order;
  private final int sizeBytes;
  private final int alignmentBytes;
  private final List<Field> fields = new ArrayList<>();

  private Layout(String name, String source, ByteOrder order, int sizeBytes, int alignmentBytes) {
    this.name = name;
    this.source = source;
    this.order = order;
    this.sizeBytes = sizeBytes;
    this.alignmentBytes = alignmentBytes;
  }

  /** A SCSI structure: big-endian, {@code sizeBytes} long without its variable tail. */
  public static Layout bigEndian(String name, String source, int sizeBytes) {
    return new Layout(name, source, ByteOrder.BIG_ENDIAN, sizeBytes, 1);
  }

  /** A Windows structure: little-endian, with the C size and alignment of its declaration. */
  public static Layout littleEndian(String name, String source, int sizeBytes, int alignmentBytes) {
    return new Layout(name, source, ByteOrder.LITTLE_ENDIAN, sizeBytes, alignmentBytes);
  }

  /** The structure's name in its own documentation. */
  public String name() {
    return name;
  }

  /** The standard's clause or the header file that defines the structure. */
  public String source() {
    return source;
  }

  /** Size in bytes of the fixed part, tail padding included. */
  public int sizeBytes() {
    return sizeBytes;
  }

  /** Alignment in bytes that C gives the structure; 1 for SCSI structures. */
  public int alignmentBytes() {
    return alignmentBytes;
  }

  /** The fields in the order they were declared. */
  public List<Field> fields() {
    return Collections.unmodifiableList(fields);
  }

  /** An unsigned integer of 1 to 8 bytes in the layout's byte order. */
  public Field uint(int offset, int width, String fieldName, String unit, String meaning) {
    return add(new Field(fieldName, offset, width, 0, 8 * width, order, unit, meaning));
  }

  /** An unsigned big-endian integer of 1 to 8 bytes, whatever the layout's order. */
  public Field uintBigEndian(int offset, int width, String fieldName, String unit, String meaning) {
    return add(
        new Field(fieldName, offset, width, 0, 8 * width, ByteOrder.BIG_ENDIAN, unit, meaning));
  }

  /** Bits {@code highBit} to {@code lowBit} (7 is the most significant) of one byte. */
  public Field bits(int offset, int highBit, int lowBit, String fieldName, String meaning) {
    return add(new Field(fieldName, offset, 1, lowBit, highBit - lowBit + 1, order, "", meaning));
  }

  /** Opaque bytes. */
  public Field bytes(int offset, int width, String fieldName, String meaning) {
    return add(new Field(fieldName, offset, width, 0, 0, order, "", meaning));
  }

  private Field add(Field field) {
    if (field.offset + field.width > sizeBytes) {
      throw new IllegalArgumentException(
          "%s: field %s ends at %d, past the structure's %d bytes"
              .formatted(name, field.name, field.offset + field.width, sizeBytes));
    }
    fields.add(field);
    return field;
  }

  /**
   * One field of a {@link Layout}.
   *
   * @param name the field's name in its standard
   * @param offset bytes from the start of the structure
   * @param width bytes it touches
   * @param lowBit least significant bit within the byte, for a bit field; otherwise 0
   * @param bitCount number of significant bits; 0 for opaque bytes
   * @param order byte order
   * @param unit what the number counts, or empty
   * @param meaning one phrase
   */
  public record Field(
      String name,
      int offset,
      int width,
      int lowBit,
      int bitCount,
      ByteOrder order,
      String unit,
      String meaning) {

    /** Whether the field is a string of bytes rather than a number. */
    public boolean isOpaque() {
      return bitCount == 0;
    }

    /** Reads the unsigned value of the structure that starts at {@code base}. */
    public long get(ByteBuffer buffer, int base) {
      long value = 0;
      for (int i = 0; i < width; i++) {
        int at = order == ByteOrder.BIG_ENDIAN ? i : width - 1 - i;
        value = (value << 8) | (buffer.get(base + offset + at) & 0xffL);
      }
      value >>>= lowBit;
      return bitCount < 64 ? value & ((1L << bitCount) - 1) : value;
    }

    /** Reads a value that is known to fit an int. */
    public int getInt(ByteBuffer buffer, int base) {
      return (int) get(buffer, base);
    }

    /** Whether the value is not zero. */
    public boolean isSet(ByteBuffer buffer, int base) {
      return get(buffer, base) != 0;
    }

    /** Writes a value, leaving the other bits of a shared byte alone. */
    public void set(ByteBuffer buffer, int base, long value) {
      if (bitCount < 64 && value >>> bitCount != 0) {
        throw new IllegalArgumentException(
            "%s: %d does not fit %d bits".formatted(name, value, bitCount));
      }
      if (bitCount != 8 * width) {
        int mask = ((1 << bitCount) - 1) << lowBit;
        int old = buffer.get(base + offset);
        buffer.put(base + offset, (byte) ((old & ~mask) | ((int) value << lowBit)));
        return;
      }
      long rest = value;
      for (int i = width - 1; i >= 0; i--) {
        int at = order == ByteOrder.BIG_ENDIAN ? i : width - 1 - i;
        buffer.put(base + offset + at, (byte) rest);
        rest >>>= 8;
      }
    }

    /** Writes a flag. */
    public void set(ByteBuffer buffer, int base, boolean value) {
      set(buffer, base, value ? 1 : 0);
    }

    /** Copies the bytes of an opaque field out. */
    public byte[] getBytes(ByteBuffer buffer, int base) {
      byte[] bytes = new byte[width];
      buffer.get(base + offset, bytes);
      return bytes;
    }

    /** Copies bytes in; fewer than the field's width leave its tail alone. */
    public void setBytes(ByteBuffer buffer, int base, byte[] bytes) {
      if (bytes.length > width) {
        throw new IllegalArgumentException(
            "%s: %d bytes do not fit %d".formatted(name, bytes.length, width));
      }
      buffer.put(base + offset, bytes);
    }
  }
}
