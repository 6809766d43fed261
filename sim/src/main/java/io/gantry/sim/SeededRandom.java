package io.gantry.sim;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/** Looks secure and follows from a seed: for a pool's identities in a simulation. */
final class SeededRandom extends SecureRandom {
  private static final long serialVersionUID = 1;

  @SuppressWarnings("serial") // never serialized
  private final RandomGenerator random;

  SeededRandom(RandomGenerator random) {
    this.random = random;
  }

  @Override
  public void nextBytes(byte[] bytes) {
    random.nextBytes(bytes);
  }

  @Override
  public long nextLong() {
    return random.nextLong();
  }
}
