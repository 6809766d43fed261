package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that no client sends which means well, byte by byte. */
@NullUnmarked
class HostileHttpTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final String HOST = "Host: localhost\r\n";

  @TempDir private Path directory;
  private Daemon daemon;
  private String token;

  @BeforeEach
  void start() throws IOException {
    daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY));
    token = "Authorization: Bearer %s\r\n".formatted(daemon.contact().token());
  }

  @AfterEach
  void stop() throws IOException {
    daemon.close();
  }

  private Socket connect(String request) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), daemon.contact().http().port());
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Sends something, then nothing more; all answers until the server closes. */
  private String send(String request) throws IOException {
    try (Socket socket = connect(request)) {
      socket.shutdownOutput();
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      try {
        socket.getInputStream().transferTo(answer);
      } catch (SocketException e) {
        // It was reset: the server had something unread when it closed.
      }
      return answer.toString(StandardCharsets.ISO_8859_1);
    }
  }

  private static List<String> statuses(String answers) {
    return answers
        .lines()
        .filter(line -> line.startsWith("HTTP/1.1 "))
        .map(line -> line.substring(9, 12))
        .toList();
  }

  // How long.

  /** Sends a byte whenever nothing has come for a moment, until the server closes. */
  private static void sendSlowlyUntilClosed(Socket socket) throws IOException {
    socket.setSoTimeout(200);
    while (true) {
      try {
        if (socket.getInputStream().read() < 0) {
          return;
        }
      } catch (SocketTimeoutException e) {
        socket.getOutputStream().write('x');
      } catch (SocketException e) {
        return;
      }
    }
  }

  /** All at once, since each waits for its limit. The test ends only if the server ends them. */
  @Test
  void whoIsSlowIsGivenUp() throws Exception {
    List<String> beginnings =
        List.of(
            "GET /health/live HTTP/1.1\r\nHost: localhost\r\nA: ",
            "POST /api/v1/login HTTP/1.1\r\n" + HOST + "Content-Length: 60000\r\n\r\n",
            "POST /api/v1/login HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n5;",
            // Bodies that nobody asked for.
            "DELETE /api/v1/volumes/x HTTP/1.1\r\n" + HOST + "Content-Length: 60000\r\n\r\n",
            "DELETE /api/v1/volumes/x HTTP/1.1\r\n" + HOST + token + "Content-Length: 9999\r\n\r\n",
            "GET / HTTP/1.1\r\n" + HOST + "Content-Length: 60000\r\n\r\n",
            "GET /none HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n5000\r\n");
    List<Thread> clients = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    for (String beginning : beginnings) {
      clients.add(
          Thread.ofVirtual()
              .start(() -> {
                try (Socket socket = connect(beginning)) {
                  sendSlowlyUntilClosed(socket);
                } catch (IOException e) {
                  // Closed while something was sent.
                } catch (RuntimeException e) {
                  synchronized (failures) {
                    failures.add(beginning + e);
                  }
                }
              }));
    }
    for (Thread client : clients) {
      client.join();
    }
    assertThat(failures).isEmpty();
    assertThat(statuses(send("GET /health/live HTTP/1.1\r\n" + HOST + "\r\n")))
        .containsExactly("200");
  }

  // What it means: one request, to whoever reads it.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 4\r\nContent-Length: 0\r\n\r\n",
        "Content-Length: 0, 4\r\n\r\n",
        "Content-Length: +0\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 0x2\r\n\r\n{}",
        "Content-Length: 99999999999999999999\r\n\r\n{}",
        "Content-Length : 2\r\n\r\n{}",
        "Transfer-Encoding: identity\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n",
        "X: a\r\n b\r\n\r\n",
        "X: a\u0000b\r\n\r\n",
        "Host: localhost\r\n\r\n"
      })
  void nothingIsSmuggledBehindARequest(String rest) throws Exception {
    String hidden = "GET /api/v1/me HTTP/1.1\r\n" + HOST + token + "\r\n";
    String answers = send("POST /api/v1/login HTTP/1.1\r\n" + HOST + rest + hidden);
    assertThat(statuses(answers)).hasSizeLessThan(2).isSubsetOf("400"); // or it was reset
    assertThat(answers).doesNotContain("\"role\"", "radix", "Exception");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "//api/v1/pool",
        "/api//v1/pool",
        "/api/v1/./pool",
        "/api/v1/x/../pool",
        "/api/v1/%70ool",
        "/%61pi/v1/pool",
        "/api%2fv1%2fpool",
        "/api/v1/pool;x",
        "/api/v1/pool%3bx",
        "/api/v1/pool/",
        "/api/v1/x/%2e%2e/pool",
        "/api/v1/%c0%ae%c0%ae/v1/pool",
        "/health/../api/v1/pool",
        "/health/live/../../api/v1/pool",
        "/API/v1/pool",
        "/metrics/",
        "/%6detrics"
      })
  void aPathHasOneForm(String path) throws Exception {
    String request = "GET " + path + " HTTP/1.1\r\nConnection: close\r\n" + HOST;
    assertThat(statuses(send(request + "\r\n"))).isSubsetOf("401", "404");
    assertThat(statuses(send(request + token + "\r\n"))).containsExactly("404");
  }

  // Who it is for.

  @ParameterizedTest
  @ValueSource(strings = {"evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "1.2.3"})
  void otherNamesAreNotOurs(String host) throws Exception {
    for (String path : List.of("/", "/health/live", "/metrics", "/api/v1/me", "/api/v1/login")) {
      String answer = send("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n".formatted(path, host, token));
      assertThat(statuses(answer)).as(path).containsExactly("421");
      assertThat(answer).doesNotContain("Preact", "gantry_", "\"role\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:8260", "127.0.0.1:1", "[::1]", "192.0.2.1:8260"})
  void addressesAre(String host) throws Exception {
    String request = "GET /api/v1/me HTTP/1.1\r\nHost: %s\r\n%s\r\n".formatted(host, token);
    assertThat(statuses(send(request))).containsExactly("200");
  }

  @Test
  void theTargetOfARequestDoesNotSayWhoAsks() throws Exception {
    assertThat(statuses(send("GET http://127.0.0.1/api/v1/pool HTTP/1.1\r\n" + HOST + "\r\n")))
        .isSubsetOf("400", "401", "404");
  }

  // What else could be spoken.

  @Test
  void nothingElseIsSpoken() throws Exception {
    String get = "GET /api/v1/pool HTTP/1.1\r\n" + HOST;
    assertThat(
            statuses(
                send(
                    get
                        + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                        + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")))
        .containsExactly("401");
    assertThat(
            statuses(
                send(
                    get
                        + "Connection: Upgrade\r\n"
                        + "Upgrade: websocket\r\n"
                        + "Sec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")))
        .containsExactly("401");
    assertThat(statuses(send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))).isSubsetOf("400");
    assertThat(statuses(send("GET /api/v1/pool HTTP/1.0\r\n\r\n"))).isSubsetOf("505");
  }

  /** A body is asked for when it is known who sends it. */
  @Test
  void strangersAreNotToldToGoOn() throws Exception {
    String post = "POST /api/v1/volumes HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\n";
    String rest = "Content-Length: 2\r\n\r\n{}";
    assertThat(statuses(send(post + rest))).containsExactly("401");
    assertThat(statuses(send(post + token + rest))).containsExactly("100", "400");
  }
}
