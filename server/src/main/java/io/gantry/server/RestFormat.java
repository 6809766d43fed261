package io.gantry.server;

import io.gantry.store.NoSpaceException;
import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.DirectHandler.TransportResponse;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * What all of the REST interface has in common: JSON, the form of errors, and limits.
 *
 * <p>What goes wrong answers with {@code {"error": "..."}}, a sentence for people.
 */
final class RestFormat {
  private static final System.Logger LOG = System.getLogger(RestFormat.class.getName());
  private static final long MAXIMUM_BODY_BYTES = 64 << 10;
  private static final String TOO_LONG = "the body is longer than any request needs to be";
  private static final int MAXIMUM_REQUESTS = 64;
  private static final int MAXIMUM_CONNECTIONS = 256;

  private static final Duration IDLE = Duration.ofSeconds(60);

  /** Takes what the records say and nothing that only looks like it. */
  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(
              LogicalType.Textual,
              config ->
                  config
                      .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
          .build();

  private RestFormat() {}

  /** Limits, and what the web server refuses by itself, told in the same form. */
  static void configure(WebServerConfig.Builder server) {
    server
        .maxPayloadSize(MAXIMUM_BODY_BYTES)
        .maxConcurrentRequests(MAXIMUM_REQUESTS)
        .maxTcpConnections(MAXIMUM_CONNECTIONS)
        .idleConnectionTimeout(IDLE)
        .idleConnectionPeriod(IDLE.dividedBy(4))
        .directHandlers(refusals());
    RequestTimes.configure(server);
  }

  /** Headers of every answer: browsers neither keep it nor take it for something else. */
  static void protect(ServerResponse response) {
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.header(HeaderNames.create("X-Content-Type-Options"), "nosniff");
  }

  private static DirectHandlers refusals() {
    DirectHandler inJson =
        (_, _, status, headers, message) -> {
          headers.contentType(MediaTypes.APPLICATION_JSON);
          return TransportResponse.builder()
              .status(status)
              .headers(headers)
              .keepAlive(false)
              .entity(JSON.writeValueAsBytes(error(reason(status, message))))
              .build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (EventType event : EventType.values()) {
      handlers.addHandler(event, inJson);
    }
    return handlers.build();
  }

  private static String reason(Status status, @Nullable String message) {
    if (status.code() == Status.REQUEST_ENTITY_TOO_LARGE_413.code()) {
      return TOO_LONG;
    }
    return message == null || message.isEmpty() ? status.reasonPhrase() : message;
  }

  private static Map<String, String> error(@Nullable String message) {
    return Map.of("error", String.valueOf(message));
  }

  /** What is answered when a handler throws. */
  static void addErrors(HttpRouting.Builder routing) {
    routing
        .error(Refusal.class, (_, response, e) -> sendError(response, e.status(), e.getMessage()))
        .error(
            NoSpaceException.class,
            (_, response, e) ->
                sendError(response, Status.INSUFFICIENT_STORAGE_507, e.getMessage()))
        .error(
            IllegalArgumentException.class,
            (_, response, e) -> sendError(response, Status.CONFLICT_409, e.getMessage()))
        .error(Exception.class, RestFormat::sendFailure);
  }

  private static void sendFailure(ServerRequest request, ServerResponse response, Exception e) {
    LOG.log(System.Logger.Level.ERROR, request.path().path(), e);
    sendError(response, Status.INTERNAL_SERVER_ERROR_500, "the daemon failed: " + e.getMessage());
  }

  /**
   * A body.
   *
   * @throws Refusal if it is too long, or takes too long to come
   */
  static byte[] read(ServerRequest request) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    byte[] some = new byte[8192];
    try (Patience _ = new Patience(RequestTimes.LIMIT);
        InputStream in = request.content().inputStream()) {
      for (int n = in.read(some); n >= 0; n = in.read(some)) {
        body.write(some, 0, n);
        if (body.size() > MAXIMUM_BODY_BYTES) {
          throw new Refusal(Status.REQUEST_ENTITY_TOO_LARGE_413, TOO_LONG);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      RequestTimes.breakOff();
      throw new Refusal(Status.REQUEST_TIMEOUT_408, "the body did not come");
    } catch (IllegalArgumentException e) { // the web server's, of the length of a chunk
      RequestTimes.breakOff();
      throw Refusal.bad("the body is not in chunks as HTTP has them");
    }
    return body.toByteArray();
  }

  static void sendError(ServerResponse response, Status status, @Nullable String message) {
    send(response, status, error(message));
  }

  static void send(ServerResponse response, Status status, Object body) {
    response.status(status).headers().contentType(MediaTypes.APPLICATION_JSON);
    response.send(JSON.writeValueAsBytes(body));
  }
}
