package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.Disk;
import io.gantry.dsm.NtStatus;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;

/**
 * The load on one volume while its server is killed, and what must be there afterwards.
 *
 * <p>The volume is taken as cells of 4 KiB. A write fills a cell with a stamp that is never used
 * again; each 512-byte block of the cell holds the stamp and the cell's place, so that a block says
 * where it came from. For each cell the load knows which stamps may be found there: the last one
 * that was flushed, and all written since.
 */
@NullUnmarked
final class CrashLoad {
  static final int CELL = 4096;
  private static final int BLOCK = 512;
  private static final int BATCH = 8;

  /** A token that was given out, and the stamps of the cells that it stands for. */
  record Promise(OffloadToken token, long[] stamps, boolean flushed) {}

  private static final AtomicLong NEXT_STAMP = new AtomicLong(1);

  private final int cells;
  private final List<Set<Long>> possible = new ArrayList<>();
  private final long[] last;
  private final List<Promise> promises;
  private long flushes;
  private long copies;

  CrashLoad(int cells, List<Promise> promises) {
    this.cells = cells;
    this.last = new long[cells];
    this.promises = promises;
    for (int i = 0; i < cells; i++) {
      possible.add(new HashSet<>(Set.of(0L)));
    }
  }

  long flushes() {
    return flushes;
  }

  long copies() {
    return copies;
  }

