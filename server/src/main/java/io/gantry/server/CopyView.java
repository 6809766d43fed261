package io.gantry.server;

import io.gantry.target.CopyStatus;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A copy operation as the REST interface shows it.
 *
 * @param id counts the operations since the daemon's start
 * @param initiator iSCSI name of the initiator that asked for it
 * @param command {@code POPULATE_TOKEN}, {@code WRITE_USING_TOKEN}, ...
 * @param listIdentifier what the initiator calls it; null if it gave it no name
 * @param background whether its command was answered before it ended
 * @param source where the data come from
 * @param destination where they go to
 * @param state {@code running}, {@code completed}, {@code partial}, {@code failed}, {@code aborted}
 * @param wantedBytes bytes to be copied in all
 * @param sharedBytes bytes that became shared
 * @param copiedBytes bytes that had to be read and written
 * @param zeroedBytes bytes that were or became holes
 * @param started when it began, ISO 8601
 * @param tookSeconds how long it has taken
 * @param notOffloaded why bytes had to be moved; empty if none had to be
 * @param outcome what the initiator was told, if not all was done
 */
public record CopyView(
    long id,
    String initiator,
    String command,
    @Nullable Long listIdentifier,
    boolean background,
    String source,
    String destination,
    String state,
    long wantedBytes,
    long sharedBytes,
    long copiedBytes,
    long zeroedBytes,
    String started,
    double tookSeconds,
    String notOffloaded,
    String outcome) {

  static CopyView of(CopyStatus copy) {
    return new CopyView(
        copy.id(),
        copy.initiator(),
        copy.command(),
        copy.listIdentifier(),
        copy.background(),
        copy.source(),
        copy.destination(),
        copy.state().name().toLowerCase(Locale.ROOT),
        copy.wantedBytes(),
        copy.sharedBytes(),
        copy.copiedBytes(),
        copy.zeroedBytes(),
        Instant.ofEpochMilli(copy.startedMillis()).toString(),
        copy.tookNanos() / 1e9,
        copy.notOffloaded(),
        copy.outcome());
  }
}
