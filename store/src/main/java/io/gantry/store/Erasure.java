package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a volume held before it was erased, while it is being overwritten on the medium.
 *
 * <p>The volume itself is empty, or holds the pattern, from the start of its erasure on, and can be
 * used. An erasure that was interrupted, by a restart too, is run again from its beginning.
 */
public final class Erasure {
  /*
   * The pages that the volume had belong to the erasure alone: nobody reads or writes through them,
   * and nothing can come to share them. A chunk in them that nothing else names is overwritten where
   * it is. One that a snapshot, a token or a clone names too stays as it is, theirs.
   *
   * Overwriting begins when the record of the erasure is durable and all earlier I/O has ended: or
   * a crash could give the volume back with a part of it overwritten.
   */
  private static final int WRITE_BYTES = 1 << 20;

  /**
   * How to overwrite.
   *
   * @param passes how often, from 1
   * @param invert whether each pass writes the complement of the one before
   * @param block what to write, over and over: its length divides the pool's chunks
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Plan(int passes, boolean invert, byte[] block) {
    /** Zeros, once. */
    public static Plan zeros(int blockBytes) {
      return new Plan(1, false, new byte[blockBytes]);
    }

    byte[] block(int pass) {
      byte[] bytes = block.clone();
      for (int i = 0; invert && pass % 2 == 1 && i < bytes.length; i++) {
        bytes[i] = (byte) ~bytes[i];
      }
      return bytes;
    }

