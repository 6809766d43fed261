package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pinned space, what is done when space runs out, and what the listener is told. */
@NullUnmarked
@Timeout(120)
class LimitsTest {
  private static final int CHUNK = 64 << 10;
  private static final long RESERVE = 16 << 20;
  private static final Token.Terms TERMS = Token.Terms.idle(1_000_000);

  private final BlockingQueue<PoolEvent> events = new LinkedBlockingQueue<>();
  private SimulatedMedium medium = new SimulatedMedium();
  private Pool pool;
  private Volume volume;

  private void open(int chunks, PoolLimits limits) throws IOException {
    medium.capacity = RESERVE + (long) chunks * CHUNK;
    pool =
        Pool.create(
            medium, CHUNK, PoolOptions.defaults().withLimits(limits).withListener(events::add));
    volume = pool.createVolume("v", 1000L * CHUNK, 512);
  }

  private static PoolLimits limits(SpaceLimit pinned, SpaceLimit low, SpaceLimit used) {
    return new PoolLimits(1000, 1000, pinned, SpaceLimit.NONE, low, used);
  }

  private static PoolLimits unlimited() {
    return limits(SpaceLimit.NONE, SpaceLimit.NONE, SpaceLimit.NONE);
  }

  private static SpaceLimit chunks(int count) {
    return SpaceLimit.ofBytes((long) count * CHUNK);
  }

  @AfterEach
  void close() throws IOException {
    if (pool != null) {
      pool.close();
    }
  }

  private void write(int chunk, int count) throws IOException {
    volume.write((long) chunk * CHUNK, ByteBuffer.allocate(count * CHUNK));
  }

  private Token freeze(int chunk, int count, Token.Terms terms) throws IOException {
    List<Extent> extents = List.of(new Extent((long) chunk * CHUNK, (long) count * CHUNK));
    return pool.freeze(volume, extents, terms).orElseThrow();
  }

  /** A token that pins so many chunks of its own. */
  private Token pin(int chunk, int count, Token.Terms terms) throws IOException {
    write(chunk, count);
    Token token = freeze(chunk, count, terms);
    write(chunk, count);
    return token;
  }

  private PoolEvent next() throws InterruptedException {
    return events.poll(60, TimeUnit.SECONDS);
  }

  @Test
  void onlyWhatNoVolumeAndNoSnapshotHasIsPinned() throws IOException {
    open(1000, unlimited());
    pin(0, 10, TERMS);
    write(20, 10);
    freeze(20, 10, TERMS);
    write(40, 10);
    freeze(40, 10, TERMS);
    pool.createSnapshot(volume, "s");
    volume.zero(40L * CHUNK, 10L * CHUNK);
    pool.metadata.keeper.measure();
    assertThat(pool.statistics().pinnedBytes()).isEqualTo(10L * CHUNK);
    volume.zero(0, volume.sizeBytes());
    pool.metadata.keeper.measure();
    assertThat(pool.statistics().pinnedChunks()).isEqualTo(10);
    pool.deleteSnapshot(pool.snapshot(volume, "s").orElseThrow());
    pool.metadata.keeper.measure();
    assertThat(pool.statistics().pinnedChunks()).isEqualTo(30);
    pool.tokens().forEach(token -> pool.end(token, Token.End.DELETED));
    pool.metadata.keeper.measure();
    assertThat(pool.statistics().pinnedChunks()).isZero();
  }

  @Test
  void overTheLimitTheLeastRecentlyUsedGoAndPersistentOnesLast() throws Exception {
    open(1000, limits(chunks(30), SpaceLimit.NONE, SpaceLimit.NONE));
    Token persistent = pin(0, 10, TERMS.asPersistent());
    Token used = pin(10, 10, TERMS);
    Token unused = pin(20, 10, TERMS);
    Token newest = pin(30, 10, TERMS);
    Token pinsNothing = freeze(40, 10, TERMS);
    pool.copy(used, 0, volume, 500L * CHUNK, 1); // a byte moved, nothing shared
    pool.metadata.keeper.measure();
    assertThat(pool.tokens()).containsExactly(persistent, used, newest, pinsNothing);
    assertThat(pool.ended(unused.number())).contains(Token.End.REVOKED);
    assertThat(next())
        .isEqualTo(
            new PoolEvent.TokenRevoked(
                unused.number(), volume.id(), 10L * CHUNK, PoolEvent.Reason.PINNED_LIMIT));
    pin(50, 15, TERMS);
    pool.metadata.keeper.measure();
    assertThat(pool.tokens()).hasSize(3).contains(persistent, pinsNothing);
  }

  @Test
  void whatSeveralTokensPinCountsOnce() throws IOException {
    open(1000, limits(chunks(15), SpaceLimit.NONE, SpaceLimit.NONE));
    write(0, 10);
    for (int i = 0; i < 20; i++) {
      freeze(0, 10, TERMS);
    }
    write(0, 10);
    pool.metadata.keeper.measure();
    assertThat(pool.statistics().pinnedChunks()).isEqualTo(10);
    assertThat(pool.tokens()).hasSize(20);
  }

