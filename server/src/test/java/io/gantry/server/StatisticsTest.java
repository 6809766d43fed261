package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The counters that a console polls, compared with what an initiator has done. */
@NullUnmarked
class StatisticsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final String INITIATOR = "iqn.2026-11.test:counted";

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY));
    daemon.pool().createVolume("disk", 1 << 20, 512);
    daemon.pool().createVolume("idle", 1 << 20, 512);
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    daemon.close();
  }

  private JsonNode statistics() throws Exception {
    return get("", 200);
  }

  private JsonNode get(String path, int status) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://%s/api/v1/statistics%s".formatted(daemon.contact().http(), path)))
            .header("Authorization", "Bearer " + daemon.contact().token())
            .build();
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    assertThat(response.statusCode()).as(path).isEqualTo(status);
    return new JsonMapper().readTree(response.body());
  }

  private static long sum(JsonNode numbers) {
    return numbers.valueStream().mapToLong(JsonNode::asLong).sum();
  }

  @Test
  void countersAreWhatWasDone() throws Exception {
    JsonNode before = statistics();
    SessionOptions options = SessionOptions.standard().withInitiatorName(INITIATOR);
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(daemon.url(0)), options)) {
      for (int i = 0; i < 7; i++) {
        session.execute(ScsiRequest.out(Cdb.Transfer.write(8L * i, 8), ByteBuffer.allocate(4096)));
      }
      for (int i = 0; i < 5; i++) {
        session.execute(ScsiRequest.in(Cdb.Transfer.read(0, 16), ByteBuffer.allocate(8192)));
      }
      session.execute(ScsiRequest.of(Cdb.SynchronizeCache.all()));
      assertThat(statistics().at("/portal/sessions").asInt()).isEqualTo(1);
    }
    JsonNode after = statistics();
    assertThat(after.get("started")).isEqualTo(before.get("started"));
    assertThat(after.get("uptimeMicros").asLong())
        .isGreaterThan(before.get("uptimeMicros").asLong());
    JsonNode disk = after.at("/volumes/0");
    assertThat(disk.get("name").asString()).isEqualTo("disk");
    for (JsonNode io :
        new JsonNode[] {disk.get("io"), after.get("total"), after.at("/initiators/0/io")}) {
      assertThat(io.at("/write/operations").asLong()).isEqualTo(7);
      assertThat(io.at("/write/bytes").asLong()).isEqualTo(7 * 4096);
      assertThat(io.at("/read/operations").asLong()).isEqualTo(5);
      assertThat(io.at("/read/bytes").asLong()).isEqualTo(5 * 8192);
      assertThat(io.at("/read/errors").asLong()).isZero();
      assertThat(sum(io.at("/read/latencies"))).isEqualTo(5);
      assertThat(io.at("/flush/operations").asLong()).isEqualTo(1);
    }
    assertThat(after.at("/initiators/0/name").asString()).isEqualTo(INITIATOR);
    assertThat(disk.at("/io/read/latencies")).hasSize(after.get("latencyBoundsMicros").size() + 1);
    assertThat(after.at("/volumes/1/io/read/operations").asLong()).isZero();
    assertThat(after.at("/portal/logins").asLong()).isEqualTo(1);
    assertThat(after.at("/tokens/ended/expired").asLong()).isZero();

    daemon.pool().deleteVolume(daemon.pool().volume("disk").orElseThrow());
    JsonNode deleted = statistics();
    assertThat(deleted.get("volumes")).hasSize(1);
    assertThat(deleted.at("/total/write/operations").asLong()).isEqualTo(7);
  }

  @Test
  void whatWasDoneBecomesHistory() throws Exception {
    SessionOptions options = SessionOptions.standard().withInitiatorName(INITIATOR);
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(daemon.url(0)), options)) {
      for (int i = 0; i < 7; i++) {
        session.execute(ScsiRequest.out(Cdb.Transfer.write(8L * i, 8), ByteBuffer.allocate(4096)));
      }
    }
    JsonNode all = get("/history", 200);
    while (sum(all.get("writes")) < 7) {
      all = get("/history", 200);
    }
    assertThat(sum(all.get("writeBytes"))).isEqualTo(7 * 4096);
    assertThat(all.get("started")).isEqualTo(statistics().get("started"));
    for (String field : new String[] {"micros", "reads", "readHighMicros", "writeMedianMicros"}) {
      assertThat(all.get(field)).as(field).hasSameSizeAs(all.get("millis"));
    }
    JsonNode disk = get("/history?lun=0", 200);
    assertThat(sum(disk.get("writes"))).isEqualTo(7);
    assertThat(sum(get("/history?lun=1", 200).get("writes"))).isZero();
    JsonNode later = get("/history?lun=0&after=" + disk.get("last").asLong(), 200);
    assertThat(sum(later.get("writes"))).isZero();
    assertThat(get("/history?lun=7", 404).get("error").asString()).contains("LUN 7");
    get("/history?minutes=61", 400);
    get("/history?minutes=0", 400);
  }
}
