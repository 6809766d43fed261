package io.gantry.server;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Serves the {@link Endpoint}s: finds out who asks, refuses who may not, and hands the request to
 * what was {@linkplain #bind bound} to its endpoint.
 *
 * <p>A class such as {@link VolumeApi} has what is to be said of one kind of thing, and binds its
 * methods in {@code bind(RestApi)}.
 */
final class RestApi {
  private final byte[] authorization;
  private final Map<Endpoint, StreamHandler> handlers = new EnumMap<>(Endpoint.class);
  private final HttpCounters requests = new HttpCounters();
  private final Set<Endpoint> openOnLoopback = EnumSet.noneOf(Endpoint.class);

  /** Answers with a value, which becomes JSON; or null if the endpoint answers with nothing. */
  @FunctionalInterface
  interface Handler {
    @Nullable Object answer(RestRequest request) throws IOException;
  }

  /** Answers with something that is not JSON; it sets the status, too. */
  @FunctionalInterface
  interface StreamHandler {
    void answer(RestRequest request, ServerResponse response) throws IOException;
  }

  RestApi(String token) {
    this.authorization = ("Bearer " + token).getBytes(StandardCharsets.UTF_8);
  }

  void bind(Endpoint endpoint, Handler handler) {
    bindStream(
        endpoint,
        (request, response) -> {
          Object answer = handler.answer(request);
          Status status = Status.create(endpoint.status());
          if (answer == null) {
            response.status(status).send();
          } else {
            RestFormat.send(response, status, answer);
          }
        });
  }

  void bindStream(Endpoint endpoint, StreamHandler handler) {
    if (handlers.put(endpoint, handler) != null) {
      throw new IllegalStateException(endpoint + " is bound twice");
    }
  }

  /** Counts the requests. */
  HttpCounters requests() {
    return requests;
  }

  /** Lets everybody on this machine ask for something. */
  void openOnLoopback(Endpoint endpoint) {
    openOnLoopback.add(endpoint);
  }

  private boolean isOpen(Endpoint endpoint, ServerRequest request) {
    return openOnLoopback.contains(endpoint)
        && request.remotePeer().address() instanceof InetSocketAddress peer
        && peer.getAddress().isLoopbackAddress();
  }

  /**
   * Adds the routes. What comes after them in the routing gets what does not begin with {@code
   * /api/}.
   */
  void route(HttpRouting.Builder routing) {
    Set<Endpoint> unbound = EnumSet.allOf(Endpoint.class);
    unbound.removeAll(handlers.keySet());
    if (!unbound.isEmpty()) {
      throw new IllegalStateException("nothing answers to " + unbound);
    }
    handlers.forEach((endpoint, handler) ->
        routing.route(
            endpoint.method(),
            endpoint.path(),
            (request, response) -> answer(endpoint, handler, request, response)));
    for (String path : handlers.keySet().stream().map(Endpoint::path).distinct().toList()) {
      routing.any(path, (request, response) -> refuseMethod(path, request, response));
    }
    routing.any(
        "/api/*",
        (request, response) -> {
          requests.countOther(response);
          refusePath(request, response);
        });
    RestFormat.addErrors(routing);
  }

  private void answer(
      Endpoint endpoint, StreamHandler handler, ServerRequest request, ServerResponse response)
      throws IOException {
    requests.count(endpoint, response);
    Caller caller = caller(request);
    if (request.path().rawPath().contains(";")) {
      refusePath(request, response); // or ";..." would be cut off, and another thing meant
    }
    if (!caller.role().covers(endpoint.role()) && !isOpen(endpoint, request)) {
      refuseCaller(response);
      return;
    }
    handler.answer(new RestRequest(endpoint, request, caller), response);
  }

  private Caller caller(ServerRequest request) {
    byte[] given =
        request
            .headers()
            .first(HeaderNames.AUTHORIZATION)
            .orElse("")
            .getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(given, authorization) // in constant time
        ? new Caller("local", Role.ADMIN)
        : Caller.NOBODY;
  }

  private static void refuseCaller(ServerResponse response) {
    response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
    RestFormat.sendError(
        response,
        Status.UNAUTHORIZED_401,
        "send the token of the data directory's daemon.json: Authorization: Bearer TOKEN");
  }

  private void refuseMethod(String path, ServerRequest request, ServerResponse response) {
    requests.countOther(response);
    if (caller(request).role() == Role.ANYONE) {
      refuseCaller(response);
      return;
    }
    String allowed =
        Arrays.stream(Endpoint.values())
            .filter(endpoint -> endpoint.path().equals(path))
            .map(endpoint -> endpoint.method().text())
            .collect(Collectors.joining(", "));
    response.header(HeaderNames.ALLOW, allowed);
    RestFormat.sendError(
        response,
        Status.METHOD_NOT_ALLOWED_405,
        "%s cannot be done to %s; there is %s"
            .formatted(request.prologue().method(), request.path().path(), allowed));
  }

  private void refusePath(ServerRequest request, ServerResponse response) {
    if (caller(request).role() == Role.ANYONE) {
      refuseCaller(response);
      return;
    }
    throw Refusal.notFound(
        "there is no %s %s".formatted(request.prologue().method(), request.path().path()));
  }
}
