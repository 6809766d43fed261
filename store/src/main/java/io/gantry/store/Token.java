package io.gantry.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What some extents of a volume held at one instant, kept unchanged whatever happens to the volume.
 * Made by {@link Pool#freeze}, copied from by {@link Pool#copy}.
 */
public final class Token {
  /** Why a token is no more. */
  public enum End {
    /** Nobody used it for longer than its inactivity timeout. */
    EXPIRED(1),
    /** A copy asked for its deletion when it was done. */
    DELETED(2),
    /** The pool or an administrator took it back. */
    REVOKED(3),
    /** It stood for what the volume held as long as that did not change, and it has changed. */
    CANCELLED(4);

    private final int code;

    End(int code) {
      this.code = code;
    }

    /** The number that stands for it in the journal. */
    int code() {
      return code;
    }

    static End of(int code) {
      for (End end : values()) {
        if (end.code == code) {
          return end;
        }
      }
      throw new IllegalArgumentException("unknown end of a token: " + code);
    }
  }

  /** What a token stands for. */
  public enum Kind {
    /** What the extents held when it was made. */
    POINT_IN_TIME(0),
    /**
     * The same, for as long as the volume holds it, too. The pool keeps what they held; whoever
     * uses the token asks {@link Pool#isUnchanged} and ends it.
     */
    CHANGE_VULNERABLE(1),
    /** What the extents hold when somebody looks. The token itself holds nothing. */
    REFERENCE(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    /** The number that stands for it in the journal. */
    int code() {
      return code;
    }

    static Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IllegalArgumentException("unknown kind of a token: " + code);
    }
  }

  /**
   * What a token stands for, whose it is, and how long it lives.
   *
   * @param createdMillis when it was made, ms since 1970; set by the pool
   * @param inactivityTimeoutMillis how long it may lie unused; a copy from it is a use, and so is a
   *     restart. 0 for one that the pool makes for a single copy and shows to nobody
   * @param lifetimeMillis how long it lives however much it is used, restarts or not; 0 for no
   *     limit
   * @param persistent whether it is among the last to be revoked when the pool needs room
   * @param kind what it stands for
   * @param owner who had it made, for limits and for who asks later; empty for nobody
   */
  public record Terms(
      long createdMillis,
      long inactivityTimeoutMillis,
      long lifetimeMillis,
      boolean persistent,
      Kind kind,
      String owner) {
    private static final int MAX_OWNER = 1024;

    public Terms {
      if (inactivityTimeoutMillis < 0 || lifetimeMillis < 0) {
        throw new IllegalArgumentException(
            "a token's times are not negative: %d ms unused, %d ms in all"
                .formatted(inactivityTimeoutMillis, lifetimeMillis));
      }
      if (owner.length() > MAX_OWNER) {
        throw new IllegalArgumentException(
            "a token's owner has %d characters: %d at most".formatted(owner.length(), MAX_OWNER));
      }
    }

    /** Of nobody, for a point in time. */
    public Terms(
        long createdMillis, long inactivityTimeoutMillis, long lifetimeMillis, boolean persistent) {
      this(
          createdMillis,
          inactivityTimeoutMillis,
          lifetimeMillis,
          persistent,
          Kind.POINT_IN_TIME,
          "");
    }

    /** Of nobody, for a point in time, limited by disuse only, and not persistent. */
    public static Terms idle(long inactivityTimeoutMillis) {
      return new Terms(0, inactivityTimeoutMillis, 0, false);
    }

    /** The same with another lifetime. */
    public Terms withLifetime(long millis) {
      return new Terms(createdMillis, inactivityTimeoutMillis, millis, persistent, kind, owner);
    }

    /** The same, but persistent. */
    public Terms asPersistent() {
      return new Terms(createdMillis, inactivityTimeoutMillis, lifetimeMillis, true, kind, owner);
    }

    /** The same for another kind of token. */
    public Terms withKind(Kind other) {
      return new Terms(
          createdMillis, inactivityTimeoutMillis, lifetimeMillis, persistent, other, owner);
    }

    /** The same for somebody else's token. */
    public Terms ofOwner(String other) {
      return new Terms(
          createdMillis, inactivityTimeoutMillis, lifetimeMillis, persistent, kind, other);
    }

    Terms createdAt(long millis) {
      return new Terms(millis, inactivityTimeoutMillis, lifetimeMillis, persistent, kind, owner);
    }
  }

  private final long number;
  private final List<Extent> extents;
  private final int blockBytes;
  private final int volume;
  private final Terms terms;
  final PageTable table;

  final long serial;

  /** When its lifetime began, by the pool's steady clock. */
  private final long bornMillis;

  /** When its time is over unless it is used. Guarded by the pool's metadata lock. */
  long deadlineMillis;

  /** The number of its last use, counted for all tokens. Guarded by the pool's metadata lock. */
  long lastUse;

  /** Why it is no more, or null while it lives. Guarded by the pool's metadata lock. */
  @Nullable End ended;

  /** Copies that run now; the token does not expire under them. Guarded by the metadata lock. */
  int copies;

  Token(
      long number,
      long serial,
      int volume,
      int blockBytes,
      List<Extent> extents,
      Terms terms,
      PageTable table,
      long bornMillis) {
    this.number = number;
    this.serial = serial;
    this.extents = List.copyOf(extents);
    this.blockBytes = blockBytes;
    this.volume = volume;
    this.terms = terms;
    this.table = table;
    this.bornMillis = bornMillis;
  }

  /** Notes a use. Called under the pool's metadata lock. */
  void used(long nowMillis, long use) {
    deadlineMillis = deadlineAfter(nowMillis);
    lastUse = use;
  }

  /** When its time is over if it is not used after an instant. */
  private long deadlineAfter(long usedMillis) {
    long unused = saturatedSum(usedMillis, terms.inactivityTimeoutMillis());
    return terms.lifetimeMillis() == 0
        ? unused
        : Math.min(unused, saturatedSum(bornMillis, terms.lifetimeMillis()));
  }

  private static long saturatedSum(long a, long b) {
    return b > Long.MAX_VALUE - a ? Long.MAX_VALUE : a + b;
  }

  /** When its time is over if nobody uses it from now on. Called under the metadata lock. */
  long deadlineMillis(long nowMillis) {
    return copies > 0 ? deadlineAfter(nowMillis) : deadlineMillis;
  }

  /** Whether its time is over. Called under the pool's metadata lock. */
  boolean isOver(long nowMillis) {
    return copies == 0 && (isForOneCopy() || nowMillis > deadlineMillis);
  }

  /** Whether the pool made it for a single copy: if it is found later, there was a crash. */
  boolean isForOneCopy() {
    return terms.inactivityTimeoutMillis() == 0;
  }

  /**
   * Its place in the order in which the pool's tokens were made, to list them piece by piece;
   * counted anew when the pool is opened.
   */
  public long serial() {
    return serial;
  }

  /** Its number: random, and never that of another token of the pool. */
  public long number() {
    return number;
  }

  /** What it froze, in the order in which its data follow one another. */
  public List<Extent> extents() {
    return extents;
  }

  /** Bytes of its data. */
  public long lengthBytes() {
    return extents.stream().mapToLong(Extent::length).sum();
  }

  /** Block size of the volume that it was made of. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Identity of the volume that it was made of, which may be gone. */
  public int volumeId() {
    return volume;
  }

  /** How long it lives. */
  public Terms terms() {
    return terms;
  }
}
