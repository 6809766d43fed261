package io.gantry.store;

/** Is told what happens to a pool. */
public interface PoolListener {
  /** Does nothing. */
  PoolListener NONE = _ -> {};

  /**
   * Called for one event after the other, on a thread of the pool that has no lock; must not wait
   * for anything, least of all for the pool. What it throws is ignored.
   */
  void happened(PoolEvent event);
}
