package io.gantry.server;

/**
 * What READ and WRITE did lately, point by point, for charts. All arrays have the same length, an
 * element for each point, oldest first.
 *
 * @param started when the daemon was started, ISO 8601: its points are numbered from 1 on
 * @param stepSeconds about how much time lies between points
 * @param recorded false for a volume whose points are not kept, since too many others are busy: the
 *     points are empty then
 * @param last number of the last point, for who comes back for those after it; 0 if there is none
 * @param millis when each point's time ended, ms since 1970
 * @param micros how long it was, us
 * @param readBytes bytes read in it
 * @param reads READ commands answered in it
 * @param readMedianMicros latency that half of them did not exceed, us; 0 if there were none
 * @param readHighMicros the same for 99 of 100
 * @param writeBytes bytes written in it
 * @param writes WRITE commands answered in it
 * @param writeMedianMicros latency that half of them did not exceed
 * @param writeHighMicros the same for 99 of 100
 */
public record HistoryView(
    String started,
    int stepSeconds,
    boolean recorded,
    long last,
    long[] millis,
    long[] micros,
    long[] readBytes,
    long[] reads,
    long[] readMedianMicros,
    long[] readHighMicros,
    long[] writeBytes,
    long[] writes,
    long[] writeMedianMicros,
    long[] writeHighMicros) {}
