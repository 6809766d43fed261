package io.gantry.store;

/** Something about a pool that whoever runs it should know. */
public sealed interface PoolEvent {

  /** A sentence for people. */
  String message();

  /** Used space has reached the limit from which on it is low. */
  record SpaceLow(long usedBytes, long limitBytes) implements PoolEvent {
    @Override
    public String message() {
      return "space is low: %,d bytes are used, the limit of the warning is %,d"
          .formatted(usedBytes, limitBytes);
    }
  }

  /** Used space is clearly below that limit again: by a twentieth of it. */
  record SpaceNoLongerLow(long usedBytes, long limitBytes) implements PoolEvent {
    @Override
    public String message() {
      return "space is no longer low: %,d bytes are used".formatted(usedBytes);
    }
  }

  /** Why a token was revoked by the pool itself. */
  enum Reason {
    /** Tokens pinned more space than they may. */
    PINNED_LIMIT,
    /** The tokens of its owner pinned more space than they may. */
    OWNER_LIMIT,
    /** A write had no space. */
    NO_SPACE
  }

  /**
   * A token was revoked by the pool itself.
   *
   * @param pinnedBytes what it pinned beyond what tokens of more worth pin, too
   */
  record TokenRevoked(long token, int volume, long pinnedBytes, Reason reason)
      implements PoolEvent {
    @Override
    public String message() {
      return "token %016x of volume %d was revoked, which pinned %,d bytes: %s"
          .formatted(
              token,
              volume,
              pinnedBytes,
              switch (reason) {
                case PINNED_LIMIT -> "tokens pinned more than they may";
                case OWNER_LIMIT -> "its owner's tokens pinned more than they may";
                case NO_SPACE -> "a write had no space";
              });
    }
  }

  /** A write, or the journal, found no space. Nothing that was acknowledged is lost. */
  record Full(String message) implements PoolEvent {}

  /** There is space again: a twentieth of all. */
  record NoLongerFull() implements PoolEvent {
    @Override
    public String message() {
      return "there is space again";
    }
  }

  /** Somebody else has taken possession of the medium; the pool has stopped. */
  record OwnershipLost(String message) implements PoolEvent {}

  /** The pool has stopped for good: nothing more becomes durable until it is opened again. */
  record Stopped(String message) implements PoolEvent {}
}
