package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.store.PoolLimits;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A daemon on free ports, asked by HTTP. */
@SuppressWarnings("NullAway.Init")
class DaemonTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private DaemonSettings settings;
  private Daemon daemon;

  private record Answer(int status, JsonNode body) {}

  @BeforeEach
  void start() throws IOException {
    settings = DaemonSettings.of(directory.resolve("data"), ANY, ANY);
    daemon = Daemon.start(settings);
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    daemon.close();
  }

  private HttpRequest.Builder request(String method, String path, String body) {
    URI uri = URI.create("http://%s%s".formatted(daemon.contact().http(), path));
    return HttpRequest.newBuilder(uri).method(method, BodyPublishers.ofString(body));
  }

  private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
    return new Answer(
        response.statusCode(),
        response.body().isEmpty() ? JSON.nullNode() : JSON.readTree(response.body()));
  }

  private Answer ask(String method, String path, String body)
      throws IOException, InterruptedException {
    return send(
        request(method, path, body).header("Authorization", "Bearer " + daemon.contact().token()));
  }

  private Answer create(String body) throws IOException, InterruptedException {
    return ask("POST", "/api/v1/volumes", body);
  }

  @Test
  void volumesComeAndGo() throws Exception {
    Answer made = create("{\"name\": \"one\", \"sizeBytes\": 1048576, \"blockBytes\": 4096}");
    assertThat(made.status).isEqualTo(201);
    assertThat(made.body.path("lun").asInt(-1)).isZero();
    assertThat(made.body.path("url").asString())
        .isEqualTo("iscsi://%s/iqn.2026-11.io.gantry:default/0", daemon.contact().iscsi());
    create("{\"name\": \"two\", \"sizeBytes\": 512}");

    assertThat(ask("GET", "/api/v1/volumes", "").body)
        .extracting(volume -> volume.path("name").asString())
        .containsExactly("one", "two");
    Answer two = ask("GET", "/api/v1/volumes/two", "");
    assertThat(two.body.path("blockBytes").asInt()).isEqualTo(512);
    assertThat(two.body.path("physicalBlockBytes").asInt()).isEqualTo(512);
    assertThat(ask("GET", "/api/v1/pool", "").body.path("volumes").asInt()).isEqualTo(2);

    assertThat(ask("DELETE", "/api/v1/volumes/one", "").status).isEqualTo(204);
    assertThat(ask("GET", "/api/v1/volumes/one", "").status).isEqualTo(404);
  }

  @Test
  void physicalBlocks() throws Exception {
    String form = "{\"name\": \"%s\", \"sizeBytes\": 8192, \"physicalBlockBytes\": %d}";
    assertThat(create(form.formatted("e", 4096)).body.path("physicalBlockBytes").asInt())
        .isEqualTo(4096);
    Answer clone = ask("POST", "/api/v1/volumes/e/clones", "{\"name\": \"c\"}");
    assertThat(clone.body.path("physicalBlockBytes").asInt()).isEqualTo(4096);
    for (int wrong : new int[] {-1, 256, 513, 1 << 17}) {
      assertThat(create(form.formatted("x", wrong)).status).as("%d", wrong).isEqualTo(400);
    }
  }

  @Test
  void volumesOutliveTheDaemon() throws Exception {
    create("{\"name\": \"kept\", \"sizeBytes\": 1048576}");
    daemon.close();
    daemon = Daemon.start(settings);
    assertThat(ask("GET", "/api/v1/volumes/kept", "").status).isEqualTo(200);
  }

  @Test
  void nobodyIsServedWithoutTheToken() throws Exception {
    String token = daemon.contact().token();
    assertThat(token).matches("gantry_[0-9A-Za-z_-]{43}");
    assertThat(send(request("GET", "/api/v1/volumes", "")).status).isEqualTo(401);
    for (String wrong :
        new String[] {"Bearer ", "Bearer x", token, "Bearer " + token + "0", "bearer " + token}) {
      Answer answer = send(request("GET", "/api/v1/pool", "").header("Authorization", wrong));
      assertThat(answer.status).as(wrong).isEqualTo(401);
      assertThat(answer.body.path("error").asString()).contains("daemon.json");
    }
    assertThat(send(request("GET", "/api/v1/nowhere", "")).status).isEqualTo(401);
    assertThat(send(request("PUT", "/api/v1/pool", "")).status).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{}",
        "{\"name\": \"x\"}",
        "null",
        "5",
        "{\"name\": 5, \"sizeBytes\": 512}",
        "{\"name\": true, \"sizeBytes\": 512}",
        "{\"name\": [\"x\"], \"sizeBytes\": 512}",
        "{\"name\": \"x\", \"sizeBytes\": \"512\"}",
        "{\"name\": \"x\", \"sizeBytes\": 512.5}",
        "{\"name\": \"x\", \"sizeBytes\": 1e300}",
        "{\"name\": \"x\", \"sizeBytes\": 512, \"blockBytes\": null}",
        "{\"name\": \"x\", \"sizeBytes\": 512, \"name\": \"y\"}",
        "{\"name\": \"x\", \"sizeBytes\": 512} more",
        "{\"name\": \"x\\u0000\", \"sizeBytes\": 512}",
        "{\"name\": \"x\", \"sizeBytes\": \"big\"}",
        "{\"name\": \"x\", \"sizeBytes\": 0}",
        "{\"name\": \"x\", \"sizeBytes\": -512}",
        "{\"name\": \"x\", \"sizeBytes\": 1000}",
        "{\"name\": \"x\", \"sizeBytes\": 9223372036854775807}",
        "{\"name\": \"x\", \"sizeBytes\": 4096, \"blockBytes\": 1024}",
        "{\"name\": \"x\", \"sizeBytes\": 4096, \"colour\": \"red\"}",
        "{\"name\": \"\", \"sizeBytes\": 4096}",
        "{\"name\": \"../x\", \"sizeBytes\": 4096}",
        "{\"name\": null, \"sizeBytes\": 4096}",
      })
  void aBadRequestIsRefusedInWords(String body) throws Exception {
    Answer answer = create(body);
    assertThat(answer.status).isEqualTo(400);
    assertThat(answer.body.path("error").asString()).isNotEmpty();
    assertThat(daemon.pool().volumes()).isEmpty();
  }

  @Test
  void aNameIsTakenOnce() throws Exception {
    create("{\"name\": \"x\", \"sizeBytes\": 4096}");
    Answer again = create("{\"name\": \"x\", \"sizeBytes\": 8192}");
    assertThat(again.status).isEqualTo(409);
    assertThat(again.body.path("error").asString()).contains("'x' already");
  }

  @Test
  void whatIsNotThereIsNotFound() throws Exception {
    assertThat(ask("GET", "/api/v1/volumes/none", "").body.path("error").asString())
        .contains("no volume 'none'");
    assertThat(ask("DELETE", "/api/v1/volumes/none", "").status).isEqualTo(404);
    assertThat(ask("PUT", "/api/v1/volumes/none", "").status).isEqualTo(405);
    assertThat(ask("GET", "/api/v1/nothing", "").status).isEqualTo(404);
    assertThat(ask("GET", "/nothing", "").status).isEqualTo(404);
    assertThat(ask("GET", "/api/v1/volumes/../../../etc/passwd", "").status).isEqualTo(404);
    assertThat(ask("GET", "/api/v1/volumes/..%2F..%2Fpool", "").status).isEqualTo(404);
    assertThat(ask("GET", "/api/v1/volumes/%00", "").status).isEqualTo(404);
  }

  @Test
  void aPathParameterIsNotCutOff() throws Exception {
    create("{\"name\": \"x\", \"sizeBytes\": 4096}");
    assertThat(ask("DELETE", "/api/v1/volumes/x;y=z", "").status).isEqualTo(404);
    assertThat(daemon.pool().volumes()).hasSize(1);
  }

  @Test
  void ofConcurrentCreationsOneWins() {
    List<Integer> statuses =
        Stream.generate(() ->
                http.sendAsync(
                    request("POST", "/api/v1/volumes", "{\"name\": \"x\", \"sizeBytes\": 4096}")
                        .header("Authorization", "Bearer " + daemon.contact().token())
                        .build(),
                    BodyHandlers.ofString()))
            .limit(10)
            .toList()
            .stream()
            .map(answer -> answer.join().statusCode())
            .sorted()
            .toList();
    assertThat(statuses).startsWith(201, 409).hasSize(10).endsWith(409);
    assertThat(daemon.pool().volumes()).hasSize(1);
  }

  @Test
  void aBodyHasALimit() throws Exception {
    Answer refused = create(" ".repeat(100_000));
    assertThat(refused.status).isEqualTo(413);
    assertThat(refused.body.path("error").asString()).contains("longer");
  }

  @Test
  void onlyTheOwnerReadsHowToReachTheDaemon() throws Exception {
    Path contact = settings.data().resolve("daemon.json");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(contact)))
        .isEqualTo("rw-------");
    assertThat(DaemonContact.read(settings.data())).hasValue(daemon.contact());
    daemon.close();
    assertThat(contact).doesNotExist();
    assertThat(DaemonContact.read(settings.data())).isEmpty();
  }

  @Test
  void aDirectoryHasOneDaemonAndAnAddressToo() throws IOException {
    assertThatThrownBy(() -> Daemon.start(settings))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("in use")
        .hasMessageContaining("process %d serves it", ProcessHandle.current().pid());
    Path other = directory.resolve("other");
    assertThatThrownBy(
            () -> Daemon.start(DaemonSettings.of(other, new HostPort("host.invalid", 1), ANY)))
        .hasMessage(
            "cannot listen on host.invalid:1: no such host; choose another address with --iscsi");
    Path file = Files.writeString(directory.resolve("file"), "x");
    assertThatThrownBy(() -> Daemon.start(DaemonSettings.of(file, ANY, ANY)))
        .hasMessageContaining("is a file, not a directory");
    assertThatThrownBy(() -> Daemon.start(DaemonSettings.of(other, daemon.contact().iscsi(), ANY)))
        .hasMessageContaining("choose another address with --iscsi");
    assertThatThrownBy(() -> Daemon.start(DaemonSettings.of(other, ANY, daemon.contact().http())))
        .hasMessageContaining("choose another address with --http");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:3260, 127.0.0.1, 3260",
    "[::1]:0, ::1, 0",
    "storage.example:65535, storage.example, 65535"
  })
  void addressesAreRead(String text, String host, int port) {
    assertThat(HostPort.parse(text)).isEqualTo(new HostPort(host, port)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":1", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80"})
  void otherTextsAreNoAddresses(String text) {
    assertThatThrownBy(() -> HostPort.parse(text)).hasMessageContaining("HOST:PORT");
  }

  @Test
  void aPoolIsMadeAsTheSettingsSay() throws IOException {
    Path data = directory.resolve("made");
    PoolSettings settings =
        new PoolSettings(256 << 10, 1 << 20, 8 << 20, true, PoolLimits.defaults());
    DaemonSettings all = DaemonSettings.of(data, ANY, ANY).withPool(settings);
    try (Daemon made = Daemon.start(all)) {
      assertThat(made.pool().chunkBytes()).isEqualTo(256 << 10);
      assertThat(Files.size(data.resolve("chunks"))).isEqualTo(8 << 20);
    }
    assertThatThrownBy(() -> new PoolSettings(3000, 1 << 20, 0, false, PoolLimits.defaults()))
        .hasMessageContaining("3,000 is no size of chunks: a power of two");
  }
}