  /** Writes, copies, freezes and flushes until the connection breaks; a permit for each step. */
  void run(String url, Random random, Semaphore progress) {
    List<Integer> own = new ArrayList<>(); // promises made since the last flush
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(url))) {
      Disk disk = Disk.attach(session);
      while (true) {
        progress.release();
        switch (random.nextInt(10)) {
          case 0 -> {
            flush(session);
            synchronized (promises) {
              for (int i : own) {
                Promise promise = promises.get(i);
                promises.set(i, new Promise(promise.token, promise.stamps, true));
              }
              own.clear();
            }
          }
          case 1, 2 -> freeze(disk, random, own);
          case 3, 4 -> copy(disk, random);
          default -> write(session, random);
        }
      }
    } catch (IOException | ExecutionException e) {
      // The server is gone: what this load is for.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(IscsiSession session, Random random)
      throws InterruptedException, ExecutionException {
    List<CompletableFuture<ScsiResponse>> batch = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < BATCH; i++) {
      int first = random.nextInt(cells);
      int count = Math.min(cells - first, 1 + random.nextInt(random.nextInt(8) == 0 ? 40 : 2));
      ByteBuffer data = ByteBuffer.allocate(count * CELL);
      boolean free = true;
      for (int c = first; c < first + count; c++) {
        free &= taken.add(c);
      }
      if (!free) {
        continue; // two writes to one cell at once have no order
      }
      for (int c = first; c < first + count; c++) {
        long stamp = NEXT_STAMP.getAndIncrement();
        fill(data, stamp);
        last[c] = stamp;
        possible.get(c).add(stamp);
      }
      Cdb write = Cdb.Transfer.write((long) first * CELL / BLOCK, (long) count * CELL / BLOCK);
      batch.add(session.submit(ScsiRequest.out(write, data.flip())));
    }
    for (CompletableFuture<ScsiResponse> answer : batch) {
      assertThat(answer.get().describe()).isEqualTo("GOOD");
    }
  }

  private static void fill(ByteBuffer data, long stamp) {
    for (int block = 0; block < CELL / BLOCK; block++) {
      for (int word = 0; word < BLOCK / 16; word++) {
        data.putLong(stamp).putLong(block);
      }
    }
  }

  private void flush(IscsiSession session) throws IOException {
    ScsiResponse response = session.execute(ScsiRequest.of(Cdb.SynchronizeCache.all()));
    assertThat(response.describe()).isEqualTo("GOOD");
    for (int c = 0; c < cells; c++) {
      possible.set(c, new HashSet<>(Set.of(last[c])));
    }
    flushes++;
  }

  private void freeze(Disk disk, Random random, List<Integer> own) throws IOException {
    int first = random.nextInt(cells);
    int count = 1 + random.nextInt(cells - first);
    OffloadReadResult result =
        disk.offloadRead(List.of(new DataSetRange((long) first * CELL, (long) count * CELL)), 3600);
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.lengthProtected()).isEqualTo((long) count * CELL);
    synchronized (promises) {
      own.add(promises.size());
      promises.add(
          new Promise(result.token(), Arrays.copyOfRange(last, first, first + count), false));
    }
  }

  private void copy(Disk disk, Random random) throws IOException {
    Promise promise;
    synchronized (promises) {
      if (promises.isEmpty()) {
        return;
      }
      promise = promises.get(random.nextInt(promises.size()));
    }
    int to = random.nextInt(cells);
    int count = Math.min(cells - to, 1 + random.nextInt(promise.stamps.length));
    int from = random.nextInt(promise.stamps.length - count + 1);
    if (random.nextBoolean()) {
      from = 0;
    }
    for (int i = 0; i < count; i++) {
      possible.get(to + i).add(promise.stamps[from + i]);
    }
    OffloadWriteResult result =
        disk.offloadWrite(
            promise.token,
            (long) from * CELL,
            List.of(new DataSetRange((long) to * CELL, (long) count * CELL)));
    assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
    assertThat(result.lengthCopied()).isEqualTo((long) count * CELL);
    System.arraycopy(promise.stamps, from, last, to, count);
    copies++;
  }

  /**
   * Reads everything back after a restart: each block must hold one of the stamps that may be
   * there. What is there is taken for the volume's content from now on.
   */
  void verify(String url) throws IOException {
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(url))) {
      for (int c = 0; c < cells; c++) {
        ByteBuffer data = read(session, c, 1);
        Set<Long> found = new HashSet<>();
        for (int block = 0; block < CELL / BLOCK; block++) {
          long stamp = stamp(data, block);
          assertThat(possible.get(c)).as("%s cell %d block %d", url, c, block).contains(stamp);
          found.add(stamp);
        }
        // Blocks of a write that was cut short may differ; the next write makes them equal.
        possible.set(c, found);
        last[c] = found.size() == 1 ? found.iterator().next() : rewrite(session, c);
      }
    }
  }

  private long rewrite(IscsiSession session, int cell) throws IOException {
    long stamp = NEXT_STAMP.getAndIncrement();
    ByteBuffer data = ByteBuffer.allocate(CELL);
    fill(data, stamp);
    possible.get(cell).add(stamp);
    Cdb write = Cdb.Transfer.write((long) cell * CELL / BLOCK, CELL / BLOCK);
    assertThat(session.execute(ScsiRequest.out(write, data.flip())).describe()).isEqualTo("GOOD");
    return stamp;
  }

  /** A block's stamp, having checked that the block is whole and in its place. */
  private static long stamp(ByteBuffer data, int block) {
    long stamp = data.getLong(block * BLOCK);
    for (int word = 0; word < BLOCK / 16; word++) {
      int at = block * BLOCK + word * 16;
      assertThat(data.getLong(at)).as("a torn block").isEqualTo(stamp);
      assertThat(data.getLong(at + 8)).as("a misplaced block").isEqualTo(stamp == 0 ? 0 : block);
    }
    return stamp;
  }

  private static ByteBuffer read(IscsiSession session, int cell, int count) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(count * CELL);
    Cdb read = Cdb.Transfer.read((long) cell * CELL / BLOCK, (long) count * CELL / BLOCK);
    assertThat(session.execute(ScsiRequest.in(read, data)).describe()).isEqualTo("GOOD");
    return data;
  }

  /**
   * Redeems a token onto a scratch volume and compares.
   *
   * @return whether the token is still known; a known one has exactly its bytes
   */
  static boolean redeem(String scratchUrl, Promise promise) throws IOException {
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(scratchUrl))) {
      int count = promise.stamps.length;
      OffloadWriteResult result =
          Disk.attach(session)
              .offloadWrite(promise.token, 0, List.of(new DataSetRange(0, (long) count * CELL)));
      if (result.status() == NtStatus.INVALID_TOKEN) {
        return false;
      }
      assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
      for (int c = 0; c < count; c++) {
        ByteBuffer data = read(session, c, 1);
        for (int block = 0; block < CELL / BLOCK; block++) {
          assertThat(stamp(data, block)).as("token cell %d", c).isEqualTo(promise.stamps[c]);
        }
      }
      return true;
    }
  }
}
