package io.gantry.target;

import java.net.InetSocketAddress;
import java.time.Instant;

/**
 * A session of an iSCSI target, for people.
 *
 * @param id the target's handle for it (TSIH), unique among those that are open
 * @param identity who it is
 * @param isid which of the initiator's sessions it is
 * @param portal the address that the initiator connected to
 * @param discovery whether it is for discovery only
 * @param since when the login ended
 * @param headerDigest whether headers carry a CRC32C
 * @param dataDigest whether data segments do
 * @param traffic what went over the wire for its SCSI commands
 */
public record SessionStatus(
    int id,
    Identity identity,
    long isid,
    InetSocketAddress portal,
    boolean discovery,
    Instant since,
    boolean headerDigest,
    boolean dataDigest,
    IscsiTarget.Traffic traffic) {}
