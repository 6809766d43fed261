package io.gantry.target;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ThreadFactory;

/**
 * How a target copies.
 *
 * @param redeemers who may copy from a token
 * @param budget how long a copy that its command waits for may take when bytes have to be moved: it
 *     then stops at a block, and the initiator is told how many were done
 * @param bytesPerSecond how fast all copies together may move bytes, so that other I/O goes on
 * @param depth how many copies may move bytes at a time
 * @param ticker the time that copies take
 * @param threads makes a thread for each copy command that comes over a path, and for each copy in
 *     the background
 */
public record CopyOptions(
    Redeemers redeemers,
    Duration budget,
    long bytesPerSecond,
    int depth,
    Ticker ticker,
    ThreadFactory threads) {

  /** Who may copy from a token that somebody made. */
  public enum Redeemers {
    /** Whoever holds it and may write to the destination. */
    ANYONE,
    /** The initiator that made it: the same name, and the same user if it had authenticated. */
    CREATOR
  }

  public CopyOptions {
    if (budget.isNegative() || bytesPerSecond <= 0 || depth <= 0) {
      throw new IllegalArgumentException(
          "copies of %s at %d bytes a second, %d at a time"
              .formatted(budget, bytesPerSecond, depth));
    }
  }

  /** Anyone; 2 s, half of what Windows waits; 256 MiB a second, two at a time. */
  public static CopyOptions defaults() {
    return new CopyOptions(
        Redeemers.ANYONE,
        Duration.ofSeconds(2),
        256L << 20,
        2,
        Ticker.of(InstantSource.system()),
        Thread.ofVirtual().name("gantry-copy-", 0).factory());
  }

  /** The same by another clock. */
  public CopyOptions withTicker(Ticker other) {
    return new CopyOptions(redeemers, budget, bytesPerSecond, depth, other, threads);
  }

  /** The same with other threads. */
  public CopyOptions withThreads(ThreadFactory other) {
    return new CopyOptions(redeemers, budget, bytesPerSecond, depth, ticker, other);
  }

  /** The same for other redeemers. */
  public CopyOptions withRedeemers(Redeemers other) {
    return new CopyOptions(other, budget, bytesPerSecond, depth, ticker, threads);
  }

  /** The same with another pace of copies that move bytes. */
  public CopyOptions withPace(Duration otherBudget, long otherBytesPerSecond, int otherDepth) {
    return new CopyOptions(
        redeemers, otherBudget, otherBytesPerSecond, otherDepth, ticker, threads);
  }
}
