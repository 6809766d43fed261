package io.gantry.store;

import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The tokens that a pool has, and how those ended that are no more. What is asked for often takes
 * no longer for a million tokens than for one, but for the depth of a tree.
 *
 * <p>Guarded by the pool's metadata lock.
 */
final class TokenSet {
  private static final int REMEMBERED_ENDS = 10_000;

  // Trees and no hash tables, which stand still while they grow.

  /** All tokens by number, and by age; those included that have ended and are still copied from. */
  private final Map<Long, Token> byNumber = new TreeMap<>();

  private final TreeMap<Long, Token> byAge = new TreeMap<>();

  /** Live tokens that are not being copied from, by when their time is over. */
  private final TreeSet<Token> byDeadline =
      new TreeSet<>(
          Comparator.<Token>comparingLong(token -> token.deadlineMillis)
              .thenComparingLong(token -> token.serial));

  private final Map<Long, Token.End> ended = new LinkedHashMap<>();
  private int live;

  /** Live tokens of each owner that has any. */
  private final Map<String, Integer> byOwner = new TreeMap<>();

  private long nextSerial;
  private long nextUse;

  /** Number of live tokens. */
  int count() {
    return live;
  }

  /** Number of an owner's live tokens. */
  int count(String owner) {
    return byOwner.getOrDefault(owner, 0);
  }

  /** How many live tokens each has who has any. */
  Map<String, Integer> owners() {
    return new TreeMap<>(byOwner);
  }

  /** The live token of a number. */
  Optional<Token> find(long number) {
    return Optional.ofNullable(byNumber.get(number)).filter(token -> token.ended == null);
  }

  /** The token of a number that is live or still copied from. */
  Token require(long number) {
    return Optional.ofNullable(byNumber.get(number))
        .orElseThrow(() -> new IllegalStateException("unknown token " + number));
  }

  /** How a token that is no more has ended, as far as that is remembered. */
  Optional<Token.End> ended(long number) {
    return Optional.ofNullable(ended.get(number));
  }

  /** Live tokens from a serial on whose time is not over, oldest first. */
  List<Token> from(long serial, long nowMillis, int most) {
    return byAge.tailMap(serial).values().stream()
        .filter(token -> token.ended == null && !token.isOver(nowMillis))
        .limit(most)
        .toList();
  }

  /** Every page table of a token. */
  Stream<PageTable> tables() {
    return byAge.values().stream().map(token -> token.table);
  }

  /** How often any token was used. */
  long uses() {
    return nextUse;
  }

  /** The serial of the next token. */
  long nextSerial() {
    return nextSerial;
  }

  /** Adds a token, made with {@link #nextSerial}. */
  void add(Token token, long nowMillis) {
    nextSerial = token.serial + 1;
    byNumber.put(token.number(), token);
    byAge.put(token.serial, token);
    live++;
    byOwner.merge(token.terms().owner(), 1, Integer::sum);
    used(token, nowMillis);
  }

  /** A copy from a live token begins: until it is done the token neither expires nor is revoked. */
  void beginCopy(Token token) {
    if (token.copies++ == 0) {
      unlist(token);
    }
  }

  /** A copy from the token is done, which may have ended meanwhile. */
  void endCopy(Token token, long nowMillis) {
    if (--token.copies == 0 && token.ended == null) {
      used(token, nowMillis);
    }
  }

  private void used(Token token, long nowMillis) {
    token.used(nowMillis, nextUse++);
    byDeadline.add(token);
  }

  private void unlist(Token token) {
    byDeadline.remove(token);
  }

  /** Some tokens whose time is over, longest first. */
  List<Token> over(long nowMillis, int most) {
    return byDeadline.stream().takeWhile(token -> token.isOver(nowMillis)).limit(most).toList();
  }

  /** Takes a token away from those that can be found; whether it was there. */
  boolean remove(Token token, Token.End reason) {
    if (token.ended != null) {
      return false;
    }
    unlist(token);
    live--;
    byOwner.computeIfPresent(token.terms().owner(), (_, count) -> count == 1 ? null : count - 1);
    token.ended = reason;
    if (!token.isForOneCopy()) { // nobody will ask what has become of it
      remember(token.number(), reason);
    }
    return true;
  }

  /** Remembers how a token has ended, and forgets the one that ended longest ago. */
  void remember(long number, Token.End reason) {
    ended.put(number, reason);
    if (ended.size() > REMEMBERED_ENDS) {
      Iterator<Long> oldest = ended.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  /** Lets go of a token that has ended. */
  void drop(Token token) {
    byNumber.remove(token.number());
    byAge.remove(token.serial);
    token.table.drop();
  }

  // Checkpoints

  /** Saves how tokens have ended. */
  void saveEnded(RecordOutput out) {
    ended.forEach((number, reason) -> new CheckpointRecord.TokenGone(number, reason).encode(out));
  }

  /**
   * Saves some tokens, by age. They never change, so they may be saved later than the rest; but one
   * that is dropped meanwhile must be saved before.
   *
   * @param from serial of the first
   * @param to serial behind the last
   * @param most how many at most
   * @return the serial to go on from, or {@code to} if there are no more
   */
  long save(long from, long to, int most, RecordOutput out) {
    int count = 0;
    for (Token token : byAge.subMap(from, to).values()) {
      if (count++ == most) {
        return token.serial;
      }
      save(token, out);
    }
    return to;
  }

  /** Saves one token. */
  void save(Token t, RecordOutput out) {
    new CheckpointRecord.TokenState(
            t.number(),
            t.volumeId(),
            t.blockBytes(),
            t.terms(),
            t.extents(),
            CheckpointRecord.root(t.table))
        .encode(out);
  }
}
