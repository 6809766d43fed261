package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;

/**
 * A medium in memory whose power can be cut: what was not synced then is kept, lost or torn, sector
 * by sector. Fails every operation once the power is off.
 */
@NullUnmarked
final class SimulatedMedium implements Medium {
  private static final int SECTOR = 512;

  private final long term;
  private byte[] root;
  private byte[] interruptedRoot;
  private byte[] journal;
  private long journalStart;
  private final Contents chunks;
  private final Contents pages;

  /** Sectors of the chunks whose room was given back. */
  private final BitSet holes = new BitSet();

  private byte[] tornAppend = new byte[0];
  private int operationsLeft = Integer.MAX_VALUE;
  private boolean off;

  /** Bytes of chunk space there are in all. */
  long capacity = 1L << 40;

  private record Write(int position, byte[] bytes) {}

  /** What one area holds. */
  private static final class Contents {
    byte[] now;
    byte[] durable;
    final List<Write> unsynced = new ArrayList<>();

    Contents(byte[] bytes) {
      now = bytes;
      durable = bytes.clone();
    }

    void write(int position, byte[] bytes) {
      int end = position + bytes.length;
      if (now.length < end) {
        now = Arrays.copyOf(now, end);
      }
      System.arraycopy(bytes, 0, now, position, bytes.length);
      unsynced.add(new Write(position, bytes));
    }

    void sync() {
      durable = Arrays.copyOf(durable, now.length);
      for (Write write : unsynced) {
        System.arraycopy(write.bytes, 0, durable, write.position, write.bytes.length);
      }
      unsynced.clear();
    }

    byte[] afterPowerLoss(Random random) {
      byte[] image = Arrays.copyOf(durable, now.length);
      for (Write write : unsynced) {
        int fate = random.nextInt(3); // kept, lost, torn
        for (int at = 0; at < write.bytes.length; at += SECTOR) {
          if (fate == 0 || (fate == 2 && random.nextBoolean())) {
            int length = Math.min(SECTOR, write.bytes.length - at);
            System.arraycopy(write.bytes, at, image, write.position + at, length);
          }
        }
      }
      return image;
    }
  }

  SimulatedMedium() {
    this(1, null, new byte[0], 0, new byte[0], new byte[0]);
  }

  private SimulatedMedium(
      long term, byte[] root, byte[] journal, long journalStart, byte[] chunks, byte[] pages) {
    this.term = term;
    this.root = root;
    this.journal = journal;
    this.journalStart = journalStart;
    this.chunks = new Contents(chunks);
    this.pages = new Contents(pages);
  }

  /** Cuts the power in the middle of the n-th write, sync, append or trim from now on. */
  synchronized void crashAfter(int operations) {
    operationsLeft = operations;
  }

  synchronized boolean isOff() {
    return off;
  }

  /** What the medium holds when the power is back. */
  synchronized SimulatedMedium afterPowerLoss(Random random) {
    off = true;
    return new SimulatedMedium(
        term + 1,
        interruptedRoot != null && random.nextBoolean() ? interruptedRoot : root,
        appended(random),
        journalStart,
        chunks.afterPowerLoss(random),
        pages.afterPowerLoss(random));
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

  private Contents contents(Area area) {
    return area == Area.CHUNKS ? chunks : pages;
  }

  private interface Action {
    void run() throws IOException;
  }

  private static CompletableFuture<Void> completed(Action action) {
    try {
      action.run();
      return CompletableFuture.completedFuture(null);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public String location() {
    return "memory";
  }

  @Override
  public long term() {
    return term;
  }

  @Override
  public CompletableFuture<OwnershipLostException> lost() {
    return new CompletableFuture<>();
  }

  @Override
  public synchronized byte[] readRoot() {
    return root.clone();
  }

  @Override
  public synchronized void writeRoot(byte[] bytes) throws IOException {
    if (crashes()) {
      interruptedRoot = bytes.clone();
      requirePower();
    }
    root = bytes.clone();
  }

  @Override
  public synchronized CompletableFuture<Void> read(Area area, long position, ByteBuffer target) {
    return completed(() -> {
      requirePower();
      byte[] now = contents(area).now;
      int from = (int) Math.min(position, now.length);
      int count = Math.min(target.remaining(), now.length - from);
      target.put(now, from, count);
      target.put(new byte[target.remaining()]);
    });
  }

  @Override
  public synchronized CompletableFuture<Void> write(Area area, long position, ByteBuffer source) {
    return completed(() -> {
      byte[] bytes = new byte[source.remaining()];
      if (area == Area.CHUNKS && position + bytes.length > capacity) {
        throw new NoSpaceException("no space left in memory");
      }
      source.get(bytes);
      int end = (int) position + bytes.length;
      boolean crash = crashes();
      contents(area).write((int) position, bytes);
      if (area == Area.CHUNKS) {
        holes.clear((int) position / SECTOR, end / SECTOR);
      }
      if (crash) {
        requirePower();
      }
    });
  }

  @Override
  public synchronized CompletableFuture<Void> sync(Area area) {
    return completed(() -> {
      if (crashes()) {
        requirePower();
      }
      contents(area).sync();
    });
  }

  @Override
  public synchronized long length(Area area) {
    return contents(area).now.length;
  }

  @Override
  public long discardGranularityBytes() {
    return 1;
  }

  @Override
  public synchronized boolean discardChunks(long position, long lengthBytes) {
    fill(chunks.now, position, lengthBytes);
    fill(chunks.durable, position, lengthBytes);
    holes.set((int) (position / SECTOR), (int) ((position + lengthBytes) / SECTOR));
    return true;
  }

  private static void fill(byte[] bytes, long position, long length) {
    int from = (int) Math.min(position, bytes.length);
    Arrays.fill(bytes, from, (int) Math.min(position + length, bytes.length), (byte) 0xDD);
  }

  @Override
  public synchronized long journalStart() {
    return journalStart;
  }

  @Override
  public synchronized long journalEnd() {
    return journalStart + journal.length;
  }

  @Override
  public synchronized void readJournal(long position, ByteBuffer target) {
    target.put(journal, (int) (position - journalStart), target.remaining());
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
  public synchronized void truncateJournal(long end) {
    journal = Arrays.copyOf(journal, (int) (end - journalStart));
  }

  @Override
  public synchronized void trimJournal(long start) throws IOException {
    if (crashes()) {
      requirePower();
    }
    journal = Arrays.copyOfRange(journal, (int) (start - journalStart), journal.length);
    journalStart = start;
  }

  @Override
  public synchronized long freeBytes() {
    return capacity - chunks.now.length + (long) holes.cardinality() * SECTOR;
  }

  @Override
  public void close() {}
}
