package io.gantry.server;

import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/**
 * Counts HTTP requests by route: the pattern, not the path, of which anybody could make up any
 * number. Safe for use by several threads.
 */
final class HttpCounters {
  /** More than the routes, methods and statuses that there are. */
  private static final int KEYS_MAX = 1000;

  private static final String OTHER = "other";

  private final Map<Key, LongAdder> counts = new ConcurrentHashMap<>();

  /** What is counted alike. */
  record Key(String method, String route, int status) {}

  /** A filter that all requests go through. */
  void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    response.whenSent(() -> {
      String route = request.matchingPattern().orElse(OTHER);
      String method = route.equals(OTHER) ? OTHER : request.prologue().method().text();
      count(new Key(method, route, response.status().code()));
    });
    chain.proceed();
  }

  void count(Key key) {
    Key counted =
        counts.containsKey(key) || counts.size() < KEYS_MAX ? key : new Key(OTHER, OTHER, 0);
    counts.computeIfAbsent(counted, _ -> new LongAdder()).increment();
  }

  void forEach(BiConsumer<Key, Long> action) {
    counts.forEach((key, count) -> action.accept(key, count.sum()));
  }
}
