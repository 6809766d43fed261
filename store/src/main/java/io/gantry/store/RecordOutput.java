package io.gantry.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A growing buffer of records. */
final class RecordOutput {
  private ByteBuffer buffer = ByteBuffer.allocate(4096);

  RecordOutput type(int type) {
    return int1(type);
  }

  RecordOutput int1(int value) {
    room(1).put((byte) value);
    return this;
  }

  RecordOutput int2(int value) {
    room(2).putShort((short) value);
    return this;
  }

  RecordOutput int4(int value) {
    room(4).putInt(value);
    return this;
  }

  RecordOutput int8(long value) {
    room(8).putLong(value);
    return this;
  }

  RecordOutput text(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  RecordOutput bytes(byte[] value) {
    int2(value.length).room(value.length).put(value);
    return this;
  }

  RecordOutput terms(Token.Terms terms) {
    return int8(terms.createdMillis())
        .int8(terms.inactivityTimeoutMillis())
        .int8(terms.lifetimeMillis())
        .int1(terms.persistent() ? 1 : 0)
        .int1(terms.kind().code())
        .text(terms.owner());
  }

  RecordOutput plan(Erasure.Plan plan) {
    return int1(plan.passes()).int1(plan.invert() ? 1 : 0).bytes(plan.block());
  }

  RecordOutput extents(List<Extent> extents) {
    int2(extents.size());
    extents.forEach(extent -> int8(extent.offset()).int8(extent.length()));
    return this;
  }

  private ByteBuffer room(int length) {
    if (buffer.remaining() < length) {
      ByteBuffer larger = ByteBuffer.allocate(2 * buffer.capacity() + length);
      buffer = larger.put(buffer.flip());
    }
    return buffer;
  }

  int length() {
    return buffer.position();
  }

  /** The records so far, to be read. */
  ByteBuffer content() {
    return buffer.duplicate().flip();
  }
}
