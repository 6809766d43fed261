package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kinds and owners of tokens, noticing changes, copies in company, copies between volumes. */
@NullUnmarked
@Timeout(60)
class TokenKindsTest {
  private static final int CHUNK = 64 << 10;
  private static final int CHUNKS = 3000; // several leaves
  private static final Extent RANGE = new Extent(700L * CHUNK + 512, 600L * CHUNK);

  private SimulatedMedium medium = new SimulatedMedium();
  private Pool pool;
  private Volume volume;

  @BeforeEach
  void open() throws IOException {
    pool = Pool.create(medium, CHUNK, PoolOptions.defaults());
    volume = pool.createVolume("v", (long) CHUNKS * CHUNK, 512);
    for (int chunk = 690; chunk < 1310; chunk += chunk == 740 ? 540 : 1) {
      write(chunk, chunk);
    }
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
  }

  private void write(long chunk, int seed) throws IOException {
    byte[] bytes = new byte[CHUNK];
    new Random(seed).nextBytes(bytes);
    volume.write(chunk * CHUNK, ByteBuffer.wrap(bytes));
  }

  private Token freeze(Token.Kind kind) throws IOException {
    Token.Terms terms = Token.Terms.idle(1_000_000).withKind(kind).ofOwner("iqn.a");
    return pool.freeze(volume, List.of(RANGE, new Extent(0, 5 * CHUNK)), terms).orElseThrow();
  }

  private void reopen(boolean checkpoint) throws IOException {
    pool.flush();
    if (checkpoint) {
      pool.checkpoint();
    }
    SimulatedMedium after = medium.afterPowerLoss(new Random(1));
    assertThatThrownBy(() -> pool.close()).isInstanceOf(IOException.class);
    medium = after;
    pool = Pool.open(medium, PoolOptions.defaults());
    volume = pool.volume("v").orElseThrow();
  }

  private Token again(Token token) {
    return pool.token(token.number()).orElseThrow();
  }

  @ParameterizedTest(name = "checkpoint: {0}")
  @ValueSource(booleans = {false, true})
  void kindsAndOwnersSurvive(boolean checkpoint) throws IOException {
    List<Token> made = new ArrayList<>();
    for (Token.Kind kind : Token.Kind.values()) {
      made.add(freeze(kind));
    }
    reopen(checkpoint);
    for (Token token : made) {
      assertThat(again(token).terms()).isEqualTo(token.terms());
      assertThat(again(token).extents()).isEqualTo(token.extents());
    }
    pool.verifyReferences();
  }

  @Test
  void whatDoesNotChangeTheRangeIsNoChange() throws IOException {
    Token token = freeze(Token.Kind.CHANGE_VULNERABLE);
    assertThat(pool.isUnchanged(token)).isTrue();
    write(699, 1);
    write(1301, 1);
    write(2999, 1);
    volume.zero(0, 5 * CHUNK); // holes already
    pool.createSnapshot(volume, "s");
    pool.cloneVolume(volume, "clone");
    pool.resizeVolume(volume, 100_000L * CHUNK, false);
    assertThat(pool.isUnchanged(token)).isTrue();
    reopen(true);
    assertThat(pool.isUnchanged(again(token))).isTrue();
    pool.rollBack(volume, pool.snapshot(volume, "s").orElseThrow());
    assertThat(pool.isUnchanged(again(token))).as("the snapshot is younger").isTrue();
    pool.resizeVolume(volume, 1301L * CHUNK, true);
    assertThat(pool.isUnchanged(again(token))).as("as small as can be").isTrue();
    reopen(false);
    assertThat(pool.isUnchanged(again(token))).isTrue();
  }

  @Test
  void aWriteAtEitherEndIsAChange() throws IOException {
    for (long at : new long[] {RANGE.offset(), RANGE.end() - 512, 4 * CHUNK}) {
      Token token = freeze(Token.Kind.CHANGE_VULNERABLE);
      volume.write(at, ByteBuffer.allocate(512));
      assertThat(pool.isUnchanged(token)).as("byte %d", at).isFalse();
    }
  }

  @Test
  void whatBecomesOfTheVolumeIsAChange() throws IOException {
    Token token = freeze(Token.Kind.CHANGE_VULNERABLE);
    Snapshot before = pool.createSnapshot(volume, "before");
    volume.zero(720L * CHUNK, CHUNK);
    assertThat(pool.isUnchanged(token)).isFalse();
    pool.rollBack(volume, before);
    assertThat(pool.isUnchanged(token)).as("rolled back to the very same").isTrue();
    pool.resizeVolume(volume, 1300L * CHUNK, true);
    assertThat(pool.isUnchanged(token)).as("its last blocks are gone").isFalse();
    pool.deleteSnapshot(before);
    pool.deleteVolume(volume);
    assertThat(pool.isUnchanged(token)).isFalse();
  }

