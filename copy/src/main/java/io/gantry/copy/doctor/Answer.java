package io.gantry.copy.doctor;

import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param data what it returned
 * @param took from sending it to its end
 */
record Answer(ScsiStatus status, @Nullable Sense sense, byte[] data, Duration took) {

  boolean isGood() {
    return status == ScsiStatus.GOOD;
  }

  boolean isConflict() {
    return status == ScsiStatus.RESERVATION_CONFLICT;
  }

  boolean says(int key, int asc, int ascq) {
    return says(key, asc) && sense != null && sense.ascq() == ascq;
  }

  boolean says(int key, int asc) {
    return hasKey(key) && sense != null && sense.asc() == asc;
  }

  boolean hasKey(int key) {
    return sense != null && sense.key() == key;
  }

  /** The command itself, or its service action, is not known. */
  boolean isUnknownCommand() {
    return says(5, 0x20) || says(5, 0x24);
  }

  OptionalLong information() {
    return sense == null ? OptionalLong.empty() : sense.information();
  }

  OptionalInt fieldPointer() {
    return sense == null ? OptionalInt.empty() : sense.fieldPointer();
  }

  String describe() {
    return sense == null ? status.toString() : sense.toString();
  }

  int u8(int at) {
    return at < data.length ? data[at] & 0xff : 0;
  }

  int u16(int at) {
    return u8(at) << 8 | u8(at + 1);
  }

  long u32(int at) {
    return (long) u16(at) << 16 | u16(at + 2);
  }

  long u64(int at) {
    return at + 8 <= data.length ? ByteBuffer.wrap(data).getLong(at) : 0;
  }

  /** Bytes of the data; those that did not come are 0. */
  byte[] slice(int at, int length) {
    byte[] bytes = new byte[length];
    int there = Math.clamp(data.length - at, 0, length);
    if (there > 0) {
      System.arraycopy(data, at, bytes, 0, there);
    }
    return bytes;
  }
}
