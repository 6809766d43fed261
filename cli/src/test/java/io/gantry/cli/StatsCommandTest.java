package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.data.Percentage;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Rates as the command line shows them. */
@NullUnmarked
class StatsCommandTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  @TempDir private Path directory;
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    daemon = Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY));
    daemon.pool().createVolume("disk", 1 << 20, 512);
    daemon.pool().createVolume("idle", 1 << 20, 512);
  }

  @AfterEach
  void stop() throws IOException {
    daemon.close();
  }

  private String run(int exitCode, String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
    String[] all = List.of(arguments).toArray(new String[arguments.length + 2]);
    all[arguments.length] = "--data";
    all[arguments.length + 1] = directory.resolve("data").toString();
    assertThat(line.execute(all)).as(out.toString()).isEqualTo(exitCode);
    return out.toString();
  }

  @Test
  void ratesUnderLoad() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    SessionOptions options = SessionOptions.standard().withInitiatorName("iqn.2026-11.test:busy");
    try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(daemon.url(0)), options)) {
      Thread load =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  while (!done.get()) {
                    session.execute(
                        ScsiRequest.out(Cdb.Transfer.write(0, 8), ByteBuffer.allocate(4096)));
                    session.execute(
                        ScsiRequest.in(Cdb.Transfer.read(0, 8), ByteBuffer.allocate(4096)));
                  }
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      try {
        JsonNode rates = new JsonMapper().readTree(run(0, "stats", "--interval", "0.3", "--json"));
        JsonNode disk = rates.get("rows").get(0);
        assertThat(disk.get("name").asString()).isEqualTo("disk");
        for (String kind : List.of("read", "write")) {
          JsonNode flow = disk.get(kind);
          double operations = flow.get("operationsPerSecond").asDouble();
          assertThat(operations).isPositive();
          assertThat(flow.get("bytesPerSecond").asDouble())
              .isCloseTo(operations * 4096, Percentage.withPercentage(0.1));
          assertThat(flow.get("p99Micros").asDouble())
              .isGreaterThanOrEqualTo(flow.get("p50Micros").asDouble());
        }
        assertThat(rates.get("rows").get(1).get("read").get("operationsPerSecond").asDouble())
            .isZero();
        assertThat(rates.get("sessions").asInt()).isEqualTo(1);
        String table = run(0, "stats", "--interval", "0.2");
        assertThat(table.lines().toList())
            .hasSize(5)
            .satisfies(lines -> {
              assertThat(lines.get(0)).startsWith("VOLUME").contains("READS/s", "P99");
              assertThat(lines.get(1)).startsWith("disk").contains("iB/s").doesNotContain("\033");
              assertThat(lines.get(2)).startsWith("idle").endsWith("-");
              assertThat(lines.get(3)).startsWith("total");
              assertThat(lines.get(4)).startsWith("1 sessions, 0 tokens");
            });
        assertThat(run(0, "stats", "--interval", "0.1", "--initiators"))
            .contains("INITIATOR", "iqn.2026-11.test:busy");
        List<String> lines =
            run(0, "stats", "--count", "3", "--interval", "0.1", "--json").lines().toList();
        assertThat(lines).hasSize(3).allMatch(line -> line.startsWith("{\"time\""));
      } finally {
        done.set(true);
        load.join();
      }
    }
  }

  @Test
  void wrongUse() {
    assertThat(run(2, "stats", "--interval", "0")).contains("0.1 to 3600");
    assertThat(run(2, "stats", "--interval", "NaN")).contains("0.1 to 3600");
    assertThat(run(2, "stats", "--count", "0")).contains("1 or more");
  }
}
