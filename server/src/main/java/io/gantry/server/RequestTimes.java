package io.gantry.server;

import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a request may take to come: whoever sends a byte now and then would otherwise keep a
 * connection, of which there are so many, for days (slowloris).
 *
 * <p>The web server itself gives up a connection that is idle, and one on which a TLS handshake or
 * the first line of a request does not come, after {@link RestFormat#configure a minute}. What it
 * waits for without end is bounded here: the headers, and a body that nobody wanted. {@link
 * RestFormat#read} bounds the bodies that somebody wants.
 */
final class RequestTimes {
  /** For the headers, and for the body. */
  static final Duration LIMIT = Duration.ofSeconds(10);

  /** What the thread of a connection waits for; each connection has a virtual thread. */
  private static final ThreadLocal<@Nullable Patience> WAITING = new ThreadLocal<>();

  /** There where it cannot be told where the next request of the connection would begin. */
  private static final ThreadLocal<@Nullable Boolean> BROKEN = new ThreadLocal<>();

  private RequestTimes() {}

  static void configure(WebServerConfig.Builder server) {
    server
        .protocolsDiscoverServices(false) // or there would be two of HTTP/1.1, which answer less
        .addProtocol(Http1Config.builder().addReceiveListener(new Heads()).build());
  }

  /** Hears of the parts of a request, on the thread of its connection. */
  private static final class Heads implements Http1ConnectionListener {
    @Override
    public void prologue(ConnectionContext context, HttpPrologue prologue) {
      if (BROKEN.get() != null) {
        throw new CloseConnectionException("what came is a piece of a body, or may be");
      }
      WAITING.set(new Patience(LIMIT));
    }

    @Override
    public void headers(ConnectionContext context, Headers headers) {
      Patience waiting = WAITING.get();
      if (waiting != null) {
        waiting.close();
        WAITING.remove();
      }
    }
  }

  /**
   * A body could not be read to its end: nothing behind it is a request. The web server would look
   * for the end of the body where the mistake was, and who filters requests in front of it perhaps
   * elsewhere.
   */
  static void breakOff() {
    BROKEN.set(true);
  }

  /** Has what is left of a body taken, in time, when the request has been answered. */
  static void takeRest(FilterChain chain, ServerRequest request, ServerResponse response) {
    response.whenSent(() -> {
      if (BROKEN.get() == null && request.content().hasEntity() && !request.content().consumed()) {
        try (Patience _ = new Patience(LIMIT)) {
          request.content().consume();
        } catch (RuntimeException e) {
          breakOff();
        }
      }
    });
    chain.proceed();
  }
}