  @Test
  void aReferencePinsNothingAndHoldsNothing() throws IOException {
    Token token = freeze(Token.Kind.REFERENCE);
    assertThat(pool.usage(token).mappedBytes()).isZero();
    assertThatThrownBy(() -> pool.copy(token, 0, volume, 0, 512))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anOwnerHasNoMoreTokensThanOneMay() throws IOException {
    pool.close();
    medium = new SimulatedMedium();
    PoolLimits limits = PoolLimits.defaults().withOwners(2, SpaceLimit.ofBytes(20L * CHUNK));
    pool = Pool.create(medium, CHUNK, PoolOptions.defaults().withLimits(limits));
    volume = pool.createVolume("v", (long) CHUNKS * CHUNK, 512);
    List<Extent> one = List.of(new Extent(0, CHUNK));
    Token.Terms his = Token.Terms.idle(1_000_000).ofOwner("iqn.a");
    Token first = pool.freeze(volume, one, his).orElseThrow();
    assertThat(pool.freeze(volume, one, his)).isPresent();
    assertThat(pool.freeze(volume, one, his)).isEmpty();
    assertThat(pool.freeze(volume, one, his.ofOwner("iqn.b"))).isPresent();
    assertThat(pool.freeze(volume, one, Token.Terms.idle(1_000_000))).as("nobody's").isPresent();
    pool.end(first, Token.End.CANCELLED);
    assertThat(pool.ended(first.number())).contains(Token.End.CANCELLED);
    assertThat(pool.freeze(volume, one, his)).isPresent();
  }

  @Test
  void anOwnersTokensPinNoMoreThanOneMay() throws IOException {
    pool.close();
    medium = new SimulatedMedium();
    List<PoolEvent> events = new java.util.concurrent.CopyOnWriteArrayList<>();
    PoolLimits limits = PoolLimits.defaults().withOwners(10, SpaceLimit.ofBytes(20L * CHUNK));
    pool =
        Pool.create(
            medium, CHUNK, PoolOptions.defaults().withLimits(limits).withListener(events::add));
    volume = pool.createVolume("v", (long) CHUNKS * CHUNK, 512);
    Token old = pin(0, "iqn.a");
    Token young = pin(20, "iqn.a");
    Token other = pin(40, "iqn.b");
    pool.metadata.keeper.measure();
    assertThat(pool.token(old.number())).as("least worth of his").isEmpty();
    assertThat(pool.ended(old.number())).contains(Token.End.REVOKED);
    assertThat(pool.token(young.number())).isPresent();
    assertThat(pool.token(other.number())).isPresent();
  }

  private Token pin(int chunk, String owner) throws IOException {
    for (int i = 0; i < 15; i++) {
      write(chunk + i, i);
    }
    Token token =
        pool.freeze(
                volume,
                List.of(new Extent((long) chunk * CHUNK, 15L * CHUNK)),
                Token.Terms.idle(1_000_000).ofOwner(owner))
            .orElseThrow();
    for (int i = 0; i < 15; i++) {
      write(chunk + i, i + 100);
    }
    return token;
  }

  // Copies.

  private byte[] read(long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    volume.read(offset, bytes);
    return bytes.array();
  }

  @ParameterizedTest(name = "{0} bytes further")
  @ValueSource(longs = {512, -512, CHUNK, -CHUNK, 5 * CHUNK + 512, 0})
  void aVolumeIsCopiedOverItself(long further) throws IOException {
    long offset = 700L * CHUNK + 1024;
    int length = 20 * CHUNK;
    byte[] before = read(offset, length);
    CopyResult result = pool.copy(volume, offset, volume, offset + further, length, CopyPace.NONE);
    assertThat(result.totalBytes()).isEqualTo(length);
    assertThat(read(offset + further, length)).isEqualTo(before);
    assertThat(pool.tokens()).isEmpty();
    pool.verifyReferences();
  }

  /** A copy goes in pieces, and ends in front of the one that may not be done. */
  @ParameterizedTest(name = "{0} pieces")
  @ValueSource(ints = {0, 1, 2, 3, 4, 100})
  void aCopyGoesAsFarAsItMay(int pieces) throws IOException {
    Token token = freeze(Token.Kind.POINT_IN_TIME);
    long offset = 2000L * CHUNK; // the token's data begin 512 bytes into a chunk
    byte[] before = read(RANGE.offset(), 40 * CHUNK);
    List<CopyResult> parts = new ArrayList<>();
    CopyPace pace =
        new CopyPace() {
          @Override
          public boolean mayGoOn() {
            return parts.size() < pieces;
          }

          @Override
          public boolean mayMove(long bytes, boolean alike) {
            assertThat(alike).isFalse();
            assertThat(bytes).isPositive().isLessThanOrEqualTo(1 << 20);
            return parts.size() < pieces;
          }

          @Override
          public void did(CopyResult part) {
            parts.add(part);
          }
        };
    CopyResult result = pool.copy(token, 0, volume, offset, 40L * CHUNK, pace);
    assertThat(parts).hasSize(Math.min(pieces, 3)); // 16, 16, 8 chunks
    assertThat(result.copiedBytes()).isEqualTo(Math.min(pieces * 16L, 40) * CHUNK);
    assertThat(parts.stream().mapToLong(CopyResult::totalBytes).sum())
        .isEqualTo(result.totalBytes());
    int done = (int) result.totalBytes();
    assertThat(read(offset, done)).isEqualTo(Arrays.copyOf(before, done));
    assertThat(read(offset + done, CHUNK)).containsOnly(0);
  }
}
