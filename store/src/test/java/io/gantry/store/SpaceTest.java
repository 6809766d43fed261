package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a chunk may be used again. */
@NullUnmarked
@Timeout(30)
class SpaceTest {
  private static final int CHUNK = 16 << 10;

  private final SimulatedMedium medium = new SimulatedMedium();
  private final Space space = new Space(medium, CHUNK, new Pages(new UUID(0, 0)));

  private void settleAll() {
    for (ArrayDeque<Object> left = space.takeReleased(); !left.isEmpty(); ) {
      space.settle(left);
    }
  }

  @Test
  void releasesTakeEffectWhenSettled() throws IOException {
    long chunk = space.allocate();
    space.retain(chunk);
    space.release(chunk);
    assertThat(space.references(chunk)).isEqualTo(2);
    settleAll();
    assertThat(space.references(chunk)).isEqualTo(1);
    space.release(chunk);
    assertThat(space.usedChunks()).isEqualTo(1);
    settleAll();
    assertThat(space.usedChunks()).isZero();
    assertThat(space.allocate()).isEqualTo(chunk);
  }

  @Test
  void aChunkGivenBackIsFreeAtOnce() throws IOException {
    long chunk = space.allocate();
    space.giveBack(chunk);
    assertThat(space.usedChunks()).isZero();
  }

  @Test
  void impossibleCountsAreRefused() throws IOException {
    long chunk = space.allocate();
    assertThatThrownBy(() -> space.take(chunk)).isInstanceOf(IllegalStateException.class);
    space.giveBack(chunk);
    assertThatThrownBy(() -> space.giveBack(chunk)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> space.retain(chunk)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aTreeIsLetGoInStepsWithAllThatIsInIt() throws IOException {
    PageTable table = new PageTable(space, 512L * 512 * 512);
    for (int i = 0; i < 1000; i++) {
      table.set(i * 1000L, space.allocate());
    }
    table.drop();
    ArrayDeque<Object> left = space.takeReleased();
    space.settle(left);
    assertThat(left).isNotEmpty(); // not all under one hold of the lock
    while (!left.isEmpty()) {
      space.settle(left);
    }
    assertThat(space.usedChunks()).isZero();
  }

  @Test
  void theReserveStaysFree() {
    medium.capacity = (16 << 20) + CHUNK - 1;
    assertThatThrownBy(space::allocate).isInstanceOf(NoSpaceException.class);
  }

  @Test
  void aFreedChunkIsNotUsedBeforeItsFreeingIsDurable() throws IOException {
    HookedMedium hooked = new HookedMedium(medium);
    try (Pool pool = Pool.create(hooked, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", 8 * CHUNK, 512);
      volume.write(0, ByteBuffer.allocate(CHUNK));
      pool.metadata.reclaim();
      hooked.hook =
          operation -> {
            if (operation == HookedMedium.Operation.APPEND) {
              throw new NoSpaceException("injected");
            }
          };
      volume.zero(0, CHUNK);
      assertThatThrownBy(pool::flush).isInstanceOf(NoSpaceException.class);
      assertThat(pool.statistics().usedChunks()).isEqualTo(1);
      hooked.hook = _ -> {};
      pool.metadata.reclaim();
      assertThat(pool.statistics().usedChunks()).isZero();
    }
  }

  @Test
  void aFreedChunkIsNotUsedWhileAReaderLooksAtIt() throws Exception {
    HookedMedium hooked = new HookedMedium(medium);
    try (Pool pool = Pool.create(hooked, CHUNK, PoolOptions.defaults())) {
      Volume volume = pool.createVolume("v", 8 * CHUNK, 512);
      byte[] ones = new byte[CHUNK];
      java.util.Arrays.fill(ones, (byte) 1);
      volume.write(0, ByteBuffer.wrap(ones));
      pool.metadata.reclaim();
      CountDownLatch in = new CountDownLatch(1);
      CountDownLatch out = new CountDownLatch(1);
      hooked.hook =
          operation -> {
            if (operation == HookedMedium.Operation.READ) {
              in.countDown();
              try {
                out.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            }
          };
      byte[] found = new byte[CHUNK];
      Thread reader =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  volume.read(0, ByteBuffer.wrap(found));
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      in.await();
      volume.zero(0, CHUNK);
      pool.flush();
      for (int i = 1; i < 8; i++) {
        volume.write((long) i * CHUNK, ByteBuffer.allocate(CHUNK));
      }
      assertThat(pool.statistics().usedChunks()).isEqualTo(8);
      out.countDown();
      reader.join();
      assertThat(found).isEqualTo(ones);
      pool.metadata.reclaim();
      assertThat(pool.statistics().usedChunks()).isEqualTo(7);
    }
  }

  @Test
  void epochsWaitForEarlierIoOnly() throws InterruptedException {
    Epochs epochs = new Epochs();
    int first = epochs.enter();
    Thread waiter = Thread.ofPlatform().start(epochs::awaitEarlier);
    int later = epochs.enter();
    while (later == first) {
      epochs.leave(later);
      later = epochs.enter();
    }
    assertThat(waiter.isAlive()).isTrue();
    epochs.leave(first);
    waiter.join(); // though the later one is still inside
    epochs.leave(later);
    epochs.awaitEarlier();
    epochs.awaitEarlier();
  }
}
