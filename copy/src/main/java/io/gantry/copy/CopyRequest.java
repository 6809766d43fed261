package io.gantry.copy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What to copy, and how.
 *
 * @param sourceOffset first byte to read
 * @param length bytes to copy; empty: all that the source has from there
 * @param destinationOffset first byte to write
 * @param method how
 * @param verify read both ends afterwards and compare them
 * @param inFlight pieces that are worked on at a time, 1 or more
 * @param bytesPerSecond most bytes of a second, whoever copies them; 0: no limit
 * @param resume how it goes on after it was stopped; empty: it does not
 * @param patience how long a logical unit may be gone, where its end can be reached once more
 */
public record CopyRequest(
    long sourceOffset,
    OptionalLong length,
    long destinationOffset,
    CopyMethod method,
    boolean verify,
    int inFlight,
    long bytesPerSecond,
    Optional<Resume> resume,
    Duration patience) {

  /** Longer than a server takes to restart. */
  public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(45);

  /** Enough to keep two targets and the wire busy, and not so many that others suffer. */
  public static final int DEFAULT_IN_FLIGHT = 8;

  /**
   * Where a copy notes what it has done.
   *
   * @param file made when the copy starts, gone when it has succeeded
   * @param period the destination is flushed and the file written so often; a copy that is killed
   *     has at most this much to do again
   */
  public record Resume(Path file, Duration period) {
    private static final Duration PERIOD = Duration.ofSeconds(5);

    public Resume(Path file) {
      this(file, PERIOD);
    }
  }

  /** Without limits, and without a second run. */
  public CopyRequest(
      long sourceOffset,
      OptionalLong length,
      long destinationOffset,
      CopyMethod method,
      boolean verify) {
    this(
        sourceOffset,
        length,
        destinationOffset,
        method,
        verify,
        DEFAULT_IN_FLIGHT,
        0,
        Optional.empty(),
        DEFAULT_PATIENCE);
  }

  /** Everything, from start to start. */
  public static CopyRequest everything(CopyMethod method) {
    return new CopyRequest(0, OptionalLong.empty(), 0, method, false);
  }

  /** The same, able to go on later. */
  public CopyRequest resumable(Resume how) {
    return new CopyRequest(
        sourceOffset,
        length,
        destinationOffset,
        method,
        verify,
        inFlight,
        bytesPerSecond,
        Optional.of(how),
        patience);
  }

  /** The same with other limits. */
  public CopyRequest limited(int pieces, long bytes) {
    return new CopyRequest(
        sourceOffset, length, destinationOffset, method, verify, pieces, bytes, resume, patience);
  }

  /** The same with another patience. */
  public CopyRequest patient(Duration time) {
    return new CopyRequest(
        sourceOffset,
        length,
        destinationOffset,
        method,
        verify,
        inFlight,
        bytesPerSecond,
        resume,
        time);
  }

  /** How often the destination is flushed, so that what is done is done whatever happens. */
  Duration flushPeriod() {
    return resume.map(Resume::period).orElse(Resume.PERIOD);
  }
}
