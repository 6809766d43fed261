package io.gantry.sim;

import io.gantry.sim.History.Operation;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What RECEIVE ROD TOKEN INFORMATION is to say of an operation, as far as that is known. */
final class OffloadResult {
  final Operation operation;

  /** Blocks that it moved, or that its token stands for. */
  final int blocks;

  /** What its token is made of; null if it makes none. */
  final @Nullable Source source;

  /** What the token holds; null as long as the operation runs. */
  @Nullable Image image;

  /** Whether its command was answered. */
  boolean answered;

  /** Whether it is kept beyond the life of the process. */
  boolean isKept;

  /** Whether a restart may have taken it away. */
  boolean mayBeLost;

  /** The copy in the background that it will be of; null if its command waited for the end. */
  @Nullable BackgroundCopy background;

  /** What was returned when somebody asked first. */
  byte @Nullable [] bytes;

  OffloadResult(Operation operation, int blocks, @Nullable Source source) {
    this.operation = operation;
    this.blocks = blocks;
    this.source = source;
  }

  /**
   * What a token is made of.
   *
   * @param blocks in the order of the token
   * @param ranges how many there are of them
   * @param beganMillis an instant before which it was not made
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Source(
      OffloadToken.Kind kind,
      WireUnit unit,
      int[] blocks,
      int ranges,
      long timeoutMillis,
      long beganMillis) {
    /** What it holds if it was made between two instants. */
    Image freeze(long from, long to) {
      return new Image(
          Arrays.stream(blocks)
              .mapToObj(block -> unit.volume().blocks.get(block).between(from, to))
              .toList(),
          from,
          to);
    }
  }
}
