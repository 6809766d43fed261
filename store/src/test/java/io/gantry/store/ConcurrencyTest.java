package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Many threads on one pool: invariants 2, 3 and 6.
 *
 * <p>Each block of a volume has one thread that writes it, but the blocks of several threads lie in
 * every chunk. A block carries its volume, its address and the number of the write, over and over;
 * so of each block read it can be said where it comes from and whether it is of the right time.
 */
@NullUnmarked
@Timeout(240)
class ConcurrencyTest {
  private static final int CHUNK = 16 << 10;
  private static final int BLOCK = 512;
  private static final int CHUNKS = 24;
  private static final int BLOCKS = CHUNKS * CHUNK / BLOCK - 5; // the last chunk is a partial one
  private static final int RUN = 8; // blocks of one writer in a row
  private static final int WRITERS = 4;
  private static final int OPERATIONS = 60_000;

  @TempDir Path directory;

  private Pool pool;
  private final AtomicBoolean over = new AtomicBoolean();

  /** A volume whose blocks tell where they come from. */
  private static final class Stamped {
    final Volume volume;
    final AtomicLongArray begun = new AtomicLongArray(BLOCKS);
    final AtomicLongArray completed = new AtomicLongArray(BLOCKS);

    Stamped(Volume volume) {
      this.volume = volume;
    }

    long stamp(int block, long sequence) {
      return (volume.id() + 1L) << 48 | (long) block << 32 | sequence;
    }

    void write(int block, int count) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(count * BLOCK);
      for (int i = block; i < block + count; i++) {
        long stamp = stamp(i, begun.incrementAndGet(i));
        for (int j = 0; j < BLOCK; j += 8) {
          bytes.putLong(stamp);
        }
      }
      if (!volume.writeNow(
          (long) block * BLOCK, bytes.flip())) { // where it is, if that is possible
        volume.write((long) block * BLOCK, bytes.rewind());
      }
      for (int i = block; i < block + count; i++) {
        completed.incrementAndGet(i);
      }
    }

    long[] snapshot(AtomicLongArray array) {
      long[] values = new long[BLOCKS];
      for (int i = 0; i < BLOCKS; i++) {
        values[i] = array.get(i);
      }
      return values;
    }

