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
    /** An administrator took it back. */
    REVOKED(3);

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

  /**
   * How long a token lives.
   *
   * @param createdMillis when it was made, ms since 1970
   * @param inactivityTimeoutMillis how long it may lie unused; a restart counts as a use
   * @param lifetimeMillis how long it lives however much it is used, or 0 for no limit
   * @param persistent whether it is among the last to be revoked when the pool needs room
   */
  public record Terms(
      long createdMillis, long inactivityTimeoutMillis, long lifetimeMillis, boolean persistent) {
    /** Limited by disuse only. */
    static Terms idle(long inactivityTimeoutMillis) {
      return new Terms(0, inactivityTimeoutMillis, 0, false);
    }
  }

  private final long number;
  private final List<Extent> extents;
  private final int blockBytes;
  private final int volume;
  private final Terms terms;
  final PageTable table;

  /** Its place in the order in which tokens were made, since the pool was opened. */
  final long serial;

  /** Guarded by the pool's metadata lock. */
  long lastUsedMillis;

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
      long nowMillis) {
    this.number = number;
    this.serial = serial;
    this.extents = List.copyOf(extents);
    this.blockBytes = blockBytes;
    this.volume = volume;
    this.terms = terms;
    this.table = table;
    this.lastUsedMillis = nowMillis;
  }

  /** Whether its time is over. Called under the pool's metadata lock. */
  boolean isOver(long nowMillis) {
    long age = nowMillis - terms.createdMillis();
    return copies == 0
        && (nowMillis - lastUsedMillis > terms.inactivityTimeoutMillis()
            || (terms.lifetimeMillis() > 0 && age > terms.lifetimeMillis()));
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

  /** How long it may lie unused. */
  public long inactivityTimeoutMillis() {
    return terms.inactivityTimeoutMillis();
  }

  /** How long it lives. */
  public Terms terms() {
    return terms;
  }
}
