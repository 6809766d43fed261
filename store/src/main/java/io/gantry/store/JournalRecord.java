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
  record TokenCreated(long token, int volume, Token.Terms terms, List<Extent> extents)
      implements JournalRecord {}

  /** A token is gone. */
  record TokenEnded(long token, Token.End reason) implements JournalRecord {}

  /**
   * {@code count} chunks of a volume from {@code index} now are the token's from {@code
   * tokenIndex}.
   */
  record Shared(long token, long tokenIndex, int volume, long index, long count)
      implements JournalRecord {}

  /**
   * A new volume holds what a snapshot of the source holds, or the source itself if there is {@link
   * #NO_SNAPSHOT}.
   */
  record VolumeCloned(int volume, String name, int source, int snapshot) implements JournalRecord {
    static final int NO_SNAPSHOT = -1;
  }

  /** A volume has another name. */
  record VolumeRenamed(int volume, String name) implements JournalRecord {}

  /** A volume has another size; what lay behind its new end is gone. */
  record VolumeResized(int volume, long sizeBytes) implements JournalRecord {}

  /** A volume became read-only, or writable again. */
  record VolumeProtected(int volume, boolean readOnly) implements JournalRecord {}

  /** A snapshot now holds what a volume holds. */
  record SnapshotCreated(int snapshot, int volume, String name, long createdMillis)
      implements JournalRecord {}

  /** A snapshot is gone. */
  record SnapshotDeleted(int snapshot) implements JournalRecord {}

  /** A volume holds what a snapshot holds, and has its size. */
  record VolumeRolledBack(int volume, int snapshot) implements JournalRecord {}

  /** Chunks from one on have these checksums. */
  record Summed(long chunk, List<Integer> checksums) implements JournalRecord {}

  /** {@code count} chunks of a volume from {@code index} now all are this one. */
  record Filled(int volume, long index, long chunk, long count) implements JournalRecord {}

  /** What a volume held is to be overwritten, and the volume is empty. */
  record ErasureBegun(int volume, Erasure.Plan plan) implements JournalRecord {}

  /** It was. */
  record ErasureEnded(int volume) implements JournalRecord {}

  /** A result is kept, in place of an earlier one of the same owner and number. */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record ResultKept(String owner, long number, long keptMillis, byte[] result)
      implements JournalRecord {}

  /** A result is gone. */
  record ResultDropped(String owner, long number) implements JournalRecord {}

  /** A volume has a named attribute of these bytes; of none, it has no such attribute any more. */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record AttributeSet(int volume, String name, byte[] value) implements JournalRecord {}

  /** Appends the record. */
  default void encode(RecordOutput out) {
    switch (this) {
      case VolumeCreated r ->
          out.type(1).int4(r.volume).text(r.name).int8(r.sizeBytes).int4(r.blockBytes);
      case VolumeDeleted r -> out.type(2).int4(r.volume);
      case Mapped r -> out.type(3).int4(r.volume).int8(r.index).int8(r.chunk).int8(r.count);
      case Unmapped r -> out.type(4).int4(r.volume).int8(r.index).int8(r.count);
      case TokenCreated r ->
          out.type(23).int8(r.token).int4(r.volume).terms(r.terms).extents(r.extents);
      case TokenEnded r -> out.type(6).int8(r.token).int4(r.reason.code());
      case Shared r ->
          out.type(7).int8(r.token).int8(r.tokenIndex).int4(r.volume).int8(r.index).int8(r.count);
      case VolumeCloned r ->
          out.type(8).int4(r.volume).text(r.name).int4(r.source).int4(r.snapshot);
      case VolumeRenamed r -> out.type(9).int4(r.volume).text(r.name);
      case VolumeResized r -> out.type(10).int4(r.volume).int8(r.sizeBytes);
      case VolumeProtected r -> out.type(11).int4(r.volume).int4(r.readOnly ? 1 : 0);
      case SnapshotCreated r ->
          out.type(12).int4(r.snapshot).int4(r.volume).text(r.name).int8(r.createdMillis);
      case SnapshotDeleted r -> out.type(13).int4(r.snapshot);
      case VolumeRolledBack r -> out.type(14).int4(r.volume).int4(r.snapshot);
      case ResultKept r ->
          out.type(16).text(r.owner).int8(r.number).int8(r.keptMillis).bytes(r.result);
      case ResultDropped r -> out.type(17).text(r.owner).int8(r.number);
      case Filled r -> out.type(18).int4(r.volume).int8(r.index).int8(r.chunk).int8(r.count);
      case ErasureBegun r -> out.type(21).int4(r.volume).plan(r.plan);
      case ErasureEnded r -> out.type(22).int4(r.volume);
      case AttributeSet r -> out.type(19).int4(r.volume).text(r.name).bytes(r.value);
      case Summed r -> {
        out.type(20).int8(r.chunk).int2(r.checksums.size());
        r.checksums.forEach(out::int4);
      }
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
      case 5 ->
          new TokenCreated(in.getLong(), in.getInt(), Token.Terms.idle(in.getLong()), extents(in));
      case 6 -> new TokenEnded(in.getLong(), Token.End.of(in.getInt()));
      case 7 -> new Shared(in.getLong(), in.getLong(), in.getInt(), in.getLong(), in.getLong());
      case 8 -> new VolumeCloned(in.getInt(), text(in), in.getInt(), in.getInt());
      case 9 -> new VolumeRenamed(in.getInt(), text(in));
      case 10 -> new VolumeResized(in.getInt(), in.getLong());
      case 11 -> new VolumeProtected(in.getInt(), in.getInt() != 0);
      case 12 -> new SnapshotCreated(in.getInt(), in.getInt(), text(in), in.getLong());
      case 13 -> new SnapshotDeleted(in.getInt());
      case 14 -> new VolumeRolledBack(in.getInt(), in.getInt());
      case 20 -> new Summed(in.getLong(), checksums(in));
      case 15 -> new TokenCreated(in.getLong(), in.getInt(), shortTerms(in), extents(in));
      case 23 -> new TokenCreated(in.getLong(), in.getInt(), terms(in), extents(in));
      case 16 -> new ResultKept(text(in), in.getLong(), in.getLong(), bytes(in));
      case 17 -> new ResultDropped(text(in), in.getLong());
      case 18 -> new Filled(in.getInt(), in.getLong(), in.getLong(), in.getLong());
      case 21 -> new ErasureBegun(in.getInt(), plan(in));
      case 22 -> new ErasureEnded(in.getInt());
      case 19 -> new AttributeSet(in.getInt(), text(in), bytes(in));
      default -> throw new IllegalArgumentException("unknown journal record type " + type);
    };
  }

  static String text(ByteBuffer in) {
    return new String(bytes(in), StandardCharsets.UTF_8);
  }

  static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[in.getShort() & 0xffff];
    in.get(bytes);
    return bytes;
  }

  private static List<Integer> checksums(ByteBuffer in) {
    int count = in.getShort() & 0xffff;
    List<Integer> checksums = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      checksums.add(in.getInt());
    }
    return checksums;
  }

  static Token.Terms terms(ByteBuffer in) {
    Token.Terms terms = shortTerms(in);
    return terms.withKind(Token.Kind.of(in.get())).ofOwner(text(in));
  }

  /** As they were before tokens had kinds and owners. */
  static Token.Terms shortTerms(ByteBuffer in) {
    return new Token.Terms(in.getLong(), in.getLong(), in.getLong(), in.get() != 0);
  }

  static Erasure.Plan plan(ByteBuffer in) {
    return new Erasure.Plan(in.get(), in.get() != 0, bytes(in));
  }

  static List<Extent> extents(ByteBuffer in) {
    int count = in.getShort() & 0xffff;
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      extents.add(new Extent(in.getLong(), in.getLong()));
    }
    return extents;
  }
}
