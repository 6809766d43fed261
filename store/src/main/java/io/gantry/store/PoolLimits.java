package io.gantry.store;

/**
 * What a pool may use.
 *
 * @param tokens most live tokens; beyond them none is made unless expired ones can be swept
 * @param pinned most space that only tokens pin; beyond it tokens are revoked
 * @param low used space from which on the pool warns that space is low
 * @param used most space that volumes, snapshots and tokens may use; beyond it writes that need
 *     more fail with {@link NoSpaceException}, as if the medium were full
 */
public record PoolLimits(int tokens, SpaceLimit pinned, SpaceLimit low, SpaceLimit used) {

  /** 65536 tokens, which pin at most half of the space; a warning at 85 %; no other limit. */
  public static PoolLimits defaults() {
    return new PoolLimits(
        65_536, SpaceLimit.ofPercent(50), SpaceLimit.ofPercent(85), SpaceLimit.NONE);
  }

  /** The same with another number of tokens. */
  public PoolLimits withTokens(int other) {
    return new PoolLimits(other, pinned, low, used);
  }
}
