package io.gantry.initiator;

/**
 * What a session moved.
 *
 * @param dataInBytes data segments of SCSI data received
 * @param dataOutBytes data segments of SCSI data sent
 * @param commands SCSI commands sent
 */
public record WireStatistics(long dataInBytes, long dataOutBytes, long commands) {}
