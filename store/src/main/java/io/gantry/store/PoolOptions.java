package io.gantry.store;

import java.security.SecureRandom;
import java.time.InstantSource;

/**
 * What a pool is given from outside.
 *
 * @param clock the time, for tokens' inactivity
 * @param random for identities and keys; must be cryptographically strong
 * @param maximumTokens most live tokens
 */
public record PoolOptions(InstantSource clock, SecureRandom random, int maximumTokens) {
  /** The system's clock and randomness, 65536 tokens. */
  public static PoolOptions defaults() {
    return new PoolOptions(InstantSource.system(), new SecureRandom(), 65_536);
  }
}
