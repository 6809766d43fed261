package io.gantry.sim;

import io.gantry.sim.History.Operation;

/**
 * A ROD token, as its initiators know it: its bytes, what they stand for, and how long.
 *
 * <p>The {@link Image} has its blocks in the order of the token.
 */
final class OffloadToken {
  final byte[] rod;
  final Image image;
  final int blocks;
  final History<Boolean> lives;
  private final long timeoutMillis;
  private long usedMillis;

  /**
   * A token that was made.
   *
   * @param madeMillis an instant before which it was not made
   */
  OffloadToken(
      byte[] rod,
      Image image,
      int blocks,
      Operation creation,
      long timeoutMillis,
      long madeMillis) {
    this.rod = rod.clone();
    this.image = image;
    this.blocks = blocks;
    this.lives = new History<>(false, PoolModel.ALWAYS);
    this.lives.add(true, creation);
    this.timeoutMillis = timeoutMillis;
    this.usedMillis = madeMillis;
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
    return "%d blocks for %d ms, used after %d".formatted(blocks, timeoutMillis, usedMillis);
  }
}
