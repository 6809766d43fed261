package io.gantry.server;

import io.gantry.target.Identity;
import io.gantry.target.IscsiTarget;
import io.gantry.target.Portals;
import io.gantry.target.SessionStatus;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * An iSCSI session as the REST interface shows it.
 *
 * @param id unique among the sessions that are open
 * @param initiator what the initiator says that it is
 * @param user who it has proved to be, or null
 * @param address where it comes from
 * @param portal the address that it connected to
 * @param discovery whether it only looks for targets
 * @param since when it logged in, ISO 8601
 * @param commands SCSI commands so far
 * @param readBytes bytes that it read
 * @param writtenBytes bytes that it wrote
 * @param headerDigest whether headers carry a CRC32C
 * @param dataDigest whether data do
 */
public record SessionView(
    int id,
    String initiator,
    @Nullable String user,
    String address,
    String portal,
    boolean discovery,
    String since,
    long commands,
    long readBytes,
    long writtenBytes,
    boolean headerDigest,
    boolean dataDigest) {

  static SessionView of(SessionStatus session) {
    Identity identity = session.identity();
    InetSocketAddress portal = session.portal();
    IscsiTarget.Traffic traffic = session.traffic();
    return new SessionView(
        session.id(),
        identity.initiatorName(),
        identity.user(),
        identity.address() == null ? "" : Portals.host(identity.address()),
        HostPort.of(portal).toString(),
        session.discovery(),
        session.since().toString(),
        traffic.commands(),
        traffic.dataInBytes(),
        traffic.dataOutBytes(),
        session.headerDigest(),
        session.dataDigest());
  }
}
