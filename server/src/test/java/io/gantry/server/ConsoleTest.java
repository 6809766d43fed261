package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the web console, and how the daemon serves them. */
@NullUnmarked
class ConsoleTest {
  private static final Path FOLDER = Path.of("src/main/resources/io/gantry/server/console");
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  @TempDir private static Path directory;
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static Daemon daemon;

  @BeforeAll
  static void start() throws IOException {
    daemon = Daemon.start(DaemonSettings.of(directory, ANY, ANY));
  }

  @AfterAll
  static void stop() throws IOException {
    HTTP.close();
    daemon.close();
  }

  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://%s%s".formatted(daemon.contact().http(), path)));
  }

  private static HttpResponse<byte[]> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return HTTP.send(request.build(), BodyHandlers.ofByteArray());
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void everyFileIsServedAsWhatItIs() throws Exception {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(Console.FILES);
    }
    for (String name : Console.FILES) {
      HttpResponse<byte[]> response = send(to("/" + name));
      assertThat(response.statusCode()).as(name).isEqualTo(200);
      assertThat(response.body()).as(name).isEqualTo(Files.readAllBytes(FOLDER.resolve(name)));
      assertThat(header(response, "Content-Type"))
          .as(name)
          .startsWith(
              name.endsWith(".js")
                  ? "text/javascript"
                  : name.endsWith(".css")
                      ? "text/css"
                      : name.endsWith(".svg") ? "image/svg+xml" : "text/html");
    }
    assertThat(send(to("/")).body()).isEqualTo(Files.readAllBytes(FOLDER.resolve("index.html")));
    assertThat(send(to("/lib/preact.js")).body()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/main.js", "/api/v1/pool", "/api/v1/nothing"})
  void everyAnswerTellsTheBrowserToTrustNothingElse(String path) throws Exception {
    HttpResponse<byte[]> response =
        send(to(path).header("Authorization", "Bearer " + daemon.contact().token()));
    assertThat(header(response, "Content-Security-Policy"))
        .contains("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")
        .contains("object-src 'none'", "require-trusted-types-for 'script'")
        .doesNotContain("unsafe", "*", "http:", "https:", "data:", "blob:");
    assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(response, "X-Frame-Options")).isEqualTo("DENY");
    assertThat(header(response, "Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(header(response, "Cache-Control"))
        .isEqualTo(path.startsWith("/api") ? "no-store" : "no-cache");
  }

  @Test
  void whatTheBrowserHasIsNotSentAgain() throws Exception {
    HttpResponse<byte[]> first = send(to("/main.js"));
    String etag = header(first, "ETag");
    assertThat(etag).matches("\"[0-9a-f]{32}\"");
    HttpResponse<byte[]> again = send(to("/main.js").header("If-None-Match", "\"x\", " + etag));
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(send(to("/main.js").header("If-None-Match", "\"x\"")).statusCode()).isEqualTo(200);
    assertThat(header(send(to("/console.css")), "ETag")).isNotEqualTo(etag);
  }

  @Test
  void whoTakesItGetsItZipped() throws Exception {
    HttpResponse<byte[]> zipped =
        send(to("/console.css").header("Accept-Encoding", "br, gzip;q=1"));
    assertThat(header(zipped, "Content-Encoding")).isEqualTo("gzip");
    assertThat(header(zipped, "Vary")).isEqualTo("Accept-Encoding");
    byte[] content = Files.readAllBytes(FOLDER.resolve("console.css"));
    assertThat(zipped.body().length).isLessThan(content.length / 2);
    try (InputStream stream =
        new GZIPInputStream(new java.io.ByteArrayInputStream(zipped.body()))) {
      assertThat(stream.readAllBytes()).isEqualTo(content);
    }
    assertThat(header(zipped, "ETag")).isNotEqualTo(header(send(to("/console.css")), "ETag"));
  }

  @Test
  void headsAreAnsweredAndNothingElse() throws Exception {
    HttpResponse<byte[]> head = send(to("/").HEAD());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(send(to("/").POST(HttpRequest.BodyPublishers.ofString("x"))).statusCode())
        .isBetween(400, 499);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../Console.class",
        "/../../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2fConsole.class",
        "/console/../main.js/../../Console.class",
        "//etc/passwd",
        "/main.js/",
        "/main.js%00.html",
        "/./main.js",
        "/lib/",
        "/lib/../index.html",
        "/META-INF/MANIFEST.MF",
        "/daemon.json",
        "/MAIN.JS"
      })
  void noPathLeadsAnywhereElse(String path) throws Exception {
    // By hand: a client would tidy the path up.
    HostPort http = daemon.contact().http();
    try (Socket socket = new Socket(InetAddress.getByName(http.host()), http.port())) {
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .formatted(path)
                  .getBytes(StandardCharsets.US_ASCII));
      socket.setSoTimeout(10_000);
      byte[] room = new byte[8192];
      int length = socket.getInputStream().read(room);
      String answer = new String(room, 0, length, StandardCharsets.ISO_8859_1);
      assertThat(answer).matches(Pattern.compile("HTTP/1.1 4[0-9][0-9].*", Pattern.DOTALL));
      assertThat(answer).doesNotContain("root:", "<!doctype", "import {");
    }
  }

  @Test
  void thePageBringsNoScriptOfItsOwnAndFetchesNothingFromElsewhere() throws IOException {
    String page = Files.readString(FOLDER.resolve("index.html"));
    assertThat(page).doesNotContain("<style", "style=", " onclick", " onload");
    assertThat(Pattern.compile("<script(?![^>]* src=\"/)").matcher(page).find()).isFalse();
    for (String name : List.copyOf(Console.FILES)) {
      assertThat(Files.readString(FOLDER.resolve(name)).replace("http://www.w3.org/2000/svg", ""))
          .as(name)
          .doesNotContain("http://", "https://", "innerHTML", "eval(", "@import", "url(");
    }
  }
}
