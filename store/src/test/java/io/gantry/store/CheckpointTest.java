package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What checkpoints cost, and what they bound. */
@NullUnmarked
@Timeout(120)
class CheckpointTest {
  private static final int CHUNK = 16 << 10;
  private static final long INTERVAL = 256 << 10;

  @TempDir Path directory;

  private final AtomicLong pageBytes = new AtomicLong();
  private volatile CountDownLatch pagesMayBeWritten = new CountDownLatch(0);
  private Medium medium;

  private Pool create() throws IOException {
    medium =
        new ForwardingMedium(FileMedium.create(directory)) {
          @Override
          public CompletableFuture<Void> write(Area area, long position, ByteBuffer source) {
            if (area == Area.PAGES) {
              pageBytes.addAndGet(source.remaining());
              try {
                pagesMayBeWritten.await();
              } catch (InterruptedException e) {
                return CompletableFuture.failedFuture(e);
              }
            }
            return super.write(area, position, source);
          }
        };
    return Pool.create(medium, CHUNK, PoolOptions.defaults().withCheckpointBytes(INTERVAL));
  }

  private static void write(Volume volume, long chunk) throws IOException {
    volume.write(chunk * CHUNK, ByteBuffer.allocate(CHUNK));
  }

  private long journalBytes() throws IOException {
    return medium.journalEnd()
        - PoolRoot.decode(medium.readRoot(), "").checkpoint().journalPosition();
  }

  @Test
  void aCheckpointWritesWhatChangedAndReusesItsSlots() throws IOException {
    try (Pool pool = create()) {
      Volume volume = pool.createVolume("v", 1L << 40, 512);
      for (int leaf = 0; leaf < 400; leaf++) {
        write(volume, (long) leaf * Page.ENTRIES);
      }
      pool.checkpoint();
      assertThat(pageBytes.get()).isGreaterThan(400 * PageImage.BYTES);
      for (int i = 0; i < 50; i++) {
        pageBytes.set(0);
        write(volume, 7L * Page.ENTRIES + 1 + i);
        pool.checkpoint();
        // The leaf, the pages above it, and the catalog.
        assertThat(pageBytes.get()).isLessThanOrEqualTo(5 * PageImage.BYTES);
      }
      assertThat(medium.length(Medium.Area.PAGES)).isLessThan(420 * PageImage.BYTES);
    }
  }

