package io.gantry.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What a pool does with its tokens: makes them, copies from them, ends them. */
final class Tokens {
  /** Tokens that are ended or listed under one hold of the lock. */
  private static final int STEP = 256;

  /** Tokens that one sweep ends at most; it stands in the way of a commit. */
  private static final int MOST_SWEPT = 40 * STEP;

  private final Metadata metadata;
  private final PoolOptions options;
  private final TableReader reader;

  // Guarded by the metadata lock.
  private long created;
  private final Map<Token.End, Long> ended = new EnumMap<>(Token.End.class);

  Tokens(Metadata metadata, PoolOptions options, TableReader reader) {
    this.metadata = metadata;
    this.options = options;
    this.reader = reader;
  }

  private TokenSet set() {
    return metadata.catalog().tokens();
  }

  /** Makes a token; called under the metadata lock, while no write to the volume is in flight. */
  Optional<Token> create(Volume volume, List<Extent> extents, Token.Terms terms) {
    if (set().count() >= metadata.limits().tokens() && !sweepStep()) {
      return Optional.empty();
    }
    if (!terms.owner().isEmpty()
        && set().count(terms.owner()) >= metadata.limits().tokensOfOwner()) {
      return Optional.empty();
    }
    created++;
    return Optional.of(made(volume, extents, terms));
  }

  private Token made(Volume volume, List<Extent> extents, Token.Terms terms) {
    long number;
    do {
      number = options.random().nextLong();
    } while (set().find(number).isPresent() || set().ended(number).isPresent());
    metadata.change(
        new JournalRecord.TokenCreated(
            number, volume.id(), terms.createdAt(metadata.nowMillis()), extents));
    return set().require(number);
  }

  /**
   * Makes a token for one copy, which has begun when this returns: nobody but the caller ever finds
   * it, and no limit keeps it out. Called under the metadata lock, while no write to the volume is
   * in flight.
   */
  Token createForOneCopy(Volume volume, Extent extent) {
    Token token = made(volume, List.of(extent), Token.Terms.idle(0));
    set().beginCopy(token);
    set().remove(token, Token.End.DELETED);
    return token;
  }

  /** Tokens made since the pool was opened. Called under the lock. */
  long created() {
    return created;
  }

  /** Tokens that have ended since the pool was opened. Called under the lock. */
  Map<Token.End, Long> ended() {
    return new EnumMap<>(ended);
  }

  /**
   * Those who have tokens, or whose tokens pin something; those who pin most first.
   *
   * @param pinned how many chunks the tokens of each owner pin
   */
  List<TokenOwner> owners(Map<String, Long> pinned) {
    Map<String, Integer> counts = metadata.locked(() -> set().owners());
    return Stream.concat(counts.keySet().stream(), pinned.keySet().stream())
        .distinct()
        .map(name ->
            new TokenOwner(
                name,
                counts.getOrDefault(name, 0),
                pinned.getOrDefault(name, 0L) * metadata.chunkBytes()))
        .sorted(
            Comparator.comparingLong(TokenOwner::pinnedBytes)
                .thenComparingInt(TokenOwner::tokens)
                .reversed()
                .thenComparing(TokenOwner::name))
        .toList();
  }

  /** The live token of a number. */
  Optional<Token> find(long number) {
    return metadata.locked(() -> set().find(number).filter(this::isLive));
  }

  /** How a token that is no more has ended, if that is remembered. */
  Optional<Token.End> ended(long number) {
    return metadata.locked(() -> set().ended(number));
  }

  /** Some live tokens from a serial on, oldest first. */
  List<Token> from(long serial, int most) {
    return metadata.locked(() -> set().from(serial, metadata.steadyMillis(), most));
  }

  /** All live tokens, oldest first; the lock is let go now and then. */
  List<Token> all() {
    List<Token> all = new ArrayList<>();
    long serial = 0;
    for (List<Token> some = from(0, STEP); !some.isEmpty(); some = from(serial, STEP)) {
      all.addAll(some);
      serial = some.getLast().serial + 1;
    }
    return all;
  }

