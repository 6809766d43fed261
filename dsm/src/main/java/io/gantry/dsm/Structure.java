package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A Windows structure: its layout, and what its fields are besides numbers and bytes.
 *
 * <p>A structure may end with a field that repeats, as C's arrays of one element at the end of a
 * structure do: its layout has it once, and as many follow as there are.
 */
public final class Structure {

  /** What a field is, if it is more than a number or bytes. */
  sealed interface Kind {
    /** A number with a sign. */
    record Signed() implements Kind {}

    /** A number some of whose values have names. */
    record Named(Map<Long, String> names) implements Kind {}

    /** Bits that have names, some only together with an action that is in another field. */
    record Flags() implements Kind {}

    /** Bytes that are a structure. */
    record Nested(Structure structure) implements Kind {}

    /** Bytes that are a GUID. */
    record Guid() implements Kind {}
  }

  private final Layout layout;
  private final Map<String, Kind> kinds = new HashMap<>();
  private @Nullable String repeated;
  private @Nullable String count;

  private Structure(Layout layout) {
    this.layout = layout;
  }

  static Structure of(Layout layout) {
    return new Structure(layout);
  }

  Structure signed(String field) {
    return with(field, new Kind.Signed());
  }

  Structure named(String field, Map<Long, String> names) {
    return with(field, new Kind.Named(names));
  }

  Structure flags(String field) {
    return with(field, new Kind.Flags());
  }

  Structure nested(String field, Structure structure) {
    return with(field, new Kind.Nested(structure));
  }

  Structure guid(String field) {
    return with(field, new Kind.Guid());
  }

  /** The last field repeats, as often as a field says. */
  Structure repeats(String field, String countField) {
    repeated = find(field).orElseThrow().name();
    count = find(countField).orElseThrow().name();
    return this;
  }

  /** The last field repeats to the end of the buffer. */
  Structure repeats(String field) {
    repeated = find(field).orElseThrow().name();
    return this;
  }

  private Structure with(String field, Kind kind) {
    kinds.put(find(field).orElseThrow().name(), kind);
    return this;
  }

  /** Its fields, as C lays them out. */
  public Layout layout() {
    return layout;
  }

  /** Its name in Windows. */
  public String name() {
    return layout.name();
  }

  Optional<Layout.Field> find(String field) {
    return layout.fields().stream().filter(f -> f.name().equals(field)).findFirst();
  }

  @Nullable Kind kind(Layout.Field field) {
    return kinds.get(field.name());
  }

  boolean isRepeated(Layout.Field field) {
    return field.name().equals(repeated);
  }

  /** The field that says how often the last one is there; empty if none does. */
  Optional<Layout.Field> countField() {
    return count == null ? Optional.empty() : find(count);
  }

  boolean isCount(Layout.Field field) {
    return field.name().equals(count);
  }

  /** Bytes without the repeated field; the whole size if there is none. */
  int leastBytes() {
    return repeated == null ? layout.sizeBytes() : find(repeated).orElseThrow().offset();
  }

  /** Where the repeated field is; empty if there is none. */
  OptionalInt repeatedAt() {
    return repeated == null ? OptionalInt.empty() : OptionalInt.of(leastBytes());
  }
}
