package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long tokens live. */
@NullUnmarked
class TokenTest {
  private static final long SECOND = 1000;
  private static final long HOUR = 3600 * SECOND;
  private static final List<Extent> EXTENTS = List.of(new Extent(0, 64 << 10));

  private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
  private final PoolOptions options = PoolOptions.defaults().withClock(this::instant);
  private SimulatedMedium medium;
  private Pool pool;
  private Volume volume;

  private java.time.Instant instant() {
    return java.time.Instant.ofEpochMilli(now.get());
  }

  @BeforeEach
  void open() throws IOException {
    medium = new SimulatedMedium();
    pool = Pool.create(medium, 64 << 10, options);
    volume = pool.createVolume("v", 1 << 20, 512);
    volume.write(0, ByteBuffer.allocate(1 << 20));
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
  }

  private void crash() throws IOException {
    SimulatedMedium after = medium.afterPowerLoss(new Random(1));
    assertThatThrownBy(() -> pool.close()).isInstanceOf(IOException.class);
    medium = after;
    pool = Pool.open(medium, options);
    volume = pool.volume("v").orElseThrow();
  }

  private Token freeze(Token.Terms terms) throws IOException {
    return pool.freeze(volume, EXTENTS, terms).orElseThrow();
  }

  private boolean lives(Token token) {
    return pool.token(token.number()).isPresent();
  }

  private void use(Token token) throws IOException {
    pool.copy(token, 0, volume, 512 << 10, 64 << 10);
  }

  @Test
  void disuseEndsATokenExactlyWhenItsTimeoutIsOver() throws IOException {
    Token token = freeze(Token.Terms.idle(10 * SECOND));
    now.addAndGet(10 * SECOND);
    assertThat(lives(token)).isTrue();
    use(token);
    now.addAndGet(10 * SECOND);
    assertThat(pool.remainingMillis(token)).isZero();
    assertThat(lives(token)).isTrue();
    now.addAndGet(1);
    assertThat(pool.tokens()).isEmpty(); // before anybody has swept
    assertThat(lives(token)).isFalse();
    assertThat(pool.ended(token.number())).contains(Token.End.EXPIRED);
  }

  @Test
  void aLifetimeEndsATokenHoweverMuchItIsUsed() throws IOException {
    Token token = freeze(Token.Terms.idle(HOUR).withLifetime(10 * SECOND));
    for (int i = 0; i < 10; i++) {
      now.addAndGet(SECOND);
      use(token);
    }
    assertThat(lives(token)).isTrue();
    now.addAndGet(1);
    assertThat(pool.copy(token, 0, volume, 0, 64 << 10)).isEqualTo(CopyResult.NONE);
    assertThat(lives(token)).isFalse();
  }

  @Test
  void aRestartIsAUseButDoesNotLengthenALifetime() throws IOException {
    Token.Terms terms = Token.Terms.idle(10 * SECOND).withLifetime(15 * SECOND).asPersistent();
    Token token = freeze(terms);
    pool.flush();
    now.addAndGet(9 * SECOND);
    crash();
    assertThat(pool.token(token.number()).orElseThrow().terms())
        .isEqualTo(terms.createdAt(now.get() - 9 * SECOND));
    pool.checkpoint(); // from now on it comes out of the checkpoint
    now.addAndGet(2 * SECOND);
    crash();
    now.addAndGet(4 * SECOND);
    assertThat(lives(token)).isTrue();
    now.addAndGet(1);
    assertThat(lives(token)).isFalse();
  }

  @Test
  void aClockThatIsSetBackStopsNoAging() throws IOException {
    Token token = freeze(Token.Terms.idle(HOUR).withLifetime(10 * SECOND));
    pool.flush();
    now.addAndGet(6 * SECOND);
    assertThat(pool.remainingMillis(token)).isEqualTo(4 * SECOND);
    now.addAndGet(-24 * HOUR);
    assertThat(pool.remainingMillis(token)).isEqualTo(4 * SECOND);
    now.addAndGet(4 * SECOND);
    assertThat(lives(token)).isTrue();
    now.addAndGet(1);
    assertThat(lives(token)).isFalse();
  }

  @Test
  void aTokenOfTheFutureIsNewAfterARestart() throws IOException {
    Token token = freeze(Token.Terms.idle(HOUR).withLifetime(10 * SECOND));
    pool.flush();
    now.addAndGet(-24 * HOUR);
    crash();
    now.addAndGet(10 * SECOND);
    assertThat(lives(token)).isTrue();
    now.addAndGet(1);
    assertThat(lives(token)).isFalse();
  }

  @Test
  void theSweepFreesWhatNobodyAsksFor() throws IOException {
    Token token = freeze(Token.Terms.idle(10 * SECOND));
    now.addAndGet(10 * SECOND + 1);
    pool.flush(); // each commit looks, once a second
    assertThat(pool.ended(token.number())).contains(Token.End.EXPIRED);
    assertThat(pool.statistics().tokens()).isZero();
  }

