package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;

/**
 * A medium in memory whose power can be cut: what was not synced then is kept, lost or torn, sector
 * by sector. Fails every operation once the power is off.
 */
@NullUnmarked
final class SimulatedMedium implements Medium {
  private static final int SECTOR = 512;

  private byte[] root;
  private byte[] journal;
  private byte[] durable;
  private byte[] chunks;

  /** Sectors whose room was given back. */
  private final BitSet holes = new BitSet();

  private final List<Write> unsynced = new ArrayList<>();
  private byte[] tornAppend = new byte[0];
  private int operationsLeft = Integer.MAX_VALUE;
  private boolean off;

  /** Bytes of chunk space there are in all. */
  long capacity = 1L << 40;

  private record Write(int position, byte[] bytes) {}

  SimulatedMedium() {
    this(null, new byte[0], new byte[0]);
  }

  private SimulatedMedium(byte[] root, byte[] journal, byte[] chunks) {
    this.root = root;
    this.journal = journal;
    this.chunks = chunks;
    this.durable = chunks.clone();
  }

  /** Cuts the power in the middle of the n-th write, sync or append from now on. */
  synchronized void crashAfter(int operations) {
    operationsLeft = operations;
  }

  synchronized boolean isOff() {
    return off;
  }

  /** What the medium holds when the power is back. */
  synchronized SimulatedMedium afterPowerLoss(Random random) {
    off = true;
    byte[] image = Arrays.copyOf(durable, chunks.length);
    for (Write write : unsynced) {
      int fate = random.nextInt(3); // kept, lost, torn
      for (int at = 0; at < write.bytes.length; at += SECTOR) {
        if (fate == 0 || (fate == 2 && random.nextBoolean())) {
          int length = Math.min(SECTOR, write.bytes.length - at);
          System.arraycopy(write.bytes, at, image, write.position + at, length);
        }
      }
    }
    return new SimulatedMedium(root, appended(random), image);
  }

  private byte[] appended(Random random) {
    int length = random.nextInt(tornAppend.length + 1);
    byte[] image = Arrays.copyOf(journal, journal.length + length);
    for (int at = 0; at < length; at += SECTOR) {
      if (random.nextInt(4) != 0) {
        System.arraycopy(tornAppend, at, image, journal.length + at, Math.min(SECTOR, length - at));
      }
    }
    return image;
  }

  /** Whether the power goes off with this operation. */
  private boolean crashes() throws IOException {
    requirePower();
    off = --operationsLeft < 0;
    return off;
  }

  private void requirePower() throws IOException {
    if (off) {
      throw new IOException("the power is off");
    }
  }

  @Override
  public String location() {
    return "memory";
  }

  @Override
  public synchronized byte[] readRoot() {
    return root.clone();
  }

  @Override
  public synchronized void writeRoot(byte[] bytes) {
    root = bytes.clone();
  }

  @Override
  public synchronized void readChunks(long position, ByteBuffer target) throws IOException {
    requirePower();
    int from = (int) Math.min(position, chunks.length);
    int count = Math.min(target.remaining(), chunks.length - from);
    target.put(chunks, from, count);
    target.put(new byte[target.remaining()]);
  }

  @Override
  public synchronized void writeChunks(long position, ByteBuffer source) throws IOException {
    byte[] bytes = new byte[source.remaining()];
    if (position + bytes.length > capacity) {
      throw new NoSpaceException("no space left in memory");
    }
    source.get(bytes);
    int end = (int) position + bytes.length;
    boolean crash = crashes();
    if (chunks.length < end) {
      chunks = Arrays.copyOf(chunks, end);
    }
    System.arraycopy(bytes, 0, chunks, (int) position, bytes.length);
    holes.clear((int) position / SECTOR, end / SECTOR);
    unsynced.add(new Write((int) position, bytes));
    if (crash) {
      requirePower();
    }
  }

  @Override
  public synchronized void syncChunks() throws IOException {
    if (crashes()) {
      requirePower();
    }
    durable = Arrays.copyOf(durable, chunks.length);
    for (Write write : unsynced) {
      System.arraycopy(write.bytes, 0, durable, write.position, write.bytes.length);
    }
    unsynced.clear();
  }

  @Override
  public long discardGranularityBytes() {
    return 1;
  }

  @Override
  public synchronized boolean discardChunks(long position, long lengthBytes) {
    Arrays.fill(chunks, (int) position, (int) (position + lengthBytes), (byte) 0xDD);
    Arrays.fill(
        durable,
        (int) Math.min(position, durable.length),
        (int) Math.min(position + lengthBytes, durable.length),
        (byte) 0xDD);
    holes.set((int) (position / SECTOR), (int) ((position + lengthBytes) / SECTOR));
    return true;
  }

  @Override
  public synchronized long chunksLength() throws IOException {
    return chunks.length;
  }

  @Override
  public synchronized long journalLength() {
    return journal.length;
  }

  @Override
  public synchronized void readJournal(long position, ByteBuffer target) {
    target.put(journal, (int) position, target.remaining());
  }

  @Override
  public synchronized void appendJournal(ByteBuffer source) throws IOException {
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    if (crashes()) {
      tornAppend = bytes;
      requirePower();
    }
    int length = journal.length;
    journal = Arrays.copyOf(journal, length + bytes.length);
    System.arraycopy(bytes, 0, journal, length, bytes.length);
  }

  @Override
  public synchronized void truncateJournal(long length) {
    journal = Arrays.copyOf(journal, (int) length);
  }

  @Override
  public synchronized long freeBytes() {
    return capacity - chunks.length + (long) holes.cardinality() * SECTOR;
  }

  @Override
  public void close() {}
}
