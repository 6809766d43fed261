package io.gantry.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** The bytes of one area of a {@link SimulatedDisk}: as they read now, and what is safe of them. */
final class SimulatedArea {
  static final int SECTOR = 512;

  private byte[] now = new byte[0];
  private byte[] durable = new byte[0];

  /** Writes that a power loss may undo, in the order of their completion. */
  private final List<Write> unsynced = new ArrayList<>();

  /** Writes that have begun and not completed. */
  private final List<Write> inFlight = new ArrayList<>();

  /** One write; no two are the same, whatever they write. */
  private static final class Write {
    final int position;
    final ByteBuffer bytes;

    Write(int position, ByteBuffer bytes) {
      this.position = position;
      this.bytes = bytes;
    }

    int end() {
      return position + bytes.remaining();
    }
  }

  int length() {
    return now.length;
  }

  private static byte[] put(byte[] image, Write write) {
    byte[] grown = image.length < write.end() ? Arrays.copyOf(image, write.end()) : image;
    write.bytes.get(write.bytes.position(), grown, write.position, write.bytes.remaining());
    return grown;
  }

  /** Puts some sectors of a write: those a torn write left. */
  private static byte[] putSome(byte[] image, Write write, RandomGenerator random) {
    byte[] torn = image;
    int fate = random.nextInt(3); // all, none, some
    for (int at = 0; at < write.bytes.remaining(); at += SECTOR) {
      if (fate == 0 || (fate == 2 && random.nextBoolean())) {
        int length = Math.min(SECTOR, write.bytes.remaining() - at);
        ByteBuffer sector = write.bytes.slice(write.bytes.position() + at, length);
        torn = put(torn, new Write(write.position + at, sector));
      }
    }
    return torn;
  }

  /** Fills a buffer. */
  void read(int position, ByteBuffer target) {
    int from = Math.min(position, now.length);
    int count = Math.min(target.remaining(), now.length - from);
    target.put(now, from, count);
    target.put(new byte[target.remaining()]);
  }

  /** A write begins; its bytes are taken when it ends. */
  Object begin(int position, ByteBuffer bytes) {
    Write write = new Write(position, bytes);
    inFlight.add(write);
    return write;
  }

  /** A write has completed. */
  void complete(Object begun) {
    Write write = take(begun);
    ByteBuffer copy = ByteBuffer.allocate(write.bytes.remaining()).put(write.bytes).flip();
    Write done = new Write(write.position, copy);
    now = put(now, done);
    unsynced.add(done);
  }

  /** A write has failed: some of it may be there. */
  void fail(Object begun, RandomGenerator random) {
    Write write = take(begun);
    ByteBuffer copy = ByteBuffer.allocate(write.bytes.remaining());
    copy.put(write.bytes.duplicate()).flip();
    byte[] before = now.clone();
    now = putSome(now, new Write(write.position, copy), random);
    if (!Arrays.equals(before, now)) {
      byte[] found = Arrays.copyOfRange(now, write.position, write.end());
      unsynced.add(new Write(write.position, ByteBuffer.wrap(found)));
    }
  }

  /** A write that is never done. */
  void forget(Object begun) {
    take(begun);
  }

  /** Bytes that a write will add to the area. */
  int growth(Object begun) {
    return Math.max(0, ((Write) begun).end() - now.length);
  }

  private Write take(Object begun) {
    Write write = (Write) begun;
    inFlight.remove(write);
    return write;
  }

  /** What a sync that begins now makes safe. */
  List<Object> completed() {
    return new ArrayList<>(unsynced);
  }

  /** A sync has completed. */
  void synced(List<Object> writes) {
    for (Object each : writes) {
      Write write = (Write) each;
      if (unsynced.remove(write)) {
        durable = put(durable, write);
      }
    }
  }

  /** A sync has failed: no later one makes safe what this one should have. */
  void syncFailed(List<Object> writes, RandomGenerator random) {
    for (Object each : writes) {
      Write write = (Write) each;
      if (unsynced.remove(write)) {
        durable = putSome(durable, write, random);
      }
    }
  }

  /** Nobody's bytes from now on. */
  void discard(int position, int length) {
    int end = Math.min(position + length, now.length);
    if (position < end) {
      byte[] garbage = new byte[end - position];
      Arrays.fill(garbage, (byte) 0xDD);
      complete(begin(position, ByteBuffer.wrap(garbage)));
    }
  }

  /** Who wrote is no more: what was under way may be there, and what had completed is. */
  void abandon(RandomGenerator random) {
    for (Write write : List.copyOf(inFlight)) {
      fail(write, random);
    }
  }

  /** What was not synced is kept, lost or torn. */
  void losePower(RandomGenerator random) {
    abandon(random);
    for (Write write : unsynced) {
      durable = putSome(durable, write, random);
    }
    unsynced.clear();
    now = durable.clone();
  }
}