    /** What is there after the last pass. */
    public byte[] lastBlock() {
      return block(passes - 1);
    }
  }

  /** Who wants to know how far an erasure is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called now and then by the thread that erases.
     *
     * @param done how much of the work is done, from 0 to 1
     * @return whether to go on
     */
    boolean report(double done);
  }

  private final Metadata metadata;
  private final int volume;
  private final Plan plan;
  final PageTable table;

  Erasure(Metadata metadata, int volume, Plan plan, PageTable table) {
    this.metadata = metadata;
    this.volume = volume;
    this.plan = plan;
    this.table = table;
  }

  /**
   * Takes all that a volume holds away from it and gives it the pattern, in one step. The caller
   * holds its freeze lock alone.
   */
  static Erasure begin(Metadata metadata, Volume volume, Plan plan) throws IOException {
    int chunkBytes = metadata.chunkBytes();
    long whole = volume.sizeBytes() / chunkBytes;
    int rest = (int) (volume.sizeBytes() % chunkBytes);
    byte[] block = plan.lastBlock();
    boolean zeros = Arrays.equals(block, new byte[block.length]);
    ByteBuffer pattern = repeated(block, chunkBytes);
    // What lies behind the end stays zeros, for a volume that grows.
    ByteBuffer tail = ByteBuffer.allocate(chunkBytes).put(pattern.slice(0, rest)).rewind();
    List<Long> chunks = new ArrayList<>();
    Erasure begun = null;
    try {
      if (!zeros && whole > 0) {
        chunks.add(write(metadata, volume, pattern));
      }
      if (!zeros && rest > 0) {
        chunks.add(write(metadata, volume, tail));
      }
      begun =
          metadata.lockedIo(() -> {
            volume.requireWritable(0);
            return begin(metadata, volume, plan, whole, chunks);
          });
      return begun;
    } finally {
      if (begun == null) {
        metadata.locked(() -> {
          chunks.forEach(metadata.space::giveBack);
          return null;
        });
      }
    }
  }

  private static long write(Metadata metadata, Volume volume, ByteBuffer content)
      throws IOException {
    long chunk =
        metadata.lockedIo(() -> {
          volume.requireWritable(0);
          return metadata.space.allocate();
        });
    boolean written = false;
    try {
      Medium.await(metadata.medium.write(Medium.Area.CHUNKS, chunk * content.capacity(), content));
      written = true;
      metadata.locked(() -> {
        metadata.space.written(chunk);
        return null;
      });
      return chunk;
    } finally {
      if (!written) {
        metadata.locked(() -> {
          metadata.space.giveBack(chunk);
          return null;
        });
      }
    }
  }

  private static Erasure begin(
      Metadata metadata, Volume volume, Plan plan, long whole, List<Long> chunks) {
    Catalog catalog = metadata.catalog();
    if (catalog.erasure(volume.id()).isPresent()) {
      throw new IllegalArgumentException("volume %s is being erased".formatted(volume.name()));
    }
    List<JournalRecord> records = new ArrayList<>();
    records.add(new JournalRecord.ErasureBegun(volume.id(), plan));
    catalog.apply(records.getFirst());
    List<Long> left = new ArrayList<>(chunks);
    if (whole > 0 && !left.isEmpty()) {
      long chunk = left.removeFirst();
      volume.table.fill(0, whole, chunk);
      records.add(new JournalRecord.Filled(volume.id(), 0, chunk, whole));
    }
    if (!left.isEmpty()) {
      volume.table.set(whole, left.getFirst());
      records.add(new JournalRecord.Mapped(volume.id(), whole, left.getFirst(), 1));
    }
    metadata.appendTogether(records);
    return catalog.erasure(volume.id()).orElseThrow();
  }

  /** Number of the volume that held it. */
  public int volumeId() {
    return volume;
  }

  /** How it is overwritten. */
  public Plan plan() {
    return plan;
  }

  /**
   * Overwrites it and gives its space back; both are durable then. To be called by one thread.
   *
   * @param bytesPerSecond how fast to write at most, or 0 for as fast as it goes
   * @return whether it came to the end
   */
  public boolean run(long bytesPerSecond, Progress progress) throws IOException {
    metadata.reclaim();
    WorkRate rate = metadata.rate(bytesPerSecond);
    long total = Math.max(1, plan.passes * count());
    long done = 0;
    for (int pass = 0; pass < plan.passes; pass++) {
      ByteBuffer pattern = repeated(plan.block(pass), Math.max(WRITE_BYTES, metadata.chunkBytes()));
      for (long from = 0; from >= 0; ) {
        if (!report(progress, done, total)) {
          return false;
        }
        List<Space.Run> runs = new ArrayList<>();
        long first = from;
        from = metadata.locked(() -> collect(first, runs));
        for (Space.Run run : runs) {
          overwrite(run, pattern);
          done += run.count();
          long soFar = done;
          long bytes = run.count() * metadata.chunkBytes();
          if (!rate.did(bytes, () -> report(progress, soFar, total))) {
            return false;
          }
        }
      }
      Medium.await(metadata.medium.sync(Medium.Area.CHUNKS));
    }
    metadata.freeDurably(() -> new JournalRecord.ErasureEnded(volume));
    return true;
  }

  private static boolean report(Progress progress, long done, long total) {
    return progress.report(Math.min(1, (double) done / total));
  }

  /** A buffer of a block's bytes, over and over. */
  static ByteBuffer repeated(byte[] block, int length) {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; at += block.length) {
      System.arraycopy(block, 0, bytes, at, block.length);
    }
    return ByteBuffer.allocateDirect(length).put(bytes).flip();
  }

  private long count() {
    long count = 0;
    for (long from = 0; from >= 0; ) {
      List<Space.Run> runs = new ArrayList<>();
      long first = from;
      from = metadata.locked(() -> collect(first, runs));
      count += runs.stream().mapToLong(Space.Run::count).sum();
    }
    return count;
  }

  /** What nobody else names in the next leaf; where to go on, or -1 at the end. */
  private long collect(long from, List<Space.Run> runs) {
    PageTable.Leaf leaf = table.nextLeaf(from, _ -> false);
    if (leaf == null) {
      return -1;
    }
    long[] chunks = new long[Page.ENTRIES];
    int count = 0;
    for (int slot = 0; slot < Page.ENTRIES && !leaf.shared(); slot++) {
      long chunk = leaf.page().chunk(slot);
      if (chunk >= 0 && metadata.space.references(chunk) == 1) {
        metadata.space.checksums.forget(chunk); // a scrub that has just read it would find fault
        chunks[count++] = chunk;
      }
    }
    Arrays.sort(chunks, 0, count);
    for (int i = 0; i < count; ) {
      int next = i + 1;
      while (next < count && chunks[next] == chunks[next - 1] + 1) {
        next++;
      }
      runs.add(new Space.Run(chunks[i], next - i));
      i = next;
    }
    return leaf.first() + Page.ENTRIES;
  }

  private void overwrite(Space.Run run, ByteBuffer pattern) throws IOException {
    int chunkBytes = metadata.chunkBytes();
    InFlight writes = new InFlight();
    try {
      long end = (run.first() + run.count()) * chunkBytes;
      for (long at = run.first() * chunkBytes; at < end; at += pattern.capacity()) {
        int length = (int) Math.min(pattern.capacity(), end - at);
        writes.add(metadata.medium.write(Medium.Area.CHUNKS, at, pattern.slice(0, length)));
      }
    } finally {
      writes.await();
    }
  }
}
