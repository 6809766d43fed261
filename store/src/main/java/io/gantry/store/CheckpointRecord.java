package io.gantry.store;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a pool has, as the catalog of a checkpoint keeps it. Written like a {@link
 * JournalRecord}, with numbers of its own.
 *
 * <p>A root is the slot of the table's root page + 1, shifted up by 16 bits, and the low 16 bits of
 * the number of the checkpoint that wrote it; 0 for an empty table.
 */
sealed interface CheckpointRecord {

  /** The numbers that the next volume and snapshot get. */
  record Numbers(int nextVolume, int nextSnapshot) implements CheckpointRecord {}

  /** A volume. */
  record VolumeState(
      int volume, String name, long sizeBytes, int blockBytes, boolean readOnly, long root)
      implements CheckpointRecord {}

  /** A snapshot. */
  record SnapshotState(
      int snapshot, int volume, String name, long sizeBytes, long createdMillis, long root)
      implements CheckpointRecord {}

  /** A token. */
  record TokenState(
      long token, int volume, int blockBytes, Token.Terms terms, List<Extent> extents, long root)
      implements CheckpointRecord {}

  /** How a token ended that is no more. */
  record TokenGone(long token, Token.End reason) implements CheckpointRecord {}

  /** A result that somebody may ask for. */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record ResultState(String owner, long number, long keptMillis, byte[] result)
      implements CheckpointRecord {}

  /** What a volume held and is being overwritten. */
  record ErasureState(int volume, Erasure.Plan plan, long root) implements CheckpointRecord {}

  /** A named attribute of a volume. */
  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  record AttributeState(int volume, String name, byte[] value) implements CheckpointRecord {}

  /** The table of checksums. */
  record ChecksumTable(long root) implements CheckpointRecord {}

  /** The root of a table, as a record has it. */
  static long root(PageTable table) {
    @Nullable Page page = table.root();
    return page == null ? 0 : (page.slot + 1L) << 16 | (page.stamp & 0xFFFF);
  }

  /** Appends the record. */
  default void encode(RecordOutput out) {
    switch (this) {
      case Numbers r -> out.type(1).int4(r.nextVolume).int4(r.nextSnapshot);
      case VolumeState r ->
          out.type(2)
              .int4(r.volume)
              .text(r.name)
              .int8(r.sizeBytes)
              .int4(r.blockBytes)
              .int1(r.readOnly ? 1 : 0)
              .int8(r.root);
      case SnapshotState r ->
          out.type(3)
              .int4(r.snapshot)
              .int4(r.volume)
              .text(r.name)
              .int8(r.sizeBytes)
              .int8(r.createdMillis)
              .int8(r.root);
      case TokenState r ->
          out.type(11)
              .int8(r.token)
              .int4(r.volume)
              .int4(r.blockBytes)
              .terms(r.terms)
              .extents(r.extents)
              .int8(r.root);
      case TokenGone r -> out.type(5).int8(r.token).int4(r.reason.code());
      case ResultState r ->
          out.type(6).text(r.owner).int8(r.number).int8(r.keptMillis).bytes(r.result);
      case ErasureState r -> out.type(7).int4(r.volume).plan(r.plan).int8(r.root);
      case AttributeState r -> out.type(8).int4(r.volume).text(r.name).bytes(r.value);
      case ChecksumTable r -> out.type(10).int8(r.root);
    }
  }

  /**
   * Reads one record.
   *
   * @throws IllegalArgumentException if the type is unknown
   * @throws java.nio.BufferUnderflowException if the bytes end too early
   */
  static CheckpointRecord decode(ByteBuffer in) {
    int type = in.get();
    return switch (type) {
      case 1 -> new Numbers(in.getInt(), in.getInt());
      case 2 ->
          new VolumeState(
              in.getInt(),
              JournalRecord.text(in),
              in.getLong(),
              in.getInt(),
              in.get() != 0,
              in.getLong());
      case 3 ->
          new SnapshotState(
              in.getInt(),
              in.getInt(),
              JournalRecord.text(in),
              in.getLong(),
              in.getLong(),
              in.getLong());
      case 4 ->
          new TokenState(
              in.getLong(),
              in.getInt(),
              in.getInt(),
              JournalRecord.shortTerms(in),
              JournalRecord.extents(in),
              in.getLong());
      case 11 ->
          new TokenState(
              in.getLong(),
              in.getInt(),
              in.getInt(),
              JournalRecord.terms(in),
              JournalRecord.extents(in),
              in.getLong());
      case 5 -> new TokenGone(in.getLong(), Token.End.of(in.getInt()));
      case 6 ->
          new ResultState(
              JournalRecord.text(in), in.getLong(), in.getLong(), JournalRecord.bytes(in));
      case 7 -> new ErasureState(in.getInt(), JournalRecord.plan(in), in.getLong());
      case 8 -> new AttributeState(in.getInt(), JournalRecord.text(in), JournalRecord.bytes(in));
      case 10 -> new ChecksumTable(in.getLong());
      default -> throw new IllegalArgumentException("unknown catalog record type " + type);
    };
  }
}