  @Test
  void atTheLimitExpiredTokensMakeRoomAndLiveOnesDoNot() throws IOException {
    pool.close();
    medium = new SimulatedMedium();
    pool = Pool.create(medium, 64 << 10, options.withMaximumTokens(2));
    volume = pool.createVolume("v", 1 << 20, 512);
    Token.Terms terms = Token.Terms.idle(10 * SECOND);
    Token first = freeze(terms);
    now.addAndGet(SECOND);
    Token second = freeze(terms);
    assertThat(pool.freeze(volume, EXTENTS, terms)).isEmpty();
    now.addAndGet(10 * SECOND);
    Token third = freeze(terms);
    assertThat(pool.tokens()).containsExactly(second, third);
    assertThat(pool.ended(first.number())).contains(Token.End.EXPIRED);
  }

  @Test
  void tokensAreListedPieceByPiece() throws IOException {
    List<Token> all =
        List.of(
            freeze(Token.Terms.idle(HOUR)),
            freeze(Token.Terms.idle(SECOND)),
            freeze(Token.Terms.idle(HOUR)));
    assertThat(pool.tokens(0, 2)).isEqualTo(all.subList(0, 2));
    assertThat(pool.tokens(all.get(1).serial() + 1, 2)).isEqualTo(all.subList(2, 3));
    now.addAndGet(2 * SECOND);
    assertThat(pool.tokens(0, 2)).containsExactly(all.get(0), all.get(2));
    assertThat(pool.tokens(all.get(2).serial() + 1, 2)).isEmpty();
  }

  @Test
  void badTermsAreRefused() {
    assertThatThrownBy(() -> Token.Terms.idle(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  /**
   * Every token of the whole volume shares its pages, so a million takes memory for itself only.
   */
  @Test
  void aMillionTokensAreMadeFoundListedSavedAndEnded() throws IOException {
    pool.close();
    medium = new SimulatedMedium();
    pool = Pool.create(medium, 64 << 10, options.withMaximumTokens(1 << 20));
    volume = pool.createVolume("v", 1 << 20, 512);
    volume.write(0, ByteBuffer.allocate(1 << 20));
    List<Extent> all = List.of(new Extent(0, 1 << 20));
    int count = Integer.getInteger("tokens", 50_000);
    Token last = null;
    for (int i = 0; i < count; i++) {
      last = pool.freeze(volume, all, HOUR).orElseThrow();
    }
    assertThat(volume.usage().uniqueBytes()).isZero();
    pool.checkpoint();
    assertThat(medium.length(Medium.Area.PAGES)).isLessThan(200L * count);
    assertThat(pool.statistics().tokens()).isEqualTo(count);
    use(last);
    pool.flush();
    crash();
    assertThat(pool.statistics().tokens()).isEqualTo(count);
    assertThat(pool.token(last.number())).isPresent();
    now.addAndGet(HOUR + 1);
    assertThat(pool.freeze(volume, all, HOUR)).isPresent();
    assertThat(pool.tokens()).hasSize(1);
    pool.verifyReferences();
  }

  @Test
  void aCopyBetweenVolumesLeavesNoTokenBehind() throws IOException {
    List<Token> given = new java.util.ArrayList<>();
    given.add(freeze(Token.Terms.idle(HOUR)));
    pool.end(given.getFirst(), Token.End.REVOKED);
    Volume other = pool.createVolume("w", 1 << 20, 512);
    for (int i = 0; i < 10_100; i++) { // more than the ends that a pool remembers
      pool.copy(volume, 0, other, 64 << 10, 64 << 10, CopyPace.NONE);
    }
    assertThat(pool.tokens()).isEmpty();
    assertThat(pool.statistics().tokens()).isZero();
    assertThat(pool.ended(given.getFirst().number())).contains(Token.End.REVOKED);
    pool.flush();
    crash();
    assertThat(pool.tokens()).isEmpty();
    assertThat(pool.ended(given.getFirst().number())).contains(Token.End.REVOKED);
    pool.verifyReferences();
  }

  @Test
  void aCopyThatACrashCutOffLeavesNoTokenBehind() throws IOException {
    Volume other = pool.createVolume("w", 1 << 20, 512);
    pool.flush();
    byte[] bytes = new byte[1 << 20];
    new Random(3).nextBytes(bytes);
    volume.write(0, ByteBuffer.wrap(bytes));
    // As a copy begins: the token is durable, and its end is not.
    pool.metadata.lockedIo(
        () -> pool.metadata.tokens.createForOneCopy(volume, new Extent(0, 64 << 10)));
    pool.flush();
    assertThat(pool.tokens()).isEmpty();
    crash();
    assertThat(pool.tokens()).isEmpty();
    now.addAndGet(SECOND);
    pool.metadata.tokens.sweep();
    assertThat(pool.statistics().tokens()).isZero();
    pool.deleteVolume(volume);
    pool.deleteVolume(pool.volume("w").orElseThrow());
    pool.verifyReferences();
    assertThat(pool.statistics().usedChunks()).isZero();
    assertThat(other.sizeBytes()).isEqualTo(1 << 20);
  }
}
