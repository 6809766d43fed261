package io.gantry.server;

import io.gantry.target.CopyOptions;
import io.gantry.target.CopyStatistics;
import io.gantry.target.CopyStatus;
import java.util.List;
import java.util.Locale;

/**
 * The copies of a target as the REST interface shows them.
 *
 * @param redeemers who may copy from a token: {@code anyone} or {@code creator}
 * @param budgetMillis how long a copy that its command waits for may take
 * @param bytesPerSecond how fast copies may move bytes
 * @param depth how many copies may move bytes at a time
 * @param running copy operations that run now
 * @param tokens tokens made since the start
 * @param copied copies that did all or a part of what was asked for
 * @param partial of those, the ones that did a part
 * @param failed copy operations that were refused or failed
 * @param aborted copy operations that somebody stopped
 * @param sharedBytes bytes that became shared
 * @param copiedBytes bytes that had to be read and written
 * @param zeroedBytes bytes that were or became holes
 * @param copies those that run, and the last ones that have ended; newest first
 */
public record CopiesView(
    String redeemers,
    long budgetMillis,
    long bytesPerSecond,
    int depth,
    long running,
    long tokens,
    long copied,
    long partial,
    long failed,
    long aborted,
    long sharedBytes,
    long copiedBytes,
    long zeroedBytes,
    List<CopyView> copies) {

  static CopiesView of(CopyOptions options, CopyStatistics statistics, List<CopyStatus> copies) {
    return new CopiesView(
        options.redeemers().name().toLowerCase(Locale.ROOT),
        options.budget().toMillis(),
        options.bytesPerSecond(),
        options.depth(),
        statistics.running(),
        statistics.tokens(),
        statistics.copies(),
        statistics.partial(),
        statistics.failed(),
        statistics.aborted(),
        statistics.sharedBytes(),
        statistics.copiedBytes(),
        statistics.zeroedBytes(),
        copies.stream().map(CopyView::of).toList());
  }
}
