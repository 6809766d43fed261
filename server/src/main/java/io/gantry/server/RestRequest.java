package io.gantry.server;

import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import java.lang.reflect.RecordComponent;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** A request for an {@link Endpoint}, from somebody who may send it. */
final class RestRequest {
  private static final byte[] NOTHING = {};

  private final Endpoint endpoint;
  private final ServerRequest request;
  private final Caller caller;
  private final EventLog events;

  RestRequest(Endpoint endpoint, ServerRequest request, Caller caller, EventLog events) {
    this.endpoint = endpoint;
    this.request = request;
    this.caller = caller;
    this.events = events;
  }

  /** Notes what was done, as {@link EventLog#add}. */
  void tell(EventType type, String message, @Nullable Object... details) {
    events.add(type, Authentication.actor(caller, request), message, details);
  }

  Caller caller() {
    return caller;
  }

  /** What HTTP says, for what is no JSON. */
  ServerRequest http() {
    return request;
  }

  /** A parameter of the endpoint's path. */
  String parameter(String name) {
    return request.path().pathParameters().get(name);
  }

  /**
   * A number of the query, as the endpoint's table row says.
   *
   * @throws Refusal if it is out of bounds
   */
  long number(String name) {
    Endpoint.Query query = endpoint.query(name).orElseThrow();
    Optional<String> text = request.query().first(name).asOptional();
    if (text.isEmpty()) {
      return query.otherwise();
    }
    try {
      long value = Long.parseLong(text.get());
      if (value >= query.least() && value <= query.most()) {
        return value;
      }
    } catch (NumberFormatException e) {
      // as for one that is out of bounds
    }
    throw new Refusal(
        Status.BAD_REQUEST_400,
        "%s is '%s': a number from %d to %d is needed"
            .formatted(name, text.get(), query.least(), query.most()));
  }

  /**
   * The body.
   *
   * @throws Refusal if there is none, or something else
   */
  <T> T body(Class<T> type) {
    byte[] body = request.content().hasEntity() ? RestFormat.read(request) : NOTHING;
    try {
      T value = RestFormat.JSON.readValue(body, type);
      if (value != null) {
        return value;
      }
    } catch (JacksonException e) {
      // as for null; what was sent may be a secret, so nothing of it is told
    }
    throw new Refusal(
        Status.BAD_REQUEST_400, "the body is not what is asked for; send " + form(type));
  }

  /** What a body looks like, for people who sent something else. */
  private static String form(Class<?> type) {
    return Stream.of(type.getRecordComponents())
        .map(field -> "\"%s\": %s".formatted(field.getName(), form(field)))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String form(RecordComponent field) {
    Class<?> type = field.getType();
    return type == String.class ? "STRING" : type == Boolean.class ? "BOOLEAN" : "NUMBER";
  }
}
