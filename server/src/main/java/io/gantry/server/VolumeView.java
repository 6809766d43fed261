package io.gantry.server;

/**
 * A volume as the REST interface shows it.
 *
 * @param name unique in the pool
 * @param lun its logical unit number, for ever
 * @param sizeBytes what initiators see
 * @param blockBytes bytes of a logical block
 * @param physicalBlockBytes what initiators align to
 * @param mappedBytes what it maps of the pool, shared or not
 * @param uniqueBytes what nothing else maps: deleting the volume frees this
 * @param snapshots how many it has
 * @param readOnly whether writes are refused
 * @param faults what goes wrong with its copies on purpose, for people; empty if nothing does
 * @param url for libiscsi, QEMU and Gantry itself
 */
public record VolumeView(
    String name,
    int lun,
    long sizeBytes,
    int blockBytes,
    int physicalBlockBytes,
    long mappedBytes,
    long uniqueBytes,
    int snapshots,
    boolean readOnly,
    String faults,
    String url) {}
