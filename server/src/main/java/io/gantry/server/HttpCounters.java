package io.gantry.server;

import io.helidon.webserver.http.ServerResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/**
 * Counts HTTP requests by route: the pattern, not the path, of which anybody could make up any
 * number. Safe for use by several threads.
 */
final class HttpCounters {
  private final Map<Key, LongAdder> counts = new ConcurrentHashMap<>();

  /** What is counted alike. */
  record Key(String method, String route, int status) {}

  /** Counts a request to an endpoint when it has been answered. */
  void count(Endpoint endpoint, ServerResponse response) {
    count(endpoint.method().text(), endpoint.path(), response);
  }

  /** Counts a request to what is no endpoint. */
  void countOther(ServerResponse response) {
    count("other", "other", response);
  }

  private void count(String method, String route, ServerResponse response) {
    response.whenSent(() ->
        counts
            .computeIfAbsent(new Key(method, route, response.status().code()), _ -> new LongAdder())
            .increment());
  }

  void forEach(BiConsumer<Key, Long> action) {
    counts.forEach((key, count) -> action.accept(key, count.sum()));
  }
}
