package io.gantry.server;

/**
 * A pool as the REST interface shows it.
 *
 * @param chunkBytes bytes of a chunk, the unit of sharing
 * @param usedBytes bytes in chunks that hold something
 * @param freeBytes bytes that can still be written
 * @param volumes number of volumes
 * @param tokens number of live tokens
 * @param journalBytes length of the journal
 * @param target the iSCSI name of the target
 * @param portal where initiators connect to
 */
public record PoolView(
    int chunkBytes,
    long usedBytes,
    long freeBytes,
    int volumes,
    int tokens,
    long journalBytes,
    String target,
    String portal) {}
