package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every I/O of a scenario fails once; a pool runs full; a commit falls into a write. */
@NullUnmarked
@Timeout(120)
class FaultTest {
  private static final int CHUNK = 16 << 10;
  private static final int MAX_BLOCKS = 12 * CHUNK / ModelledPool.BLOCK;
  private static final int STEPS = 60;

  @TempDir Path directory;

  static Stream<Arguments> scenarios() {
    Long given = Long.getLong("seed");
    return (given != null ? Stream.of(given) : Stream.of(1L, 2L, 3L))
        .flatMap(seed -> Stream.of(Arguments.of(seed, false), Arguments.of(seed, true)));
  }

  @ParameterizedTest(name = "-Dseed={0} full={1}")
  @MethodSource("scenarios")
  void theNthOperationFailsForEveryN(long seed, boolean full) throws IOException {
    int n = 0;
    while (scenario(seed, n, full, new SimulatedMedium())) {
      n++;
    }
    assertThat(n).isGreaterThan(STEPS / 2);
  }

  @Test
  void theNthOperationOnFilesFails() throws IOException {
    for (int n = 0; n < 60; n += 3) {
      Path place = directory.resolve("pool" + n);
      scenario(n, n, n % 2 == 0, FileMedium.create(place));
      try (Pool pool = Pool.open(FileMedium.open(place), PoolOptions.defaults())) {
        pool.verifyReferences();
      }
    }
  }

  /** Whether there were so many operations. */
  private static boolean scenario(long seed, int n, boolean full, Medium underneath)
      throws IOException {
    HookedMedium medium = new HookedMedium(underneath);
    Random random = new Random(seed);
    ModelledPool model = new ModelledPool(Pool.create(medium, CHUNK, PoolOptions.defaults()));
    AtomicInteger left = new AtomicInteger(n);
    // A sync that fails for want of space is a failed sync like any other, so not in this test.
    medium.hook =
        operation -> {
          boolean counts = !full || !operation.equals(HookedMedium.Operation.SYNC);
          if (counts && left.getAndDecrement() == 0) {
            throw full ? new NoSpaceException("injected") : new IOException("injected");
          }
        };
    int failures = 0;
    for (int step = 0; step < STEPS; step++) {
      try {
        model.step(random, MAX_BLOCKS);
      } catch (IOException e) {
        failures++;
        assertThat(full ? e instanceof NoSpaceException : true).as("%s", e).isTrue();
      }
    }
    boolean hit = left.get() < 0;
    medium.hook = _ -> {};
    model.verify();
    if (full || !hit) {
      model.flush(); // a full medium is never the end
      model.pool().verifyReferences();
      model.verify();
      assertThat(failures).isLessThanOrEqualTo(hit ? STEPS / 2 : 0);
    }
    Pool pool = model.pool();
    if (underneath instanceof SimulatedMedium simulated) {
      SimulatedMedium after = simulated.afterPowerLoss(random);
      assertThatThrownBy(pool::close).isInstanceOf(IOException.class);
      model.recovered(Pool.open(after, PoolOptions.defaults()));
      model.pool().close();
    } else {
      try {
        pool.close();
      } catch (IOException e) {
        assertThat(hit).as("%s", e).isTrue();
      }
    }
    return hit;
  }

  @Test
  void aFullPoolClearsAtOnceWhenSpaceIsFreed() throws IOException {
    SimulatedMedium medium = new SimulatedMedium();
    medium.capacity = (16 << 20) + 32 * CHUNK; // the reserve and 32 chunks
    ModelledPool model = new ModelledPool(Pool.create(medium, CHUNK, PoolOptions.defaults()));
    int perChunk = CHUNK / ModelledPool.BLOCK;
    String name = model.create(64 * perChunk);
    for (int round = 0; round < 50; round++) {
      int from = (round % 32) * perChunk;
      assertThatThrownBy(() -> model.write(name, 0, 64 * perChunk))
          .isInstanceOf(NoSpaceException.class);
      model.verify();
      model.zero(name, 0, 64 * perChunk);
      model.write(name, from, 32 * perChunk);
      // Overwriting what a token keeps needs space, and gets it when the token is gone.
      long token = model.freeze(name, List.of(new Extent(0, 64L * CHUNK)));
      assertThatThrownBy(() -> model.write(name, from, 1)).isInstanceOf(NoSpaceException.class);
      model.end(token);
      model.write(name, from, 1);
      model.zero(name, 0, 64 * perChunk);
    }
    model.flush();
    model.verify();
    model.pool().verifyReferences();
    assertThat(model.pool().statistics().usedChunks()).isZero();
    model.pool().close();
  }

  @Test
  void aJournalThatCannotGrowRefusesChangesUntilItCan() throws IOException {
    HookedMedium medium = new HookedMedium(new SimulatedMedium());
    ModelledPool model = new ModelledPool(Pool.create(medium, CHUNK, PoolOptions.defaults()));
    String name = model.create(64);
    model.write(name, 0, 64);
    medium.hook =
        operation -> {
          if (operation == HookedMedium.Operation.APPEND) {
            throw new NoSpaceException("injected");
          }
        };
    assertThatThrownBy(model::flush).isInstanceOf(NoSpaceException.class);
    assertThatThrownBy(() -> model.write(name, 0, 1)).isInstanceOf(NoSpaceException.class);
    assertThatThrownBy(() -> model.zero(name, 0, 64)).isInstanceOf(NoSpaceException.class);
    model.verify();
    medium.hook = _ -> {};
    model.flush();
    model.write(name, 3, 5);
    model.flush();
    model.verify();
    model.pool().close();
  }

