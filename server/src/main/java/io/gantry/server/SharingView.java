package io.gantry.server;

import io.gantry.store.Sharing;
import java.util.List;
import java.util.Locale;

/**
 * What a volume shares with whom, as the REST interface shows it: its address space in cells of
 * equal length.
 *
 * @param cellBytes bytes of a cell
 * @param ownBytes of each cell, bytes that only the volume has
 * @param sharedBytes of each cell, bytes that are named more than once
 * @param sharers who else has them, those that share most first
 * @param complete false if there was more to look at than a picture is worth: sharers may be
 *     missing
 */
public record SharingView(
    long cellBytes,
    List<Long> ownBytes,
    List<Long> sharedBytes,
    List<Sharer> sharers,
    boolean complete) {

  /**
   * Something that shares a part of the volume.
   *
   * @param kind {@code volume}, {@code snapshot} or {@code token}
   * @param name of the volume; {@code volume@snapshot}; the token's number. The volume's own name:
   *     what it has in several places
   * @param bytes of the volume that are shared with it
   * @param cells in which they are
   */
  public record Sharer(String kind, String name, long bytes, List<Run> cells) {}

  /**
   * Cells one after the other.
   *
   * @param first number of the first one, from 0
   * @param count how many
   */
  public record Run(int first, int count) {}

  static SharingView of(Sharing sharing) {
    return new SharingView(
        sharing.cellBytes(),
        sharing.ownBytes(),
        sharing.sharedBytes(),
        sharing.sharers().stream().map(SharingView::of).toList(),
        sharing.isComplete());
  }

  private static Sharer of(Sharing.Sharer sharer) {
    return new Sharer(
        sharer.kind().name().toLowerCase(Locale.ROOT),
        sharer.name(),
        sharer.bytes(),
        sharer.cells().stream().map(run -> new Run(run.first(), run.count())).toList());
  }
}
