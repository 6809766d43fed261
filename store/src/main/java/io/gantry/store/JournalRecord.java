package io.gantry.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One change of the pool's metadata, as the journal keeps it. Replaying all records in order gives
 * the metadata back; a record names what was done, not what came of it, so a copy of any length is
 * one record.
 *
 * <p>On the medium a record is a type byte followed by its components in order: {@code int} 4,
 * {@code long} 8 bytes, big-endian; a text or list its count in 2 bytes first.
 */
sealed interface JournalRecord {

  /** Most extents of a token: their count has 16 bits. */
  int MAX_EXTENTS = 0xFFFF;

  /** A new, empty volume. */
  record VolumeCreated(int volume, String name, long sizeBytes, int blockBytes)
      implements JournalRecord {}

  /** A volume is gone. */
  record VolumeDeleted(int volume) implements JournalRecord {}

  /** {@code count} chunks of a volume from {@code index} now are those from {@code chunk} on. */
  record Mapped(int volume, long index, long chunk, long count) implements JournalRecord {}

  /** {@code count} chunks of a volume from {@code index} now are holes. */
  record Unmapped(int volume, long index, long count) implements JournalRecord {}

  /** A token now holds what the extents of a volume hold. */
  record TokenCreated(long token, int volume, long inactivityTimeoutMillis, List<Extent> extents)
      implements JournalRecord {}

  /** A token is gone. */
  record TokenEnded(long token, Token.End reason) implements JournalRecord {}

  /**
   * {@code count} chunks of a volume from {@code index} now are the token's from {@code
   * tokenIndex}.
   */
  record Shared(long token, long tokenIndex, int volume, long index, long count)
      implements JournalRecord {}

  /** Appends the record. */
  default void encode(Output out) {
    switch (this) {
      case VolumeCreated r ->
          out.type(1).int4(r.volume).text(r.name).int8(r.sizeBytes).int4(r.blockBytes);
      case VolumeDeleted r -> out.type(2).int4(r.volume);
      case Mapped r -> out.type(3).int4(r.volume).int8(r.index).int8(r.chunk).int8(r.count);
      case Unmapped r -> out.type(4).int4(r.volume).int8(r.index).int8(r.count);
      case TokenCreated r -> {
        out.type(5).int8(r.token).int4(r.volume).int8(r.inactivityTimeoutMillis);
        out.int2(r.extents.size());
        r.extents.forEach(extent -> out.int8(extent.offset()).int8(extent.length()));
      }
      case TokenEnded r -> out.type(6).int8(r.token).int4(r.reason.code());
      case Shared r ->
          out.type(7).int8(r.token).int8(r.tokenIndex).int4(r.volume).int8(r.index).int8(r.count);
    }
  }

  /**
   * Reads one record.
   *
   * @throws IllegalArgumentException if the type is unknown
   * @throws java.nio.BufferUnderflowException if the bytes end too early
   */
  static JournalRecord decode(ByteBuffer in) {
    int type = in.get();
    return switch (type) {
      case 1 -> new VolumeCreated(in.getInt(), text(in), in.getLong(), in.getInt());
      case 2 -> new VolumeDeleted(in.getInt());
      case 3 -> new Mapped(in.getInt(), in.getLong(), in.getLong(), in.getLong());
      case 4 -> new Unmapped(in.getInt(), in.getLong(), in.getLong());
      case 5 -> new TokenCreated(in.getLong(), in.getInt(), in.getLong(), extents(in));
      case 6 -> new TokenEnded(in.getLong(), Token.End.of(in.getInt()));
      case 7 -> new Shared(in.getLong(), in.getLong(), in.getInt(), in.getLong(), in.getLong());
      default -> throw new IllegalArgumentException("unknown journal record type " + type);
    };
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.getShort() & 0xffff];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static List<Extent> extents(ByteBuffer in) {
    int count = in.getShort() & 0xffff;
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      extents.add(new Extent(in.getLong(), in.getLong()));
    }
    return extents;
  }

  /** A growing buffer of records. */
  final class Output {
    private ByteBuffer buffer = ByteBuffer.allocate(4096);

    private Output type(int type) {
      return put(1, () -> buffer.put((byte) type));
    }

    private Output int2(int value) {
      return put(2, () -> buffer.putShort((short) value));
    }

    private Output int4(int value) {
      return put(4, () -> buffer.putInt(value));
    }

    private Output int8(long value) {
      return put(8, () -> buffer.putLong(value));
    }

    private Output text(String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      return int2(bytes.length).put(bytes.length, () -> buffer.put(bytes));
    }

    private Output put(int length, Runnable writer) {
      if (buffer.remaining() < length) {
        ByteBuffer larger = ByteBuffer.allocate(2 * buffer.capacity() + length);
        buffer = larger.put(buffer.flip());
      }
      writer.run();
      return this;
    }

    int length() {
      return buffer.position();
    }

    /** The records so far, to be read. */
    ByteBuffer content() {
      return buffer.duplicate().flip();
    }
  }
}
