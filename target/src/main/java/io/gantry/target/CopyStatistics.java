package io.gantry.target;

/**
 * What a target's copies did since it started.
 *
 * @param tokens tokens made
 * @param copies copies from tokens
 * @param sharedBytes bytes that became shared
 * @param copiedBytes bytes that had to be read and written
 * @param zeroedBytes bytes that were or became holes
 */
public record CopyStatistics(
    long tokens, long copies, long sharedBytes, long copiedBytes, long zeroedBytes) {}
