package io.gantry.server;

import io.gantry.target.Portals;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.SetCookie;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds out who sends a REST request: by the token in {@code Authorization: Bearer TOKEN}, or by
 * the cookie of a console login.
 *
 * <p>A browser adds the cookie to whatever a page of anybody makes it send. So a request that
 * changes something and has no token must also carry the header {@code X-Gantry-CSRF} with the
 * value that the login was answered with, which pages of others cannot read, and the {@code Origin}
 * of this very server. The cookie is {@code SameSite=Strict} besides.
 */
final class Authentication {
  static final HeaderName CSRF = HeaderNames.create("X-Gantry-CSRF");
  private static final String BEARER = "Bearer ";
  private static final Set<Method> READING = Set.of(Method.GET, Method.HEAD);

  private final ApiTokens tokens;
  private final Logins logins;
  private final LoginGuard guard;
  private final EventLog events;

  Authentication(ApiTokens tokens, Logins logins, LoginGuard guard, EventLog events) {
    this.tokens = tokens;
    this.logins = logins;
    this.guard = guard;
    this.events = events;
  }

  /**
   * Who it is; {@link Caller#NOBODY} if he proves nothing.
   *
   * @throws Refusal if the request has a console's cookie but may be of another page's making
   */
  Caller caller(ServerRequest request) {
    Optional<String> header = request.headers().first(HeaderNames.AUTHORIZATION);
    if (header.isPresent()) {
      Optional<Caller> caller =
          header.get().startsWith(BEARER)
              ? tokens.find(header.get().substring(BEARER.length()))
              : Optional.empty();
      if (caller.isEmpty()) {
        failed(request);
      }
      return caller.orElse(Caller.NOBODY);
    }
    Optional<Caller> caller = loggedIn(request);
    caller.ifPresent(present -> requireOwnPage(present, request));
    return caller.orElse(Caller.NOBODY);
  }

  /** Who it is by the cookie. */
  private Optional<Caller> loggedIn(ServerRequest request) {
    List<String> cookies = request.headers().cookies().all(cookieName(request), List::of);
    // Several of one name: another page of this host has set one; which is ours cannot be told.
    return cookies.size() != 1
        ? Optional.empty()
        : logins.find(cookies.getFirst()).flatMap(this::of);
  }

  private Optional<Caller> of(Login login) {
    return tokens
        .findDigest(login.token())
        .map(caller -> new Caller(caller.name(), caller.role(), caller.token(), login));
  }

  private static void requireOwnPage(Caller caller, ServerRequest request) {
    if (READING.contains(request.prologue().method()) || caller.login() == null) {
      return;
    }
    String given = request.headers().first(CSRF).orElse("");
    boolean same =
        MessageDigest.isEqual(
            given.getBytes(StandardCharsets.UTF_8),
            caller.login().csrf().getBytes(StandardCharsets.UTF_8));
    if (!same || !isOwnOrigin(request)) {
      throw new Refusal(
          Status.FORBIDDEN_403,
          "a request with the console's cookie needs the header %s of the login and this server's"
                  .formatted(CSRF.defaultCase())
              + " Origin");
    }
  }

  /** Whether a page of this server sent it, as the browser says. */
  private static boolean isOwnOrigin(ServerRequest request) {
    String host = request.authority();
    String origin = request.headers().first(HeaderNames.ORIGIN).orElse("");
    return origin.equalsIgnoreCase("https://" + host)
        || (!request.isSecure() && origin.equalsIgnoreCase("http://" + host));
  }

  /**
   * Logs a browser in.
   *
   * @throws Refusal if the token is none, the address has guessed too often, or the page is
   *     another's
   */
  Caller logIn(String token, ServerRequest request, ServerResponse response) {
    if (request.headers().contains(HeaderNames.ORIGIN) && !isOwnOrigin(request)) {
      throw new Refusal(Status.FORBIDDEN_403, "only the console's own page can log in");
    }
    InetAddress address = address(request);
    Duration wait = guard.remaining(address);
    if (!wait.isZero()) { // whether or not the token is right
      long seconds = wait.toSeconds() + 1;
      response.header(HeaderNames.RETRY_AFTER, Long.toString(seconds));
      throw new Refusal(
          Status.TOO_MANY_REQUESTS_429,
          "too many failed logins from this address; wait %d s".formatted(seconds));
    }
    Caller caller =
        tokens
            .find(token)
            .orElseThrow(() -> {
              failed(request);
              return new Refusal(Status.UNAUTHORIZED_401, "this is no token that is valid");
            });
    guard.succeeded(address);
    loggedIn(request).map(Caller::login).ifPresent(logins::end);
    Logins.Made made = logins.add(Secret.digest(token));
    response.headers().addCookie(cookie(request, made.cookie(), Logins.LIFETIME));
    events.add(
        EventType.API_LOGIN,
        actor(caller, request),
        "%s logged in to the console".formatted(caller.name()),
        "role",
        caller.role().text());
    return new Caller(caller.name(), caller.role(), caller.token(), made.login());
  }

  /** Ends the login of a browser, if it has one. */
  void logOut(Caller caller, ServerRequest request, ServerResponse response) {
    if (caller.login() != null) {
      logins.end(caller.login());
      events.add(
          EventType.API_LOGOUT,
          actor(caller, request),
          "%s logged out of the console".formatted(caller.name()));
    }
    response.headers().addCookie(cookie(request, "", Duration.ZERO)); // which is over
  }

  private static SetCookie cookie(ServerRequest request, String value, Duration age) {
    SetCookie.Builder cookie =
        SetCookie.builder(cookieName(request), value)
            .httpOnly(true)
            .secure(request.isSecure())
            .sameSite(SetCookie.SameSite.STRICT)
            .path("/");
    return (age.isZero() ? cookie.expires(Instant.EPOCH) : cookie.maxAge(age)).build();
  }

  /**
   * Cookies know hosts but not ports: two daemons of one host need two names. Browsers let nobody
   * but the host itself, by TLS, set one whose name begins with {@code __Host-}.
   */
  private static String cookieName(ServerRequest request) {
    return (request.isSecure() ? "__Host-gantry-" : "gantry-") + request.localPeer().port();
  }

  private void failed(ServerRequest request) {
    if (guard.failed(address(request))) {
      events.add(EventType.API_REFUSED, actor(Caller.NOBODY, request), "no token that is valid");
    }
  }

  /** Whether somebody who was let in still would be. */
  boolean stillHas(Caller caller, Role needed) {
    return tokens.findDigest(caller.token()).filter(now -> now.role().covers(needed)).isPresent()
        && (caller.login() == null || logins.has(caller.login()));
  }

  /** Who did something, for events. */
  static EventLog.Actor actor(Caller caller, ServerRequest request) {
    return new EventLog.Actor(
        caller.role() == Role.ANYONE ? null : caller.name(), Portals.host(address(request)));
  }

  static InetAddress address(ServerRequest request) {
    return request.remotePeer().address() instanceof InetSocketAddress inet
        ? inet.getAddress()
        : InetAddress.getLoopbackAddress();
  }
}
