package io.gantry.store;

/**
 * What a pool may use.
 *
 * @param tokens most live tokens; beyond them none is made unless expired ones can be swept
 * @param tokensOfOwner most live tokens of one owner
 * @param pinned most space that only tokens pin; beyond it tokens are revoked
 * @param pinnedOfOwner most space that only the tokens of one owner pin; beyond it his are revoked
 * @param low used space from which on the pool warns that space is low
 * @param used most space that volumes, snapshots and tokens may use; beyond it writes that need
 *     more fail with {@link NoSpaceException}, as if the medium were full
 */
public record PoolLimits(
    int tokens,
    int tokensOfOwner,
    SpaceLimit pinned,
    SpaceLimit pinnedOfOwner,
    SpaceLimit low,
    SpaceLimit used) {

  /**
   * 65536 tokens, 16384 of one owner, which pin at most half of the space, those of one owner a
   * quarter; a warning at 85 %; no other limit.
   */
  public static PoolLimits defaults() {
    return new PoolLimits(
        65_536,
        16_384,
        SpaceLimit.ofPercent(50),
        SpaceLimit.ofPercent(25),
        SpaceLimit.ofPercent(85),
        SpaceLimit.NONE);
  }

  /** The same with another number of tokens. */
  public PoolLimits withTokens(int other) {
    return new PoolLimits(other, tokensOfOwner, pinned, pinnedOfOwner, low, used);
  }

  /** The same with other limits of each owner's tokens. */
  public PoolLimits withOwners(int otherTokens, SpaceLimit otherPinned) {
    return new PoolLimits(tokens, otherTokens, pinned, otherPinned, low, used);
  }
}
