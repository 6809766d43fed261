package io.gantry.target;

/**
 * What a target's copies did since it started; of copies that run, what they do counts at their
 * end.
 *
 * @param running copy operations that run now
 * @param tokens tokens made
 * @param copies copies that did all or a part of what was asked for
 * @param partial of those, the ones that did a part
 * @param failed copy operations that were refused or failed
 * @param aborted copy operations that somebody stopped
 * @param sharedBytes bytes that became shared
 * @param copiedBytes bytes that had to be read and written
 * @param zeroedBytes bytes that were or became holes
 */
public record CopyStatistics(
    long running,
    long tokens,
    long copies,
    long partial,
    long failed,
    long aborted,
    long sharedBytes,
    long copiedBytes,
    long zeroedBytes) {}
