package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.UnmapList;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scrape tells, compared with what initiators have done; and who may ask. */
@NullUnmarked
class MonitoringTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final String INITIATOR = "iqn.2026-11.test:counted";

  /** As the format's description says: a name, labels, a value. */
  private static final Pattern SAMPLE = Pattern.compile("([a-z_][a-z0-9_]*)(\\{.*})? ([0-9.E+-]+)");

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY));
    daemon.pool().createVolume("disk", 64 << 20, 512);
    daemon.pool().createVolume("copy", 64 << 20, 512);
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    daemon.close();
  }

  private HttpResponse<String> get(String path, boolean authorized) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://%s%s".formatted(daemon.contact().http(), path)));
    if (authorized) {
      request.header("Authorization", "Bearer " + daemon.contact().token());
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private record Samples(Map<String, Double> values) {
    Samples has(String name, double value) {
      assertThat(values.get(name)).as(name).isEqualTo(value);
      return this;
    }
  }

  /** Samples by name and labels; checks the form of every line. */
  private Samples scrape() throws Exception {
    HttpResponse<String> response = get("/metrics", true);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/plain; version=0.0.4");
    Map<String, Double> samples = new HashMap<>();
    Map<String, String> help = new HashMap<>();
    for (String line : response.body().lines().toList()) {
      if (line.startsWith("# HELP ")) {
        String[] parts = line.split(" ", 4);
        help.put(parts[2], parts[3]);
      } else if (!line.startsWith("# TYPE ")) {
        Matcher sample = SAMPLE.matcher(line);
        assertThat(sample.matches()).as(line).isTrue();
        String labels = sample.group(2) == null ? "" : sample.group(2);
        Double before = samples.put(sample.group(1) + labels, Double.valueOf(sample.group(3)));
        assertThat(before).as("twice: " + line).isNull();
      }
    }
    for (Metric metric : Metric.values()) {
      if (help.containsKey(metric.documented())) {
        assertThat(help.get(metric.documented())).isEqualTo(metric.help());
      }
    }
    List<String> known = List.of(Metric.values()).stream().map(Metric::documented).toList();
    assertThat(help.keySet()).isSubsetOf(known);
    return new Samples(samples);
  }

  private IscsiSession open(int lun) throws IOException {
    return IscsiSession.open(
        IscsiUrl.parse(daemon.url(lun)), SessionOptions.standard().withInitiatorName(INITIATOR));
  }

  private static ScsiResponse send(IscsiSession session, ScsiRequest request) throws IOException {
    ScsiResponse response = session.execute(request);
    assertThat(response.isGood()).as(response.describe()).isTrue();
    return response;
  }

  private static String io(String metric, String operation) {
    return "gantry_volume_io_%s{operation=\"%s\",volume=\"disk\"}".formatted(metric, operation);
  }

  @Test
  void aScrapeTellsWhatWasDone() throws Exception {
    Samples before = scrape();
    before.has("gantry_pool_writable", 1.0).has("gantry_tokens", 0.0);
    int chunk = 64 << 10;
    try (IscsiSession disk = open(0);
        IscsiSession copy = open(1)) {
      for (int i = 0; i < 8; i++) {
        send(
            disk,
            ScsiRequest.out(
                Cdb.Transfer.write(i * chunk / 512, chunk / 512), ByteBuffer.allocate(chunk)));
      }
      for (int i = 0; i < 20; i++) {
        send(disk, ScsiRequest.in(Cdb.Transfer.read(i, 8), ByteBuffer.allocate(4096)));
      }
      send(disk, ScsiRequest.of(Cdb.SynchronizeCache.all()));
      ByteBuffer unmap = UnmapList.encode(List.of(new BlockRange(4096, 512)));
      send(disk, ScsiRequest.out(new Cdb.Unmap(unmap.remaining()), unmap));
      assertThat(
              disk.execute(ScsiRequest.in(Cdb.Transfer.read(1 << 30, 1), ByteBuffer.allocate(512)))
                  .isGood())
          .isFalse();
      copyByToken(disk, copy, 8 * chunk / 512, 0); // is shared
      copyByToken(disk, copy, 64, 1); // lies differently: is moved
      Samples open = scrape();
      open.has("gantry_sessions{type=\"normal\"}", 2.0)
          .has("gantry_connections", 2.0)
          .has("gantry_tokens", 2.0);
      assertThat(open.values.entrySet())
          .filteredOn(each -> each.getKey().startsWith("gantry_owner_tokens{"))
          .singleElement()
          .satisfies(each -> {
            assertThat(each.getKey()).contains(INITIATOR);
            assertThat(each.getValue()).isEqualTo(2);
          });
    }
    failToLogIn();
    daemon.pool().checkpoint();

    Samples after = scrape();
    after
        .has(io("duration_seconds_count", "write"), 8.0)
        .has(io("bytes_total", "write"), 8.0 * chunk)
        .has(io("duration_seconds_count", "read"), 21.0)
        .has(io("bytes_total", "read"), 20.0 * 4096)
        .has(io("errors_total", "read"), 1.0)
        .has(io("duration_seconds_count", "flush"), 1.0)
        .has(io("bytes_total", "unmap"), 512.0 * 512)
        .has(io("errors_total", "write"), 0.0)
        .has(
            "gantry_initiator_io_bytes_total{initiator=\"%s\",operation=\"write\"}"
                .formatted(INITIATOR),
            8.0 * chunk)
        .has(
            "gantry_initiator_io_duration_seconds_bucket{initiator=\"%s\",operation=\"write\",le=\"+Inf\"}"
                .formatted(INITIATOR),
            8.0)
        .has("gantry_tokens_created_total", 2.0)
        .has("gantry_tokens_redeemed_total", 2.0)
        .has("gantry_copies_total{command=\"write_using_token\",outcome=\"completed\"}", 2.0)
        .has("gantry_copy_bytes_total{method=\"shared\"}", 8.0 * chunk)
        .has("gantry_copy_bytes_total{method=\"copied\"}", 64.0 * 512)
        .has("gantry_copies_moved_total{reason=\"misaligned\"}", 1.0)
        .has("gantry_logins_total", 2.0)
        .has("gantry_logins_refused_total{reason=\"no_login\"}", 1.0)
        .has("gantry_checkpoints_total", 1.0)
        .has("gantry_sessions{type=\"normal\"}", 0.0)
        .has("gantry_pool_volumes", 2.0);
    assertThat(after.values.get("gantry_commits_total")).isPositive();
    assertThat(
            after.values.get(io("duration_seconds_bucket", "read").replace("}", ",le=\"+Inf\"}")))
        .isEqualTo(21);
    double last = 0;
    for (Map.Entry<String, Double> each :
        after.values.entrySet().stream()
            .filter(e ->
                e.getKey()
                    .startsWith(
                        "gantry_volume_io_duration_seconds_bucket{operation=\"read\",volume=\"disk\""))
            .sorted((a, b) -> Double.compare(bound(a.getKey()), bound(b.getKey())))
            .toList()) {
      assertThat(each.getValue()).as(each.getKey()).isGreaterThanOrEqualTo(last);
      last = each.getValue();
    }
    for (String machine :
        List.of(
            "jvm_memory_used_bytes{area=\"heap\"}",
            "process_cpu_seconds_total",
            "process_open_fds",
            "jvm_threads_current",
            "gantry_uptime_seconds")) {
      assertThat(after.values.get(machine)).as(machine).isPositive();
    }

    daemon.pool().deleteVolume(daemon.pool().volume("disk").orElseThrow());
    assertThat(scrape().values.keySet())
        .noneMatch(name -> name.contains("volume=\"disk\""))
        .anyMatch(name -> name.contains("volume=\"copy\""));
  }

  private static double bound(String sample) {
    String le = sample.substring(sample.indexOf("le=\"") + 4, sample.length() - 2);
    return le.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(le);
  }

  /** Makes a token of the first blocks of a volume, and copies from it to another (SPC-4 6.5). */
  private static void copyByToken(IscsiSession from, IscsiSession to, int blocks, int lba)
      throws IOException {
    ByteBuffer populate = ByteBuffer.allocate(32);
    populate.putShort(0, (short) 30).putShort(14, (short) 16).putInt(24, blocks);
    send(from, ScsiRequest.out(new Cdb.TokenOperation(Command.POPULATE_TOKEN, 1, 32), populate));
    ByteBuffer information = ByteBuffer.allocate(1024);
    send(from, ScsiRequest.in(new Cdb.ReceiveRodTokenInformation(1, 1024), information));
    byte[] token = new byte[512];
    information.get(38, token);
    ByteBuffer write = ByteBuffer.allocate(552);
    write.putShort(0, (short) 0x226).put(16, token).putShort(534, (short) 16);
    write.putLong(536, lba).putInt(544, blocks);
    send(to, ScsiRequest.out(new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 2, 552), write));
  }

  /** Something that is no login. */
  private void failToLogIn() throws IOException {
    HostPort portal = daemon.contact().iscsi();
    try (Socket socket = new Socket(portal.host(), portal.port())) {
      byte[] noLogin = new byte[48];
      noLogin[0] = 0x40; // NOP-Out
      socket.getOutputStream().write(noLogin);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void metricsAreForViewersAndHealthIsForAll() throws Exception {
    assertThat(get("/metrics", false).statusCode()).isEqualTo(401);
    HttpResponse<String> live = get("/health/live", false);
    assertThat(live.statusCode()).isEqualTo(200);
    assertThat(live.body()).isEqualTo("{\"status\":\"up\",\"down\":[]}");
    assertThat(get("/health/ready", false).body()).isEqualTo(live.body());
  }

  @Test
  void requestsAreCountedByRoute() throws Exception {
    get("/api/v1/volumes/disk", true);
    get("/api/v1/volumes/copy", true);
    get("/api/v1/volumes/nothing", true);
    get("/api/v1/pool", false);
    for (int i = 0; i < 20; i++) {
      get("/api/made/up/" + i, true);
    }
    Samples samples = scrape();
    String form = "gantry_http_requests_total{method=\"GET\",route=\"%s\",status=\"%d\"}";
    samples
        .has(form.formatted("/api/v1/volumes/{name}", 200), 2.0)
        .has(form.formatted("/api/v1/volumes/{name}", 404), 1.0)
        .has(form.formatted("/api/v1/pool", 401), 1.0)
        .has(form.replace("GET", "other").formatted("other", 404), 20.0);
    assertThat(samples.values.keySet()).noneMatch(name -> name.contains("/made/up"));
  }

  @Test
  void whatTheConfigurationSays() throws Exception {
    Path file = directory.resolve("gantry.toml");
    Files.writeString(file, "[monitoring]\nopenOnLoopback = true\nslowIoMillis = 250\n");
    DaemonSettings settings =
        Configuration.of(file)
            .with("data", directory.resolve("open").toString())
            .with("iscsi", ANY.toString())
            .with("http", ANY.toString())
            .read()
            .settings();
    assertThat(settings.monitoring())
        .isEqualTo(new MonitoringSettings(true, Duration.ofMillis(250)));
    try (Daemon open = Daemon.start(settings)) {
      for (String path : List.of("/metrics", "/api/v1/pool")) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create("http://%s%s".formatted(open.contact().http(), path)))
                .build();
        assertThat(http.send(request, BodyHandlers.ofString()).statusCode())
            .as(path)
            .isEqualTo(path.equals("/metrics") ? 200 : 401);
      }
    }
    for (long wrong : new long[] {0, -1, 3_600_001}) {
      Files.writeString(file, "[monitoring]\nslowIoMillis = %d\n".formatted(wrong));
      assertThatThrownBy(() -> Configuration.of(file).read())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("gantry.toml:2:1: slowIoMillis is " + wrong);
    }
  }
}
