package io.gantry.store;

import java.util.List;

/**
 * What a volume shares, and with whom: its address space cut into cells of equal length, and for
 * each cell how much of it is the volume's own and how much something else names, too.
 *
 * @param cellBytes bytes of a cell, a multiple of a chunk; the last cell may reach beyond the
 *     volume's end
 * @param ownBytes of each cell, bytes in chunks that only the volume names, once
 * @param sharedBytes of each cell, bytes in chunks that are named more than once
 * @param sharers who else names them, those that share most first
 * @param isComplete whether everything was looked at: if not, sharers may be missing
 */
public record Sharing(
    long cellBytes,
    List<Long> ownBytes,
    List<Long> sharedBytes,
    List<Sharer> sharers,
    boolean isComplete) {

  /** What a sharer is. */
  public enum Kind {
    VOLUME,
    SNAPSHOT,
    TOKEN
  }

  /**
   * Something that names chunks of the volume.
   *
   * @param name of a volume; {@code volume@snapshot}; or a token's number in hexadecimal. The
   *     volume's own name: what it names in several places
   * @param bytes of the volume that are shared with it
   * @param cells in which they are, ascending; of what the volume has in several places, one of
   *     these at least
   */
  public record Sharer(Kind kind, String name, long bytes, List<Run> cells) {}

  /**
   * Cells one after the other.
   *
   * @param first number of the first one, from 0
   * @param count how many
   */
  public record Run(int first, int count) {}
}
