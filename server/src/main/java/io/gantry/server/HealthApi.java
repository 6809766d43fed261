package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.target.IscsiTarget;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells whoever asks, without a token, whether the daemon lives and whether it can serve hosts; and
 * no more than that.
 */
final class HealthApi {
  private final Pool pool;
  private final IscsiTarget portals;
  private volatile boolean stopping;

  HealthApi(Pool pool, IscsiTarget portals) {
    this.pool = pool;
    this.portals = portals;
  }

  void bind(RestApi api) {
    api.bindStream(Endpoint.LIVE, (_, response) -> send(response, List.of()));
    api.bindStream(Endpoint.READY, (_, response) -> send(response, down()));
  }

  /** The daemon was told to stop: nobody should come to it any more. */
  void stopping() {
    stopping = true;
  }

  /** What keeps the daemon from serving hosts. */
  List<String> down() {
    List<String> down = new ArrayList<>();
    if (!pool.isWritable()) {
      down.add("pool");
    }
    if (!portals.isListening()) {
      down.add("portal");
    }
    if (stopping) {
      down.add("stopping");
    }
    return down;
  }

  private static void send(ServerResponse response, List<String> down) {
    RestFormat.send(
        response,
        down.isEmpty() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503,
        new HealthView(down.isEmpty() ? "up" : "down", down));
  }
}
