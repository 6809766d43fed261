package io.gantry.sim;

import io.gantry.sim.History.Operation;
import java.util.Arrays;

/**
 * What a block holds that an operation copies from another block, at an instant that only the
 * operation knows. What that can have been is known when the operation has ended; until then it may
 * be all that the other block has held since the operation began.
 */
final class Copied extends Contents {
  private final PoolModel model;
  private final History<Contents> source;
  private final Operation operation;
  private final boolean beforeItsWrites;
  private boolean looking;
  private boolean ended;

  /**
   * A copy that is about to be made.
   *
   * @param beforeItsWrites whether the operation reads everything before it writes anything
   */
  Copied(PoolModel model, History<Contents> source, Operation operation, boolean beforeItsWrites) {
    this.model = model;
    this.source = source;
    this.operation = operation;
    this.beforeItsWrites = beforeItsWrites;
  }

  @Override
  long[] stamps() {
    if (ended || looking) { // two copies that go on may be of each other's destinations
      return super.stamps();
    }
    looking = true;
    try {
      long from = operation.begin;
      long to = model.now();
      return (beforeItsWrites ? source.betweenBut(operation, from, to) : source.between(from, to))
          .stream()
              .flatMapToLong(seen -> Arrays.stream(seen.value().stamps()))
              .distinct()
              .toArray();
    } finally {
      looking = false;
    }
  }

  @Override
  void is(long stamp) {
    if (ended) {
      super.is(stamp);
    }
  }

  /** The operation has ended. */
  void ended() {
    if (!ended) {
      become(stamps());
      ended = true;
    }
  }
}
