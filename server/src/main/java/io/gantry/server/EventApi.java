package io.gantry.server;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Events as the REST interface tells them: the newest as a list, or as a stream (server-sent
 * events) for who accepts {@code text/event-stream}.
 *
 * <p>A stream has the event's id and, as JSON, the event; it begins after {@code Last-Event-ID},
 * which browsers send when they come back, or with what happens from now on. A comment every few
 * seconds shows that it lives. It ends when the reader's right ends, when the reader takes nothing
 * for long, and when the daemon stops. A reader that wants events that are not remembered any more
 * is told that they are missing.
 */
final class EventApi implements AutoCloseable {
  private static final HeaderName LAST_ID = HeaderNames.create("Last-Event-ID");
  private static final int MAXIMUM_STREAMS = 32;
  private static final int BATCH = 256;
  private static final long HEARTBEAT_MILLIS = 10_000;
  private static final long STALLED_NANOS = 20_000_000_000L;

  private final EventLog events;
  private final Authentication authentication;
  private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

  private volatile boolean closed;

  /** A stream that is open. */
  private static final class Stream {
    private final Thread thread = Thread.currentThread();

    /** Since when it waits for its reader to take something; 0 if it does not. */
    private volatile long writingSince;
  }

  EventApi(EventLog events, Authentication authentication) {
    this.events = events;
    this.authentication = authentication;
  }

  void bind(RestApi api) {
    api.bindStream(Endpoint.EVENTS, this::answer);
  }

  private void answer(RestRequest request, ServerResponse response) {
    Optional<String> accept = request.http().headers().first(HeaderNames.ACCEPT);
    if (accept.isPresent() && accept.get().contains(MediaTypes.TEXT_EVENT_STREAM.text())) {
      stream(request, response);
    } else {
      RestFormat.send(response, Status.OK_200, events.newest((int) request.number("limit")));
    }
  }

  private void stream(RestRequest request, ServerResponse response) {
    long position =
        request.http().headers().first(LAST_ID).flatMap(this::id).orElse(events.position());
    Stream stream = new Stream();
    if (closed) {
      throw new Refusal(Status.SERVICE_UNAVAILABLE_503, "the daemon stops");
    }
    if (streams.size() >= MAXIMUM_STREAMS) {
      throw new Refusal(
          Status.SERVICE_UNAVAILABLE_503,
          "there are %d readers of events already".formatted(MAXIMUM_STREAMS));
    }
    streams.add(stream);
    response.status(Status.OK_200).headers().contentType(MediaTypes.TEXT_EVENT_STREAM);
    try (OutputStream out = response.outputStream()) {
      write(stream, out, "retry: 2000\n\n");
      boolean open = true;
      while (open && isAllowed(request)) {
        EventLog.Batch batch = events.after(position, BATCH, HEARTBEAT_MILLIS);
        open = batch.open();
        StringBuilder text = new StringBuilder(batch.events().isEmpty() ? ":\n\n" : "");
        if (!batch.complete() && !batch.events().isEmpty()) {
          append(text, EventLog.missing(batch.events().getFirst()));
        }
        for (EventView event : batch.events()) {
          append(text, event);
          position = event.id();
        }
        write(stream, out, text.toString());
      }
    } catch (IOException | UncheckedIOException | InterruptedException e) {
      // The reader is gone, or was cut off; there is nobody to tell.
    } finally {
      streams.remove(stream);
    }
  }

  private static void append(StringBuilder text, EventView event) {
    text.append("id: ").append(event.id()).append("\ndata: ");
    text.append(RestFormat.JSON.writeValueAsString(event)).append("\n\n");
  }

  /** Tokens expire and are revoked while a stream goes on. */
  private boolean isAllowed(RestRequest request) {
    return authentication.stillHas(request.caller(), Endpoint.EVENTS.role());
  }

  private static void write(Stream stream, OutputStream out, String text) throws IOException {
    stream.writingSince = System.nanoTime() | 1;
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
    stream.writingSince = 0;
  }

  private Optional<Long> id(String text) {
    try {
      // A clock that was set back makes ids of before a restart larger than those of now.
      return Optional.of(Math.min(Long.parseLong(text), events.position()));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Cuts off readers that take nothing; called now and then. */
  void look() {
    long now = System.nanoTime();
    for (Stream stream : streams) {
      long since = stream.writingSince;
      if (since != 0 && now - since > STALLED_NANOS) {
        stream.thread.interrupt(); // closes the socket that a virtual thread waits for
      }
    }
  }

  /** Cuts off all readers. */
  @Override
  public void close() {
    closed = true;
    streams.forEach(stream -> stream.thread.interrupt());
  }
}
