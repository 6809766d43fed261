package io.gantry.server;

import java.util.List;

/**
 * How the last scrub went or goes, as the REST interface shows it.
 *
 * @param state {@code never}, {@code running}, {@code finished}, {@code stopped} or {@code failed}
 * @param readBytes bytes read so far
 * @param usedBytes bytes in use, about what there is to read
 * @param verifiedChunks chunks that were compared with their checksums; known at the end
 * @param summedChunks chunks that got a checksum; known at the end
 * @param findings what was wrong, and why it failed if it did; known at the end
 */
public record ScrubView(
    String state,
    long readBytes,
    long usedBytes,
    long verifiedChunks,
    long summedChunks,
    List<String> findings) {}
