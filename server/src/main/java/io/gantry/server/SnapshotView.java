package io.gantry.server;

/**
 * A snapshot as the REST interface shows it.
 *
 * @param volume the volume's name
 * @param name unique among the volume's snapshots
 * @param created when it was made, ISO 8601
 * @param sizeBytes the volume's size then
 * @param mappedBytes what it maps of the pool, shared or not
 * @param uniqueBytes what nothing else maps: deleting the snapshot frees this
 */
public record SnapshotView(
    String volume,
    String name,
    String created,
    long sizeBytes,
    long mappedBytes,
    long uniqueBytes) {}
