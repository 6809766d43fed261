package io.gantry.sim;

import io.gantry.sim.History.Operation;

/**
 * A ROD token, as its initiators know it: its bytes, what they stand for, and how long.
 *
 * <p>The {@link Image} has its blocks in the order of the token.
 */
final class OffloadToken {
  /** What a token stands for. */
  enum Kind {
    /** What the blocks held. */
    POINT_IN_TIME,
    /** The same, as long as they hold it still. */
    CHANGE_VULNERABLE,
    /** What they hold when somebody looks. */
    REFERENCE
  }

  final byte[] rod;
  final Image image;
  final int blocks;
  final OffloadResult.Source source;
  final Operation creation;
  final History<Boolean> lives;
  private final long timeoutMillis;
  private long usedMillis;

  /** A token that was made. */
  OffloadToken(byte[] rod, Image image, OffloadResult.Source source, Operation creation) {
    this.rod = rod.clone();
    this.image = image;
    this.blocks = source.blocks().length;
    this.source = source;
    this.creation = creation;
    this.lives = new History<>(false, PoolModel.ALWAYS);
    this.lives.add(true, creation);
    this.timeoutMillis = source.timeoutMillis();
    this.usedMillis = source.beganMillis();
  }

  boolean is(Kind kind) {
    return source.kind() == kind;
  }

  /** It was used, not before an instant. */
  void used(long fromMillis) {
    usedMillis = Math.max(usedMillis, fromMillis);
  }

  /** There was a restart, which counts as a use if it was there still. */
  void restarted(long fromMillis, long toMillis) {
    if (!mayBeOver(toMillis)) {
      used(fromMillis);
    }
  }

  /** Whether its time may be over. */
  boolean mayBeOver(long nowMillis) {
    return nowMillis - usedMillis > timeoutMillis;
  }

  /** Blocks that a destination of so many gets from an offset on. */
  int available(int offset, int wanted) {
    return Math.clamp(blocks - offset, 0, wanted);
  }

  @Override
  public String toString() {
    return "%s of %d blocks for %d ms, used after %d"
        .formatted(source.kind(), blocks, timeoutMillis, usedMillis);
  }
}