  @Test
  void aWriteWithoutSpaceTakesItFromTokens() throws Exception {
    open(46, unlimited());
    Token old = pin(0, 10, TERMS);
    Token young = pin(10, 10, TERMS);
    write(20, 5);
    assertThat(events).isEmpty();
    write(30, 8);
    assertThat(pool.tokens()).containsExactly(young);
    assertThat(next())
        .isEqualTo(
            new PoolEvent.TokenRevoked(
                old.number(), volume.id(), 10L * CHUNK, PoolEvent.Reason.NO_SPACE));
    write(40, 7);
    write(50, 6);
    assertThat(pool.tokens()).isEmpty();
    assertThatThrownBy(() -> write(100, 20)).isInstanceOf(NoSpaceException.class);
    assertThat(next()).isInstanceOf(PoolEvent.TokenRevoked.class);
    assertThat(next()).isInstanceOf(PoolEvent.Full.class);
    assertThat(pool.statistics().warnings()).hasSize(1);
    volume.zero(0, 100L * CHUNK);
    pool.metadata.reclaim();
    pool.metadata.keeper.look();
    assertThat(next()).isInstanceOf(PoolEvent.NoLongerFull.class);
    assertThat(pool.statistics().warnings()).isEmpty();
    write(100, 20);
    pool.verifyReferences();
  }

  @Test
  void aTokenThatIsCopiedFromStays() throws Exception {
    open(25, unlimited());
    Token token = pin(0, 10, TERMS);
    pool.metadata.locked(() -> {
      pool.metadata.catalog().tokens().beginCopy(token);
      return null;
    });
    assertThatThrownBy(() -> write(20, 10)).isInstanceOf(NoSpaceException.class);
    pool.metadata.locked(() -> {
      pool.metadata.catalog().tokens().endCopy(token, pool.metadata.steadyMillis());
      return null;
    });
    write(20, 10);
    assertThat(pool.tokens()).isEmpty();
  }

  @Test
  void theLimitOfUsedSpaceRefusesAndClears() throws IOException {
    open(1000, limits(SpaceLimit.NONE, SpaceLimit.NONE, chunks(20)));
    write(0, 20);
    write(0, 20); // in place
    assertThatThrownBy(() -> write(20, 1))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining("limit");
    volume.zero(0, 5L * CHUNK);
    write(20, 5);
  }

  @Test
  void lowSpaceIsToldOnceAndClearsWithSomeDistance() throws Exception {
    open(100, limits(SpaceLimit.NONE, SpaceLimit.ofPercent(80), SpaceLimit.NONE));
    write(0, 79);
    pool.metadata.keeper.look();
    assertThat(events).isEmpty();
    write(79, 1);
    pool.metadata.keeper.look();
    assertThat(next()).isInstanceOf(PoolEvent.SpaceLow.class);
    assertThat(pool.statistics().warnings().getFirst()).startsWith("space is low: 5,242,880 bytes");
    volume.zero(0, 3L * CHUNK);
    pool.metadata.reclaim();
    pool.metadata.keeper.look();
    write(0, 3);
    pool.metadata.keeper.look();
    assertThat(events).isEmpty();
    volume.zero(0, 5L * CHUNK);
    pool.metadata.reclaim();
    pool.metadata.keeper.look();
    assertThat(next()).isInstanceOf(PoolEvent.SpaceNoLongerLow.class);
  }

  @Test
  void aPoolThatStopsSaysWhy() throws Exception {
    open(100, unlimited());
    write(0, 1);
    medium.crashAfter(0);
    assertThatThrownBy(() -> pool.flush()).isInstanceOf(IOException.class);
    assertThat(next()).isEqualTo(new PoolEvent.Stopped("the pool has stopped: the power is off"));
    assertThatThrownBy(() -> pool.close()).isInstanceOf(IOException.class);
    pool = null;
  }

  private Set<Long> named(List<PageTable> tables) {
    Set<Long> chunks = new HashSet<>();
    for (PageTable table : tables) {
      for (long i = 0; i < 1000; i++) {
        chunks.add(table.get(i));
      }
    }
    chunks.remove(-1L);
    return chunks;
  }

  /** Measurements beside a pool at work; at rest the figure is exact. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void theMeasureIsExactWhenThePoolIsAtRest(long seed) throws Exception {
    Random random = new Random(seed);
    open(100_000, unlimited());
    pool.createVolume("w", 1000L * CHUNK, 512);
    for (int round = 0; round < 2; round++) {
      Thread measuring =
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 10; i++) {
                  try {
                    pool.metadata.keeper.measure();
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }
              });
      for (int step = 0; step < 200; step++) {
        volume = pool.volumes().get(random.nextInt(2));
        int chunk = random.nextInt(900);
        int count = 1 + random.nextInt(100);
        List<Token> tokens = pool.tokens();
        switch (random.nextInt(6)) {
          case 0, 1 -> write(chunk, count);
          case 2 -> volume.zero((long) chunk * CHUNK, (long) count * CHUNK);
          case 3 -> freeze(chunk, count, TERMS);
          case 4 -> {
            if (!tokens.isEmpty()) {
              Token token = tokens.get(random.nextInt(tokens.size()));
              pool.copy(token, 0, volume, (long) chunk * CHUNK, token.lengthBytes());
            }
          }
          default -> {
            if (tokens.size() > 10) {
              pool.end(tokens.get(random.nextInt(tokens.size())), Token.End.DELETED);
            }
          }
        }
      }
      measuring.join();
      pool.metadata.keeper.measure();
      List<PageTable> live = new ArrayList<>();
      pool.volumes().forEach(v -> live.add(v.table));
      Set<Long> pinned = named(pool.tokens().stream().map(token -> token.table).toList());
      pinned.removeAll(named(live));
      assertThat(pool.statistics().pinnedChunks()).isEqualTo(pinned.size());
    }
    pool.verifyReferences();
  }

  @ParameterizedTest
  @ValueSource(strings = {"80%", "500G", "none", "4096", "1t"})
  void limitsAreRead(String text) {
    assertThat(SpaceLimit.parse(text).bytes(1000)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0%", "101%", "5X", "-1", "9999999999P", "80 %"})
  void whatIsNoLimitIsRefused(String text) {
    assertThatThrownBy(() -> SpaceLimit.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'%s' is no limit of space: write 80%%, 500G or none", text);
  }
}