    /** Each block must be of this volume, and of a write between two instants. */
    void check(String what, long[] stamps, long[] completedBefore, long[] begunAfter) {
      for (int i = 0; i < BLOCKS; i++) {
        long sequence = stamps[i] == 0 ? 0 : stamps[i] - stamp(i, 0);
        if (sequence < completedBefore[i] || sequence > begunAfter[i]) {
          throw new AssertionError(
              "%s: block %d holds %x: write %d, not from %d to %d"
                  .formatted(what, i, stamps[i], sequence, completedBefore[i], begunAfter[i]));
        }
      }
    }
  }

  static List<Long> seeds() {
    Long given = Long.getLong("seed");
    return given != null ? List.of(given) : List.of(1L, 2L, 3L);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void everyByteIsOfTheRightVolumeAndTime(long seed) throws Exception {
    Path place = directory.resolve("pool");
    pool = Pool.create(FileMedium.create(place), CHUNK, PoolOptions.defaults());
    List<Stamped> sources = List.of(stamped("s0"), stamped("s1"));
    Stamped mixed = stamped("mixed"); // written, copied to and zeroed at once
    List<Future<?>> working = new ArrayList<>();
    List<Future<?>> waiting = new ArrayList<>();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      for (int i = 0; i < WRITERS; i++) {
        int writer = i;
        Random random = new Random(seed * 100 + i);
        working.add(threads.submit(() -> writer(writer, random, sources, mixed)));
      }
      for (int i = 0; i < 2; i++) {
        Random random = new Random(seed * 100 + 50 + i);
        Stamped source = sources.get(i);
        waiting.add(threads.submit(() -> tokens(random, source, mixed)));
      }
      waiting.add(threads.submit(() -> reader(sources, mixed)));
      waiting.add(threads.submit(() -> deleter(new Random(seed))));
      waiting.add(threads.submit(this::flusher));
      try {
        for (Future<?> future : working) {
          future.get();
        }
      } finally {
        over.set(true);
      }
      for (Future<?> future : waiting) {
        future.get();
      }
    }
    for (Stamped source : sources) {
      long[] last = source.snapshot(source.begun);
      source.check("at the end", read(source.volume), last, last);
    }
    List<long[]> contents = new ArrayList<>();
    for (Volume volume : pool.volumes()) {
      contents.add(read(volume));
    }
    checkMixed(contents.get(mixed.volume.id()), sources, mixed, false);
    pool.verifyReferences();
    pool.close();
    try (Pool reopened = Pool.open(FileMedium.open(place), PoolOptions.defaults())) {
      reopened.verifyReferences();
      assertThat(reopened.volumes()).hasSameSizeAs(contents);
      for (int i = 0; i < contents.size(); i++) {
        assertThat(read(reopened.volumes().get(i))).isEqualTo(contents.get(i));
      }
      reopened.tokens().forEach(token -> reopened.end(token, Token.End.REVOKED));
      for (Volume volume : reopened.volumes()) {
        reopened.deleteVolume(volume);
      }
      reopened.verifyReferences();
      assertThat(reopened.statistics().usedChunks()).isZero();
    }
  }

  private Stamped stamped(String name) throws IOException {
    return new Stamped(pool.createVolume(name, (long) BLOCKS * BLOCK, BLOCK));
  }

  private static long[] read(Volume volume) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) volume.sizeBytes());
    volume.read(0, bytes);
    return ModelledPool.stamps(bytes);
  }

  private Void writer(int writer, Random random, List<Stamped> sources, Stamped mixed)
      throws IOException {
    for (int i = 0; i < OPERATIONS; i++) {
      int run = random.nextInt((BLOCKS / RUN - writer) / WRITERS) * WRITERS + writer;
      int from = random.nextInt(RUN);
      int count = 1 + random.nextInt(RUN - from);
      Stamped volume = random.nextInt(4) == 0 ? mixed : sources.get(random.nextInt(2));
      volume.write(run * RUN + from, count);
    }
    return null;
  }

  /** A token, what it must hold, and what it was first seen to hold. */
  private record Kept(Token token, long[] seen) {}

  private Void tokens(Random random, Stamped source, Stamped mixed) throws IOException {
    Volume scratch =
        pool.createVolume("scratch" + source.volume.id(), (long) BLOCKS * BLOCK, BLOCK);
    ArrayDeque<Kept> kept = new ArrayDeque<>();
    while (!over.get()) {
      long[] before = source.snapshot(source.completed);
      Extent all = new Extent(0, (long) BLOCKS * BLOCK);
      Token token = pool.freeze(source.volume, List.of(all), 1_000_000).orElseThrow();
      long[] after = source.snapshot(source.begun);
      kept.add(new Kept(token, copiedOut(token, scratch)));
      source.check("token", kept.getLast().seen, before, after);

      int from = random.nextInt(BLOCKS);
      int count = 1 + random.nextInt(BLOCKS - from);
      int to = random.nextBoolean() ? from : random.nextInt(BLOCKS - count + 1);
      long length = (long) count * BLOCK;
      pool.copy(token, (long) from * BLOCK, mixed.volume, (long) to * BLOCK, length);
      if (random.nextInt(3) == 0) {
        mixed.volume.zero((long) from * BLOCK, length);
      }
      if (kept.size() > 5) {
        again(kept.removeFirst(), scratch);
      }
    }
    for (Kept last : kept) {
      again(last, scratch);
    }
    return null;
  }

  private void again(Kept kept, Volume scratch) throws IOException {
    assertThat(Arrays.mismatch(copiedOut(kept.token, scratch), kept.seen)).isEqualTo(-1);
    pool.end(kept.token, Token.End.DELETED);
  }

  private long[] copiedOut(Token token, Volume scratch) throws IOException {
    scratch.zero(0, scratch.sizeBytes());
    CopyResult result = pool.copy(token, 0, scratch, 0, token.lengthBytes());
    assertThat(result.totalBytes()).isEqualTo(token.lengthBytes());
    return read(scratch);
  }

  private Void reader(List<Stamped> sources, Stamped mixed) throws IOException {
    while (!over.get()) {
      for (Stamped source : sources) {
        long[] before = source.snapshot(source.completed);
        long[] found = read(source.volume);
        long[] after = source.snapshot(source.begun);
        for (int i = 0; i < BLOCKS; i++) {
          if (found[i] == -1 && before[i] < after[i]) {
            found[i] = source.stamp(i, after[i]); // read while it was written
          }
        }
        source.check("read", found, before, after);
      }
      checkMixed(read(mixed.volume), sources, mixed, true);
    }
    return null;
  }

  private static void checkMixed(
      long[] found, List<Stamped> sources, Stamped mixed, boolean running) {
    for (int i = 0; i < BLOCKS; i++) {
      if (found[i] == 0 || (found[i] == -1 && running)) {
        continue;
      }
      int volume = (int) (found[i] >>> 48) - 1;
      int block = (int) (found[i] >>> 32) & 0xffff;
      Stamped from = volume == mixed.volume.id() ? mixed : sources.get(volume);
      assertThat(block).isLessThan(BLOCKS);
      assertThat((int) found[i]).isBetween(1, (int) from.begun.get(block));
      assertThat(from == mixed ? block : i).isEqualTo(i);
    }
  }

  /** Nobody else may ever see this volume's blocks, though its chunks go round. */
  private Void deleter(Random random) throws IOException {
    Stamped secret = stamped("secret");
    while (!over.get()) {
      long volume = secret.volume.id() + 1L;
      secret.write(0, 1 + random.nextInt(BLOCKS));
      assertThat(LongStream.of(read(secret.volume)))
          .allMatch(stamp -> stamp == 0 || stamp >>> 48 == volume);
      if (random.nextInt(3) == 0) {
        pool.deleteVolume(secret.volume);
        secret = stamped("secret");
        assertThat(read(secret.volume)).containsOnly(0);
      } else {
        secret.volume.zero(0, secret.volume.sizeBytes());
      }
    }
    pool.deleteVolume(secret.volume);
    return null;
  }

  private Void flusher() throws IOException {
    while (!over.get()) {
      pool.flush();
    }
    return null;
  }
}