  /** How long a token lives on if nobody uses it; 0 if it is no more. */
  long remainingMillis(Token token) {
    return metadata.locked(() -> {
      long now = metadata.steadyMillis();
      return token.ended != null ? 0 : Math.max(0, token.deadlineMillis(now) - now);
    });
  }

  /** Whether a token lives; if its time is over, it ends. Called under the lock. */
  private boolean isLive(Token token) {
    if (token.isOver(metadata.steadyMillis())) {
      end(token, Token.End.EXPIRED);
    }
    return token.ended == null;
  }

  /** Ends tokens whose time is over. */
  void sweep() {
    int swept = 0;
    while (swept < MOST_SWEPT && metadata.locked(this::sweepStep)) {
      swept += STEP;
    }
  }

  /** Ends some tokens whose time is over; whether there were any. Called under the lock. */
  private boolean sweepStep() {
    List<Token> over = set().over(metadata.steadyMillis(), STEP);
    over.forEach(token -> end(token, Token.End.EXPIRED));
    return !over.isEmpty();
  }

  /** Ends a token; ending it again does nothing. Called under the lock. */
  void end(Token token, Token.End reason) {
    if (set().remove(token, reason)) {
      ended.merge(reason, 1L, Long::sum);
      dropIfUnused(token);
    }
  }

  /**
   * Whether what a token froze still is what its volume holds there; the volume is gone or smaller
   * if not, or names other chunks.
   */
  boolean isUnchanged(Token token) {
    return metadata.locked(() -> {
      Volume volume = metadata.catalog().volume(token.volumeId()).orElse(null);
      if (volume == null) {
        return false;
      }
      for (Extent extent : token.extents()) {
        long first = extent.offset() / metadata.chunkBytes();
        long end = Math.ceilDiv(extent.end(), metadata.chunkBytes());
        if (extent.end() > volume.sizeBytes()
            || (extent.length() > 0 && !volume.table.isSame(token.table, first, end - first))) {
          return false;
        }
      }
      return true;
    });
  }

  /** Revokes a token for the space that it pins, unless it was used after its last known use. */
  boolean revoke(Token token, long lastUse) {
    return metadata.locked(() -> {
      if (token.ended != null || token.copies > 0 || token.lastUse != lastUse) {
        return false;
      }
      end(token, Token.End.REVOKED);
      return true;
    });
  }

  /** The record of a token's end follows those of the last copies from it. */
  private void dropIfUnused(Token token) {
    if (token.copies == 0 && token.ended != null) {
      metadata.append(new JournalRecord.TokenEnded(token.number(), token.ended));
      metadata.dropping(token);
      set().drop(token);
    }
  }

  /** Begins to use a token, if it lives: until that ends it neither expires nor is revoked. */
  boolean beginUse(Token token) {
    return metadata.locked(() -> {
      boolean live = isLive(token);
      if (live) {
        set().beginCopy(token);
      }
      return live;
    });
  }

  /** Ends a use. */
  void endUse(Token token) {
    metadata.locked(() -> {
      set().endCopy(token, metadata.steadyMillis());
      dropIfUnused(token);
      return null;
    });
  }

  /** As {@link Pool#copy}. */
  CopyResult copy(
      Token token, long offset, Volume target, long targetOffset, long length, CopyPace pace)
      throws IOException {
    return beginUse(token)
        ? copyBegun(token, offset, target, targetOffset, length, pace)
        : CopyResult.NONE;
  }

  /** Carries out a copy that has begun, and ends it. */
  CopyResult copyBegun(
      Token token, long offset, Volume target, long targetOffset, long length, CopyPace pace)
      throws IOException {
    TokenCopy copy = new TokenCopy(metadata, reader, token, target, pace);
    try {
      copy.run(offset, targetOffset, length);
    } catch (NoSpaceException e) {
      if (copy.done().totalBytes() == 0) {
        throw e;
      }
    } finally {
      endUse(token);
    }
    return copy.done();
  }
}
