package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.store.Extent;
import io.gantry.store.Volume;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the daemon tells of what happens, as a list, as a stream and in the audit trail. */
@NullUnmarked
class EventsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final String SECRET = "a secret of initiators";
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private Path data;
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    data = directory.resolve("data");
    Path file = directory.resolve("gantry.toml");
    Files.writeString(file, "[[user]]\nname = 'alice'\nsecret = '%s'\n".formatted(SECRET));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    daemon =
        Daemon.start(
            Configuration.of(file)
                .with("data", data.toString())
                .with("iscsi", ANY.toString())
                .with("http", ANY.toString()),
            _ -> {});
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    daemon.close();
  }

  private HttpRequest.Builder request(String method, String path, String body) {
    return HttpRequest.newBuilder(
            URI.create("http://%s%s".formatted(daemon.contact().http(), path)))
        .method(method, BodyPublishers.ofString(body))
        .header("Authorization", "Bearer " + daemon.contact().token());
  }

  private JsonNode ask(String method, String path, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(request(method, path, body).build(), BodyHandlers.ofString());
    return answer.body().isEmpty() ? JSON.nullNode() : JSON.readTree(answer.body());
  }

  private List<String> types() throws IOException, InterruptedException {
    List<String> types = new ArrayList<>();
    ask("GET", "/api/v1/events?limit=1000", "")
        .forEach(event -> types.add(event.path("type").asString()));
    return types;
  }

  /** Does one of everything. */
  private void doAll() throws Exception {
    ask("POST", "/api/v1/volumes", "{\"name\": \"x\", \"sizeBytes\": 1048576}");
    ask("PATCH", "/api/v1/volumes/x", "{\"sizeBytes\": 2097152}");
    ask("POST", "/api/v1/volumes/x/snapshots", "{\"name\": \"s\"}");
    ask("POST", "/api/v1/volumes/x/clones", "{\"name\": \"y\"}");
    ask("POST", "/api/v1/volumes/x/snapshots/s/rollback", "");
    ask("DELETE", "/api/v1/volumes/x/snapshots/s", "");
    ask("PUT", "/api/v1/volumes/x/faults", "{\"expireTokens\": true}");
    ask("DELETE", "/api/v1/volumes/x/faults", "");
    ask("DELETE", "/api/v1/volumes/x", "");
    ask("POST", "/api/v1/access/reload", "");
    ask("POST", "/api/v1/pool/scrub", "");
    ask("POST", "/api/v1/api-tokens", "{\"name\": \"bob\", \"role\": \"viewer\"}");
    ask("DELETE", "/api/v1/api-tokens/bob", "");
  }

  @Test
  void whatIsDoneIsTold() throws Exception {
    doAll();
    while (!types().contains("scrub.ended")) {
      Thread.onSpinWait();
    }
    assertThat(types())
        .containsSubsequence(
            "daemon.started",
            "volume.created",
            "volume.changed",
            "snapshot.created",
            "volume.created",
            "snapshot.restored",
            "snapshot.deleted",
            "faults.changed",
            "faults.changed",
            "volume.deleted",
            "access.reloaded",
            "scrub.started",
            "api-token.created",
            "api-token.revoked");
    JsonNode created = ask("GET", "/api/v1/events", "").get(1);
    assertThat(created.path("who").asString()).isEqualTo("local");
    assertThat(created.path("address").asString()).isEqualTo("127.0.0.1");
    assertThat(created.path("details").path("sizeBytes").asLong()).isEqualTo(1048576);
    assertThat(ask("GET", "/api/v1/events?limit=2", "")).hasSize(2);
  }

  @Test
  void tokensThatNobodyUsedAreTold() throws Exception {
    Volume volume = daemon.pool().createVolume("x", 1 << 20, 512);
    for (int i = 0; i < 2; i++) {
      assertThat(daemon.pool().freeze(volume, List.of(new Extent(0, 1 << 20)), 1)).isPresent();
    }
    long told = 0;
    while (told < 2) { // together, or each by itself
      told = 0;
      for (JsonNode event : ask("GET", "/api/v1/events", "")) {
        if (event.path("type").asString().equals("token.expired")) {
          told += event.path("details").path("count").asLong();
        }
      }
    }
    assertThat(told).isEqualTo(2);
  }

  /** A reader of a stream. */
  private final class Reader implements AutoCloseable {
    private final BufferedReader lines;
    private final HttpResponse<InputStream> response;

    Reader(String lastId) throws IOException, InterruptedException {
      HttpRequest.Builder request =
          request("GET", "/api/v1/events", "").header("Accept", "text/event-stream");
      if (!lastId.isEmpty()) {
        request.header("Last-Event-ID", lastId);
      }
      response = http.send(request.build(), BodyHandlers.ofInputStream());
      lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    /** The next event; null at the end. */
    JsonNode next() throws IOException {
      String id = "";
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          JsonNode event = JSON.readTree(line.substring(6));
          assertThat(event.path("id").asString()).isEqualTo(id);
          return event;
        }
      }
      return null;
    }

    @Override
    public void close() throws IOException {
      response.body().close();
    }
  }

  @Test
  void aStreamGoesOnWhereItWas() throws Exception {
    String last;
    try (Reader reader = new Reader("")) {
      assertThat(reader.response.headers().firstValue("Content-Type"))
          .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
      ask("POST", "/api/v1/volumes", "{\"name\": \"x\", \"sizeBytes\": 1048576}");
      JsonNode event = reader.next();
      assertThat(event.path("type").asString()).isEqualTo("volume.created");
      last = event.path("id").asString();
    }
    ask("DELETE", "/api/v1/volumes/x", "");
    try (Reader reader = new Reader(last)) {
      assertThat(reader.next().path("type").asString()).isEqualTo("volume.deleted");
    }
    try (Reader reader = new Reader("1")) {
      assertThat(reader.next().path("type").asString()).isEqualTo("events.missing");
      assertThat(reader.next().path("type").asString()).isEqualTo("daemon.started");
    }
  }

  @Test
  void aStreamEndsWithTheDaemonAndWithItsToken() throws Exception {
    JsonNode made = ask("POST", "/api/v1/api-tokens", "{\"name\": \"bob\", \"role\": \"viewer\"}");
    HttpRequest asBob =
        HttpRequest.newBuilder(
                URI.create("http://%s/api/v1/events".formatted(daemon.contact().http())))
            .header("Authorization", "Bearer " + made.path("token").asString())
            .header("Accept", "text/event-stream")
            .build();
    try (InputStream bob = http.send(asBob, BodyHandlers.ofInputStream()).body()) {
      ask("DELETE", "/api/v1/api-tokens/bob", "");
      ask("POST", "/api/v1/volumes", "{\"name\": \"x\", \"sizeBytes\": 1048576}");
      String seen = new String(bob.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(seen).doesNotContain("volume.created");
    }
    Reader reader = new Reader("");
    daemon.close();
    for (JsonNode event = nextOrEnd(reader); event != null; event = nextOrEnd(reader)) {
      assertThat(event.path("type").asString()).isEqualTo("daemon.stopping");
    }
  }

  private static JsonNode nextOrEnd(Reader reader) {
    try {
      return reader.next();
    } catch (IOException e) {
      return null; // cut off
    }
  }

  @Test
  void streamsAreSoMany() throws Exception {
    List<Reader> readers = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      readers.add(new Reader(""));
      assertThat(readers.getLast().response.statusCode()).isEqualTo(200);
    }
    try (Reader tooMany = new Reader("")) {
      assertThat(tooMany.response.statusCode()).isEqualTo(503);
    }
    assertThat(ask("GET", "/api/v1/me", "").path("name").asString()).isEqualTo("local");
    for (Reader reader : readers) {
      reader.close();
    }
  }

  @Test
  void theAuditTrailSaysWhoAndNoSecret() throws Exception {
    JsonNode token = ask("POST", "/api/v1/api-tokens", "{\"name\": \"eve\", \"role\": \"viewer\"}");
    String secret = token.path("token").asString();
    doAll();
    HttpRequest login =
        HttpRequest.newBuilder(
                URI.create("http://%s/api/v1/login".formatted(daemon.contact().http())))
            .POST(BodyPublishers.ofString("{\"token\": \"%s\"}".formatted(secret)))
            .build();
    HttpResponse<String> loggedIn = http.send(login, BodyHandlers.ofString());
    String cookie =
        loggedIn.headers().firstValue("Set-Cookie").orElseThrow().replaceAll("^[^=]*=|;.*", "");
    String csrf = JSON.readTree(loggedIn.body()).path("csrf").asString();
    HttpRequest asEve =
        HttpRequest.newBuilder(
                URI.create("http://%s/api/v1/volumes/y".formatted(daemon.contact().http())))
            .DELETE()
            .header("Authorization", "Bearer " + secret)
            .build();
    assertThat(http.send(asEve, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
    String guess = "gantry_guess";
    HttpRequest wrong =
        HttpRequest.newBuilder(URI.create("http://%s/api/v1/me".formatted(daemon.contact().http())))
            .header("Authorization", "Bearer " + guess)
            .build();
    assertThat(http.send(wrong, BodyHandlers.ofString()).statusCode()).isEqualTo(401);
    String local = daemon.contact().token();
    String events = ask("GET", "/api/v1/events?limit=1000", "").toString();
    daemon.close();

    String trail = Files.readString(data.resolve("audit.log"));
    assertThat(trail)
        .contains("\"api.login\"", "\"api.refused\"", "eve may not DELETE_VOLUME")
        .contains("\"who\":\"local\"", "\"daemon.stopping\"");
    for (String text : List.of(trail, events)) {
      assertThat(text)
          .doesNotContain(secret, cookie, csrf, local, guess, SECRET)
          .doesNotContain(Secret.digest(secret), Secret.digest(local));
    }
    trail
        .lines()
        .forEach(line -> assertThat(JSON.readTree(line).path("time").asString()).isNotEmpty());
  }

  /** Begins to read a stream, and reads no byte of it. */
  private Socket deaf() throws IOException {
    Socket deaf = new Socket();
    deaf.setReceiveBufferSize(4096);
    deaf.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), daemon.contact().http().port()));
    deaf.getOutputStream()
        .write(
            ("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                    + "Last-Event-ID: 1\r\nAuthorization: Bearer %s\r\n\r\n"
                        .formatted(daemon.contact().token()))
                .getBytes(StandardCharsets.ISO_8859_1));
    return deaf;
  }

  private void happenMuch() {
    for (int i = 0; i < 256; i++) { // 15 MB, more than what lies in sockets
      daemon.events().add(EventType.WARNING, EventLog.Actor.NOBODY, "x".repeat(60_000));
    }
  }

  /** It hears that its connection is gone when it writes. The test ends only if that happens. */
  @Test
  void aReaderThatTakesNothingIsCutOff() throws Exception {
    try (Socket deaf = deaf()) {
      happenMuch();
      while (true) {
        assertThat(ask("GET", "/api/v1/me", "").path("name").asString()).isEqualTo("local");
        deaf.getOutputStream().write('x');
        LockSupport.parkNanos(100_000_000);
      }
    } catch (SocketException e) {
      assertThat(ask("GET", "/api/v1/me", "").path("name").asString()).isEqualTo("local");
    }
  }

  /** A reader that takes nothing costs the others nothing. */
  @Test
  void aReaderThatTakesNothingHoldsNobodyUp() throws Exception {
    try (Socket _ = deaf()) {
      happenMuch();
      try (Reader reader = new Reader("")) {
        ask("POST", "/api/v1/volumes", "{\"name\": \"x\", \"sizeBytes\": 1048576}");
        assertThat(reader.next().path("type").asString()).isEqualTo("volume.created");
      }
      daemon.close(); // which it does not hold up either
    }
  }
}
