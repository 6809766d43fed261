package io.gantry.server;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
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
  /** Characters that need it are encoded, others are not; slashes and controls are in no name. */
  private static final String CHARACTER =
      "[A-Za-z0-9_~-]|%(2[0-9A-Ca-c]|3[AC-Fac-f]|40|5[BDEbde]|60|7[B-Db-d]|[89A-Fa-f][0-9A-Fa-f])";

  /** Nothing that there is has a name that begins with a dot. */
  private static final Pattern PLAIN =
      Pattern.compile("(/(%1$s)(%1$s|\\.)*+)+".formatted(CHARACTER));

  private final Authentication authentication;
  private final EventLog events;

  /** Which refusals of those who are known are told: fewer and fewer of an address. */
  private final LoginGuard told = new LoginGuard(InstantSource.system());

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

  RestApi(Authentication authentication, EventLog events) {
    this.authentication = authentication;
    this.events = events;
  }

  /** What it is, for programs. */
  void bindDescription() {
    Map<String, Object> document = OpenApi.document();
    bind(Endpoint.OPEN_API, _ -> document);
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
    RestFormat.protect(response);
    Caller caller = authentication.caller(request);
    if (!isPlain(request.path().rawPath())) {
      refusePath(request, response);
      return;
    }
    if (!caller.role().covers(endpoint.role()) && !isOpen(endpoint, request)) {
      refuseCaller(caller, endpoint, request, response);
      return;
    }
    handler.answer(new RestRequest(endpoint, request, caller, events), response);
  }

  /**
   * Whether a path says what it means. The web server takes {@code /x/../y}, {@code //y}, {@code
   * /%79} and {@code /y;z} for {@code /y}; whoever filters paths in front of it may not.
   */
  private static boolean isPlain(String rawPath) {
    return PLAIN.matcher(rawPath).matches();
  }

  private void refuseCaller(
      Caller caller, Endpoint endpoint, ServerRequest request, ServerResponse response) {
    if (caller.role() == Role.ANYONE) {
      refuseStranger(response);
    } else {
      EventLog.Actor actor = Authentication.actor(caller, request);
      if (told.failed(Authentication.address(request))) {
        events.add(
            EventType.API_REFUSED,
            actor,
            "%s may not %s".formatted(caller.name(), endpoint),
            "endpoint",
            endpoint.name());
      }
      RestFormat.sendError(
          response,
          Status.FORBIDDEN_403,
          "%s has the role %s; this needs %s"
              .formatted(caller.name(), caller.role().text(), endpoint.role().text()));
    }
  }

  private static void refuseStranger(ServerResponse response) {
    response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
    RestFormat.sendError(
        response,
        Status.UNAUTHORIZED_401,
        "send a token that is valid (Authorization: Bearer TOKEN): that of the data directory's"
            + " daemon.json, or one made by 'gantry api-token create'");
  }

  private void refuseMethod(String path, ServerRequest request, ServerResponse response) {
    requests.countOther(response);
    RestFormat.protect(response);
    if (authentication.caller(request).role() == Role.ANYONE) {
      refuseStranger(response);
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
    RestFormat.protect(response);
    if (authentication.caller(request).role() == Role.ANYONE) {
      refuseStranger(response);
      return;
    }
    throw Refusal.notFound(
        "there is no %s %s".formatted(request.prologue().method(), request.path().path()));
  }
}
