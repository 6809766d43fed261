package io.gantry.store;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.ThreadFactory;

/**
 * What a pool is given from outside.
 *
 * @param clock the time, for tokens' ages
 * @param random for identities and keys; must be cryptographically strong
 * @param limits what the pool may use
 * @param listener is told what happens
 * @param checkpointBytes bytes by which the journal grows before a checkpoint lets it go; the
 *     journal's length is bounded by a small multiple
 * @param verifyReads whether what has a checksum is compared with it at each read
 * @param threads makes the pool's own threads
 * @param timedWait how those threads wait for a limited time
 */
public record PoolOptions(
    InstantSource clock,
    SecureRandom random,
    PoolLimits limits,
    PoolListener listener,
    long checkpointBytes,
    boolean verifyReads,
    ThreadFactory threads,
    TimedWait timedWait) {
  static final int MIN_CHUNK = 16 << 10;
  static final int MAX_CHUNK = 1 << 20;

  /** The system's clock, randomness and threads, the default limits, a checkpoint every 64 MiB. */
  public static PoolOptions defaults() {
    return new PoolOptions(
        InstantSource.system(),
        new SecureRandom(),
        PoolLimits.defaults(),
        PoolListener.NONE,
        64 << 20,
        false,
        Thread.ofPlatform().daemon(true).factory(),
        TimedWait.SYSTEM);
  }

  /** The same with another clock. */
  public PoolOptions withClock(InstantSource other) {
    return new PoolOptions(
        other, random, limits, listener, checkpointBytes, verifyReads, threads, timedWait);
  }

  /** The same with another limit of tokens. */
  public PoolOptions withMaximumTokens(int other) {
    return withLimits(limits.withTokens(other));
  }

  /** The same with other limits. */
  public PoolOptions withLimits(PoolLimits other) {
    return new PoolOptions(
        clock, random, other, listener, checkpointBytes, verifyReads, threads, timedWait);
  }

  /** The same with another listener. */
  public PoolOptions withListener(PoolListener other) {
    return new PoolOptions(
        clock, random, limits, other, checkpointBytes, verifyReads, threads, timedWait);
  }

  /** The same with checkpoints at other intervals. */
  public PoolOptions withCheckpointBytes(long other) {
    return new PoolOptions(clock, random, limits, listener, other, verifyReads, threads, timedWait);
  }

  /** The same, but what has a checksum is compared with it at each read. */
  public PoolOptions withVerifiedReads() {
    return new PoolOptions(
        clock, random, limits, listener, checkpointBytes, true, threads, timedWait);
  }

  /** The same with other randomness. */
  public PoolOptions withRandom(SecureRandom other) {
    return new PoolOptions(
        clock, other, limits, listener, checkpointBytes, verifyReads, threads, timedWait);
  }

  /** The same with threads of another make. */
  public PoolOptions withThreads(ThreadFactory other) {
    return new PoolOptions(
        clock, random, limits, listener, checkpointBytes, verifyReads, other, timedWait);
  }

  /** The same with another way to wait. */
  public PoolOptions withTimedWait(TimedWait other) {
    return new PoolOptions(
        clock, random, limits, listener, checkpointBytes, verifyReads, threads, other);
  }

  /** Whether a pool can have chunks of so many bytes: a power of two, 16 KiB to 1 MiB. */
  public static boolean isChunkSize(int chunkBytes) {
    return Integer.bitCount(chunkBytes) == 1 && chunkBytes >= MIN_CHUNK && chunkBytes <= MAX_CHUNK;
  }
}
