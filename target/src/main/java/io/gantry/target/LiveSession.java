package io.gantry.target;

import io.gantry.iscsi.SessionParameters;
import io.gantry.iscsi.TargetLogin.Established;
import java.net.InetSocketAddress;
import java.time.Instant;

/** A session that is open, as threads other than its own see it. */
record LiveSession(
    Established established,
    Identity identity,
    InetSocketAddress portal,
    Instant since,
    TrafficCounters counters) {

  int id() {
    return established.tsih();
  }

  SessionStatus status() {
    SessionParameters agreed = established.parameters();
    return new SessionStatus(
        id(),
        identity,
        established.isid(),
        portal,
        established.discovery(),
        since,
        agreed.headerDigest(),
        agreed.dataDigest(),
        counters.traffic());
  }
}
