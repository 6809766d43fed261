package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the REST interface keeps strangers, guessers and other people's web pages from doing. */
@NullUnmarked
class RestSecurityTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final JsonMapper JSON = new JsonMapper();
  private static final String NONE = "gantry_0000000000000000000000000000000000000000000";

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private Path data;
  private Daemon daemon;

  private record Answer(int status, JsonNode body, Map<String, List<String>> headers) {
    String header(String name) {
      return headers.getOrDefault(name, List.of("")).getFirst();
    }
  }

  @BeforeEach
  void start() throws IOException {
    data = directory.resolve("data");
    daemon = Daemon.start(DaemonSettings.of(data, ANY, ANY));
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    daemon.close();
  }

  private String origin() {
    return "http://" + daemon.contact().http();
  }

  private Answer send(String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(origin() + path))
            .method(method, BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) { // and no more of a stream that does not end
      String type = response.headers().firstValue("Content-Type").orElse("");
      return new Answer(
          response.statusCode(),
          type.startsWith("application/json") ? JSON.readTree(in.readAllBytes()) : JSON.nullNode(),
          response.headers().map());
    }
  }

  private Answer withToken(String token, String method, String path, String body)
      throws IOException, InterruptedException {
    return send(method, path, body, "Authorization", "Bearer " + token);
  }

  private Answer asAdmin(String method, String path, String body)
      throws IOException, InterruptedException {
    return withToken(daemon.contact().token(), method, path, body);
  }

  private String tokenOf(Role role) throws IOException, InterruptedException {
    Answer made =
        asAdmin(
            "POST",
            "/api/v1/api-tokens",
            "{\"name\": \"%1$s\", \"role\": \"%1$s\"}".formatted(role.text()));
    assertThat(made.status).isEqualTo(201);
    return made.body.path("token").asString();
  }

  private static String pathOf(Endpoint endpoint) {
    return endpoint.path().replaceAll("\\{[a-z]+}", "none");
  }

  // Authentication on every route.

  @Test
  void nobodyGetsInWithoutAToken() throws Exception {
    String cookie = "gantry-%d=%s".formatted(port(), NONE);
    for (Endpoint endpoint : Endpoint.values()) {
      if (endpoint.role() != Role.ANYONE) {
        String path = pathOf(endpoint);
        String method = endpoint.method().text();
        for (Answer answer :
            List.of(
                send(method, path, ""),
                withToken(NONE, method, path, ""),
                send(method, path, "", "Cookie", cookie),
                send(method, path, "", "Authorization", "Basic " + daemon.contact().token()))) {
          assertThat(answer.status).as("%s", endpoint).isEqualTo(401);
          assertThat(answer.header("www-authenticate")).isEqualTo("Bearer");
          assertThat(answer.body.properties()).hasSize(1); // the error
        }
      }
    }
  }

  @Test
  void whatAnybodyMayAskIsAShortList() {
    assertThat(Stream.of(Endpoint.values()).filter(route -> route.role() == Role.ANYONE))
        .containsExactlyInAnyOrder(Endpoint.LOGIN, Endpoint.LIVE, Endpoint.READY);
  }

  @Test
  void whoHasTooLittleIsRefused() throws Exception {
    for (Role role : List.of(Role.VIEWER, Role.OPERATOR)) {
      String token = tokenOf(role);
      for (Endpoint endpoint : Endpoint.values()) {
        if (!role.covers(endpoint.role())) {
          Answer answer = withToken(token, endpoint.method().text(), pathOf(endpoint), "");
          assertThat(answer.status).as("%s", endpoint).isEqualTo(403);
          assertThat(answer.body.path("error").asString())
              .contains(role.text(), endpoint.role().text());
        }
      }
    }
  }

  @Test
  void whoHasEnoughIsServed() throws Exception {
    Map<Role, String> tokens =
        Map.of(
            Role.ANYONE,
            NONE,
            Role.VIEWER,
            tokenOf(Role.VIEWER),
            Role.OPERATOR,
            tokenOf(Role.OPERATOR),
            Role.ADMIN,
            tokenOf(Role.ADMIN));
    for (Endpoint endpoint : Endpoint.values()) {
      String token = tokens.get(endpoint.role());
      Answer answer = withToken(token, endpoint.method().text(), pathOf(endpoint), "");
      assertThat(answer.status).as("%s", endpoint).isNotIn(401, 403, 405, 500, 501);
      if (answer.status == 404) {
        assertThat(answer.body.path("error").asString()).contains("'none'");
      }
    }
  }

  @Test
  void tokensAreKeptAsDigestsForTheOwnersEyesOnly() throws Exception {
    String token = tokenOf(Role.OPERATOR);
    Path file = data.resolve("api-tokens.json");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(file)).contains("operator").doesNotContain(token);
    assertThat(asAdmin("GET", "/api/v1/api-tokens", "").body.toString())
        .contains("operator")
        .doesNotContain(token, Secret.digest(token));
  }

  @Test
  void aTokenOutlivesARestartUntilItIsRevoked() throws Exception {
    String token = tokenOf(Role.OPERATOR);
    String local = daemon.contact().token();
    daemon.close();
    daemon = Daemon.start(DaemonSettings.of(data, ANY, ANY));
    assertThat(withToken(token, "GET", "/api/v1/me", "").body.path("name").asString())
        .isEqualTo("operator");
    assertThat(withToken(local, "GET", "/api/v1/me", "").status).isEqualTo(401);
    assertThat(asAdmin("DELETE", "/api/v1/api-tokens/operator", "").status).isEqualTo(204);
    assertThat(withToken(token, "GET", "/api/v1/me", "").status).isEqualTo(401);
    assertThat(asAdmin("DELETE", "/api/v1/api-tokens/operator", "").status).isEqualTo(404);
  }

  @Test
  void badTokensAreNotMade() throws Exception {
    for (String body :
        new String[] {
          "{\"name\": \"local\", \"role\": \"viewer\"}",
          "{\"name\": \"x\"}",
          "{\"name\": \"x\", \"role\": \"anyone\"}",
          "{\"name\": \"x\", \"role\": \"root\"}",
          "{\"name\": \"../x\", \"role\": \"viewer\"}",
          "{\"role\": \"viewer\"}",
          "{\"name\": \"x\", \"role\": \"viewer\", \"expires\": \"soon\"}",
          "{\"name\": \"x\", \"role\": \"viewer\", \"expires\": \"2020-01-01T00:00:00Z\"}",
          "{}"
        }) {
      assertThat(asAdmin("POST", "/api/v1/api-tokens", body).status).isIn(400, 409);
      assertThat(asAdmin("GET", "/api/v1/api-tokens", "").body).isEmpty();
    }
  }

  // The console's login, and forged requests (CSRF).

  private int port() {
    return daemon.contact().http().port();
  }

  private Answer logIn(String token) throws IOException, InterruptedException {
    return send("POST", "/api/v1/login", "{\"token\": \"%s\"}".formatted(token));
  }

  private static String cookie(Answer login) {
    return login.header("set-cookie").replaceAll(";.*", "");
  }

  @Test
  void aBrowserLogsInAndOut() throws Exception {
    Answer login = logIn(tokenOf(Role.OPERATOR));
    assertThat(login.status).isEqualTo(200);
    assertThat(login.body.path("role").asString()).isEqualTo("operator");
    assertThat(login.header("set-cookie").split("; ?"))
        .contains("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200")
        .doesNotContain("Secure"); // without TLS a browser would not take it
    String cookie = cookie(login);
    String csrf = login.body.path("csrf").asString();
    assertThat(cookie).startsWith("gantry-%d=gantry_".formatted(port())).doesNotContain(csrf);

    Answer me = send("GET", "/api/v1/me", "", "Cookie", cookie);
    assertThat(me.body).isEqualTo(login.body);
    assertThat(me.header("set-cookie")).isEmpty();
    String body = "{\"name\": \"x\", \"sizeBytes\": 4096}";
    String[] mine = {"Cookie", cookie, "X-Gantry-CSRF", csrf, "Origin", origin()};
    assertThat(send("POST", "/api/v1/volumes", body, mine).status).isEqualTo(201);
    assertThat(send("GET", "/api/v1/api-tokens", "", mine).status).isEqualTo(403);

    Answer out = send("POST", "/api/v1/logout", "", mine);
    assertThat(out.status).isEqualTo(204);
    assertThat(out.header("set-cookie")).contains("Expires=Thu, 1 Jan 1970");
    assertThat(send("GET", "/api/v1/me", "", "Cookie", cookie).status).isEqualTo(401);
  }

  @Test
  void aLoginEndsWithItsToken() throws Exception {
    String cookie = cookie(logIn(tokenOf(Role.VIEWER)));
    assertThat(send("GET", "/api/v1/pool", "", "Cookie", cookie).status).isEqualTo(200);
    asAdmin("DELETE", "/api/v1/api-tokens/viewer", "");
    assertThat(send("GET", "/api/v1/pool", "", "Cookie", cookie).status).isEqualTo(401);
  }

  @Test
  void otherPeoplesPagesChangeNothing() throws Exception {
    Answer login = logIn(daemon.contact().token());
    String cookie = cookie(login);
    String csrf = login.body.path("csrf").asString();
    String otherCsrf = logIn(daemon.contact().token()).body.path("csrf").asString();
    String other = "http://127.0.0.1:" + (port() ^ 1);
    String body = "{\"name\": \"x\", \"sizeBytes\": 4096}";
    for (String[] forged :
        new String[][] {
          {"Cookie", cookie},
          {"Cookie", cookie, "Origin", origin()},
          {"Cookie", cookie, "X-Gantry-CSRF", csrf},
          {"Cookie", cookie, "X-Gantry-CSRF", "", "Origin", origin()},
          {"Cookie", cookie, "X-Gantry-CSRF", otherCsrf, "Origin", origin()},
          {"Cookie", cookie, "X-Gantry-CSRF", csrf, "Origin", "null"},
          {"Cookie", cookie, "X-Gantry-CSRF", csrf, "Origin", other},
          {"Cookie", cookie, "X-Gantry-CSRF", csrf, "Origin", "http://evil.example"},
          {"Cookie", cookie, "X-Gantry-CSRF", csrf, "Origin", origin() + ".evil.example"},
        }) {
      for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
        String path = method.equals("POST") ? "/api/v1/volumes" : "/api/v1/volumes/x/faults";
        assertThat(send(method, path, body, forged).status).as(method).isIn(403, 405);
      }
      assertThat(send("POST", "/api/v1/volumes", body, forged).status).isEqualTo(403);
    }
    assertThat(daemon.pool().volumes()).isEmpty();
    assertThat(
            send("POST", "/api/v1/login", "{\"token\": \"x\"}", "Origin", "http://evil.example")
                .status)
        .isEqualTo(403);
  }

  @Test
  void aCookieIsNoUseTwice() throws Exception {
    String cookie = cookie(logIn(daemon.contact().token()));
    String two = cookie + "; " + cookie;
    assertThat(send("GET", "/api/v1/me", "", "Cookie", two).status).isEqualTo(401);
  }

  // Guessing.

  @Test
  void guessersWaitWhateverTheyGuess() throws Exception {
    String token = tokenOf(Role.VIEWER);
    asAdmin("POST", "/api/v1/api-tokens", "{\"name\": \"gone\", \"role\": \"viewer\"}");
    Answer first = logIn(NONE);
    assertThat(first.status).isEqualTo(401);
    for (int i = 1; i < LoginGuard.FREE; i++) {
      assertThat(logIn(i % 2 == 0 ? NONE : "").body).isEqualTo(first.body);
    }
    Answer refused = logIn(NONE);
    assertThat(refused.status).isEqualTo(429);
    assertThat(refused.header("retry-after")).matches("[12]");
    assertThat(logIn(token).status).isEqualTo(429); // so nobody learns which one is right
    assertThat(withToken(token, "GET", "/api/v1/me", "").status).isEqualTo(200);
  }

  // Paths.

  @Test
  void pathsLeadNowhereElse() throws Exception {
    for (String path :
        new String[] {
          "/../../../etc/passwd",
          "/..%2f..%2f..%2fetc/passwd",
          "/%2e%2e/%2e%2e/etc/passwd",
          "/static/../../../daemon.json",
          "//etc/passwd",
          "/api/v1/volumes/..%2f..%2fapi-tokens",
          "/api/v1/volumes/..;/pool",
          "/api/v1/volumes/%2e%2e/api-tokens%00",
          "/api/v1/volumes/x\\..\\..\\y",
          "/daemon.json",
          "/api-tokens.json"
        }) {
      String answer =
          raw("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".formatted(path));
      assertThat(answer).startsWith("HTTP/1.1 4").doesNotContain("root:", "\"token\"");
      String asAdmin =
          raw(
              "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                  .formatted(path, daemon.contact().token()));
      assertThat(asAdmin).startsWith("HTTP/1.1 4").doesNotContain("root:", "\"digest\"");
    }
  }

  @Test
  void namesOfThingsAreNoPaths() throws Exception {
    daemon.pool().createVolume("v", 4096, 512);
    for (String name :
        new String[] {"../x", "..", ".", "a/b", "a\\\\b", "a\\u0000", "%2e%2e", " ", "-x"}) {
      String body = "{\"name\": \"%s\", \"sizeBytes\": 4096}".formatted(name);
      assertThat(asAdmin("POST", "/api/v1/volumes", body).status).isEqualTo(400);
      String snapshot = "{\"name\": \"%s\"}".formatted(name);
      assertThat(asAdmin("POST", "/api/v1/volumes/v/snapshots", snapshot).status).isEqualTo(400);
      assertThat(asAdmin("PATCH", "/api/v1/volumes/v", snapshot).status).isEqualTo(400);
    }
  }

  // Sizes and times.

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), port());
  }

  /** Sends something that need not be HTTP, and reads until the server closes. */
  private String raw(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (java.net.SocketException e) {
      return "HTTP/1.1 400 closed"; // before all was sent
    }
  }

  /**
   * Sends what the server has to read before it can answer, and nothing that it closes upon before
   * it was read: then the answer might be lost.
   */
  private String answerTo(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void bodiesHaveALimit() throws Exception {
    String head = "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n";
    assertThat(answerTo(head + "Content-Length: 1048576\r\n\r\n")).startsWith("HTTP/1.1 413 ");
    String admin = "Authorization: Bearer %s\r\n".formatted(daemon.contact().token());
    assertThat(
            answerTo(
                "POST /api/v1/volumes HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: 65537\r\n\r\n"
                    .formatted(admin)))
        .startsWith("HTTP/1.1 413 ");
    assertThat(
            answerTo(
                head + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + "x".repeat(65_537) + "\r\n"))
        .startsWith("HTTP/1.1 413 ");
  }

  @Test
  void deepJsonIsRefused() throws Exception {
    assertThat(asAdmin("POST", "/api/v1/volumes", "[".repeat(60_000)).status).isEqualTo(400);
  }

  @Test
  void headersHaveALimit() throws Exception {
    String long1 =
        "GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nA: %s\r\n\r\n"
            .formatted("x".repeat(1 << 20));
    assertThat(raw(long1)).startsWith("HTTP/1.1 4");
    String many =
        "GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
            .formatted("A: b\r\n".repeat(100_000));
    assertThat(raw(many)).startsWith("HTTP/1.1 4");
    String path = "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted("x".repeat(1 << 20));
    assertThat(raw(path)).startsWith("HTTP/1.1 4");
  }

  /** Who is slow is given up, and holds nobody up meanwhile. */
  @Test
  void slowBodiesAreGivenUp() throws Exception {
    try (Socket slow = connect()) {
      slow.getOutputStream()
          .write(
              "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
                  .getBytes(StandardCharsets.ISO_8859_1));
      assertThat(asAdmin("GET", "/api/v1/me", "").status).isEqualTo(200);
      slow.getInputStream().readAllBytes(); // returns when the server has closed it
    }
    assertThat(asAdmin("GET", "/api/v1/me", "").status).isEqualTo(200);
  }

  // What a browser may be told.

  @Test
  void noOtherOriginMayRead() throws Exception {
    for (String method : List.of("GET", "OPTIONS")) {
      Answer answer =
          send(
              method,
              "/api/v1/pool",
              "",
              "Origin",
              "http://evil.example",
              "Access-Control-Request-Method",
              "POST",
              "Authorization",
              "Bearer " + daemon.contact().token());
      assertThat(answer.headers.keySet())
          .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"));
      assertThat(answer.status).isEqualTo(method.equals("GET") ? 200 : 405);
    }
  }

  @Test
  void answersAreNeitherKeptNorGuessedAt() throws Exception {
    Answer answer = asAdmin("GET", "/api/v1/pool", "");
    assertThat(answer.header("cache-control")).isEqualTo("no-store");
    assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
  }

  // Methods.

  @Test
  void onlyTheMethodsOfTheTableAreServed() throws Exception {
    for (String method : new String[] {"TRACE", "CONNECT", "HEAD", "OPTIONS", "PROPFIND", "GETX"}) {
      String answer =
          raw(
              "%s /api/v1/pool HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                  .formatted(method, daemon.contact().token()));
      assertThat(answer).containsPattern("\\AHTTP/1.1 (40[0345]|501)").doesNotContain("chunkBytes");
    }
  }

  @Test
  void whatIsAllowedIsSaid() throws Exception {
    Answer answer = asAdmin("PUT", "/api/v1/pool/scrub", "");
    assertThat(answer.status).isEqualTo(405);
    assertThat(answer.header("allow")).isEqualTo("GET, POST, DELETE");
    assertThat(send("PUT", "/api/v1/pool/scrub", "").status).isEqualTo(401);
  }

  // Exposure.

  @Test
  void byDefaultNobodyElseCanConnect() throws Exception {
    assertThat(DaemonSettings.DEFAULT_HTTP.host()).isEqualTo("127.0.0.1");
    assertThat(DaemonSettings.DEFAULT_ISCSI.host()).isEqualTo("127.0.0.1");
    List<InetAddress> others =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
            .toList();
    for (InetAddress other : others) {
      for (HostPort port : List.of(daemon.contact().http(), daemon.contact().iscsi())) {
        assertThat(isOpen(other, port.port())).as("%s %s", other, port).isFalse();
      }
    }
    assertThat(isOpen(InetAddress.getLoopbackAddress(), port())).isTrue();
  }

  private static boolean isOpen(InetAddress address, int port) {
    try (Socket socket = new Socket(address, port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }
}