  @Test
  void theJournalIsBoundedAndTheNextStartRedoesOnlyTheRest() throws Exception {
    try (Pool pool = create()) {
      Volume volume = pool.createVolume("v", 1L << 30, 512);
      for (int i = 0; i < 1000; i++) {
        write(volume, i % 100);
        volume.zero((long) (i % 100) * CHUNK, CHUNK);
        pool.flush(); // each takes 4 KiB of the journal
        assertThat(journalBytes()).isLessThan(5 * INTERVAL);
      }
      pool.checkpoint();
      assertThat(journalBytes()).isLessThanOrEqualTo(8192);
    }
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      pool.verifyReferences();
      assertThat(pool.statistics().usedChunks()).isZero();
    }
  }

  /** Tokens that come and go between two checkpoints leave nothing for the next one. */
  @Test
  void pagesThatNoCheckpointHasSeenTakeNothing() throws Exception {
    try (Pool pool = create()) {
      Volume volume = pool.createVolume("v", 1L << 34, 512);
      write(volume, 0);
      pool.checkpoint();
      Pages pages = pool.metadata.space.pages;
      for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 20; j++) {
          Token token = pool.freeze(volume, List.of(new Extent(0, CHUNK)), 100_000).orElseThrow();
          pool.end(token, Token.End.DELETED);
        }
        pool.metadata.reclaim();
      }
      assertThat(pool.metadata.locked(pages::slots)).isLessThan(100);
      assertThat(pool.metadata.locked(pages::unwrittenBytes)).isZero();
      write(volume, 1);
      pool.checkpoint();
    }
    try (FileMedium closed = FileMedium.open(directory)) {
      assertThat(PoolCheck.of(closed, PoolOptions.defaults()).findings()).isEmpty();
    }
  }

  /** Closing gives a checkpoint that waits for room up; what was committed is no loss. */
  @Test
  void closingWhileACheckpointWaitsForRoomLosesNothing() throws Exception {
    HookedMedium full = new HookedMedium(FileMedium.create(directory));
    CountDownLatch waits = new CountDownLatch(1);
    Pool pool = Pool.create(full, CHUNK, PoolOptions.defaults().withCheckpointBytes(4096));
    full.hook =
        operation -> {
          if (operation == HookedMedium.Operation.PAGES) {
            waits.countDown();
            throw new NoSpaceException("full");
          }
        };
    write(pool.createVolume("v", 1L << 30, 512), 0);
    pool.flush();
    pool.createVolume("w", 1L << 30, 512);
    waits.await();
    pool.close();
    try (Pool again = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      assertThat(again.volumes()).hasSize(2);
    }
  }

  /** Numbers that cannot be are damage, not a crash. */
  @Test
  void aRootRecordOfImpossibleNumbersIsRefused() throws Exception {
    create().close();
    byte[] root;
    try (FileMedium closed = FileMedium.open(directory)) {
      root = closed.readRoot();
      for (long slots : new long[] {-1, 1L << 31, Integer.MAX_VALUE}) {
        PoolRoot.Checkpoint bad = new PoolRoot.Checkpoint(1, 0, slots, 0, 0);
        closed.writeRoot(PoolRoot.decode(root, "").with(bad).encode());
        assertThat(PoolCheck.of(closed, PoolOptions.defaults()).findings()).hasSize(1);
      }
    }
  }

  /** A lock file of garbage does not make frames that look like damage at the next start. */
  @Test
  void aTermOfGarbageIsNoTerm() throws Exception {
    create().close();
    java.nio.file.Files.write(
        directory.resolve("lock"), ByteBuffer.allocate(8).putLong(Long.MAX_VALUE).array());
    for (int i = 0; i < 2; i++) {
      try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
        pool.createVolume("v" + i, 1L << 30, 512);
      }
    }
  }

  /** While a checkpoint waits for a slow medium, changes go on, and do not get into it. */
  @Test
  void changesGoOnWhileACheckpointIsWritten() throws Exception {
    try (Pool pool = create()) {
      Volume volume = pool.createVolume("v", 1L << 34, 512);
      for (int leaf = 0; leaf < 200; leaf++) {
        write(volume, (long) leaf * Page.ENTRIES);
      }
      Token token = pool.freeze(volume, List.of(new Extent(0, CHUNK)), 100_000).orElseThrow();
      pagesMayBeWritten = new CountDownLatch(1);
      Thread checkpoint =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  pool.checkpoint();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      while (pageBytes.get() == 0) {
        Thread.onSpinWait(); // until the first write of the checkpoint waits
      }
      for (int leaf = 0; leaf < 200; leaf += 2) {
        volume.zero((long) leaf * Page.ENTRIES * CHUNK, CHUNK);
        write(volume, (long) leaf * Page.ENTRIES + 1);
      }
      pool.end(token, Token.End.DELETED);
      pool.metadata.reclaim(); // also waits for nothing of the checkpoint
      pagesMayBeWritten.countDown();
      checkpoint.join();
      pool.flush();
    }
    try (FileMedium closed = FileMedium.open(directory)) {
      assertThat(PoolCheck.of(closed, PoolOptions.defaults()).findings()).isEmpty();
    }
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      Volume volume = pool.volume("v").orElseThrow();
      assertThat(volume.usage().mappedBytes()).isEqualTo(200L * CHUNK);
      assertThat(volume.allocation(0, CHUNK).mapped()).isFalse();
      assertThat(volume.allocation(CHUNK, 2 * CHUNK).mapped()).isTrue();
      assertThat(pool.tokens(0, 10)).isEmpty();
    }
  }
}
