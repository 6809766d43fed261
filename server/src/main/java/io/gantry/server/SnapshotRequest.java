package io.gantry.server;

/**
 * Asks for a snapshot of a volume.
 *
 * @param name unique among the volume's snapshots
 */
public record SnapshotRequest(String name) {}