  /**
   * A write copies a chunk that a token shares; while it does, a commit lets the token go, so the
   * chunk is the volume's alone and a second write goes in place. The first must not undo it.
   */
  @Test
  void aWriteInPlaceIsNotLostToACopyThatBeganBefore() throws Exception {
    HookedMedium medium = new HookedMedium(new SimulatedMedium());
    try (Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", 2 * CHUNK, 512);
      volume.write(0, stamped(1, CHUNK));
      Token token = pool.freeze(volume, List.of(new Extent(0, CHUNK)), 1000).orElseThrow();
      pool.metadata.reclaim();
      int epoch = epoch(pool);
      pool.end(token, Token.End.DELETED);

      // A reader holds the commit back between its durability and its releases.
      CountDownLatch readerIn = new CountDownLatch(1);
      CountDownLatch letReader = new CountDownLatch(1);
      CountDownLatch mergerIn = new CountDownLatch(1);
      CountDownLatch letMerger = new CountDownLatch(1);
      AtomicLong merger = new AtomicLong();
      medium.hook =
          operation -> {
            if (operation == HookedMedium.Operation.READ) {
              if (readerIn.getCount() > 0) {
                readerIn.countDown();
                await(letReader);
              }
            } else if (operation == HookedMedium.Operation.WRITE
                && Thread.currentThread().threadId() == merger.get()) {
              mergerIn.countDown(); // it has read the old chunk
              await(letMerger);
            }
          };
      Thread reader = start(() -> volume.read(0, ByteBuffer.allocate(512)));
      readerIn.await();
      pool.flush();
      while (epoch(pool) == epoch) {
        Thread.onSpinWait(); // until the commit waits for the reader
      }
      Thread first =
          start(() -> {
            merger.set(Thread.currentThread().threadId());
            volume.write(0, stamped(2, 512));
          });
      mergerIn.await();
      letReader.countDown();
      while (pool.metadata.locked(() -> volume.table.getOwned(0)) < 0) {
        Thread.onSpinWait(); // until the token's releases have taken effect
      }
      volume.write(512, stamped(3, 512));
      letMerger.countDown();
      first.join();
      reader.join();
      ByteBuffer found = ByteBuffer.allocate(1536);
      volume.read(0, found);
      assertThat(ModelledPool.stamps(found)).containsExactly(2, 3, 1);
    }
  }

  /** A write copies a chunk that a token shares; before it is done the chunk is zeroed. */
  @Test
  void aCopyOfAChunkThatWasZeroedMeanwhileIsMadeAgain() throws IOException {
    HookedMedium medium = new HookedMedium(new SimulatedMedium());
    try (Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", CHUNK, 512);
      volume.write(0, stamped(1, CHUNK));
      pool.freeze(volume, List.of(new Extent(0, CHUNK)), 1000);
      medium.hook =
          operation -> {
            if (operation == HookedMedium.Operation.WRITE) {
              medium.hook = _ -> {};
              volume.zero(0, CHUNK);
            }
          };
      volume.write(512, stamped(2, 512));
      ByteBuffer found = ByteBuffer.allocate(1536);
      volume.read(0, found);
      assertThat(ModelledPool.stamps(found)).containsExactly(0, 2, 0);
      pool.verifyReferences();
    }
  }

  /** A freeze waits for a resize that was first; what it was to freeze is not there any more. */
  @Test
  void aFreezeThatComesAfterAResizeSeesTheNewSize() throws Exception {
    SimulatedMedium underneath = new SimulatedMedium();
    HookedMedium medium = new HookedMedium(underneath);
    try (Pool pool = Pool.create(medium, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", 4 * CHUNK, 512);
      volume.write(0, stamped(1, 4 * CHUNK));
      List<Extent> all = List.of(new Extent(0, 4 * CHUNK));
      FutureTask<Throwable> freeze =
          new FutureTask<>(() -> catchThrowable(() -> pool.freeze(volume, all, 1000)));
      medium.hook =
          operation -> {
            if (operation == HookedMedium.Operation.WRITE) {
              medium.hook = _ -> {};
              Thread freezer = Thread.ofPlatform().start(freeze);
              while (freezer.getState() != Thread.State.WAITING) {
                Thread.onSpinWait(); // until it waits for the resize
              }
            }
          };
      pool.resizeVolume(volume, 512, true);
      assertThat(freeze.get()).isInstanceOf(OutOfRangeException.class);
    }
    Pool.open(underneath, PoolOptions.defaults()).close();
  }

  private static int epoch(Pool pool) {
    int epoch = pool.metadata.epochs.enter();
    pool.metadata.epochs.leave(epoch);
    return epoch;
  }

  private interface Task {
    void run() throws IOException;
  }

  private static Thread start(Task task) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            task.run();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static ByteBuffer stamped(long stamp, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      bytes.putLong(stamp);
    }
    return bytes.flip();
  }
}
