package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.cli.ServerProcess.Finished;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.server.DaemonContact;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Signals to a server that is a process of its own, while much is going on. */
@NullUnmarked
@Timeout(300)
class LifecycleIT {
  @TempDir private Path directory;

  private static void signal(Process process, String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** A session of its own; one of the same identity would take another's place. */
  private static IscsiSession open(String url, int identity) throws IOException {
    Duration timeout = Duration.ofSeconds(30);
    IscsiSession session =
        IscsiSession.open(
            IscsiUrl.parse(url),
            new SessionOptions("iqn.2026-11.io.gantry:lifecycle", identity, timeout, timeout));
    session.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
    return session;
  }

  private static String run(String... arguments) throws Exception {
    Finished finished = ServerProcess.run(arguments);
    assertThat(finished.exit()).as(finished.error()).isZero();
    return finished.output();
  }

  private static void awaitText(Path file, String text) throws IOException {
    while (!Files.readString(file).contains(text)) {
      Thread.onSpinWait();
    }
  }

  /** What is wrong is told where the log goes; what is right comes into force; sessions stay. */
  @Test
  void hangUpReadsTheConfigurationAgain() throws Exception {
    assumeTrue(Launcher.hears(Launcher.SIGHUP), "SIGHUP is ignored here: run without nohup");
    Path data = directory.resolve("data");
    Path config = Files.writeString(directory.resolve("gantry.toml"), "[copy]\ndepth = 3\n");
    Path errors = directory.resolve("errors");
    Process server =
        ServerProcess.command(
                "serve",
                "--data",
                data.toString(),
                "--iscsi",
                "127.0.0.1:0",
                "--http",
                "127.0.0.1:0",
                "--config",
                config.toString())
            .redirectError(errors.toFile())
            .start();
    try {
      assertThat(server.inputReader(StandardCharsets.UTF_8).readLine()).startsWith("ready");
      String url =
          run("volume", "create", "disk", "1M", "--data", data.toString())
              .lines()
              .toList()
              .getLast();
      try (IscsiSession session = open(url, 1)) {
        Files.writeString(config, "[copy]\ndepth = 9\n[log]\nlevel = \"info\"\n");
        signal(server, "HUP");
        awaitText(errors, "the configuration was read again; changed: [copy.depth, log.level]");

        Files.writeString(config, "[copy]\ndepth = 10\ndepht = 1\n");
        signal(server, "HUP");
        awaitText(errors, "nothing has changed: " + config + ":3:1: copy.depht: there is no such");

        assertThat(run("config", "show", "--data", data.toString()))
            .containsPattern("copy.depth +9 ");
        assertThat(session.execute(ScsiRequest.of(new Cdb.TestUnitReady())).describe())
            .isEqualTo("GOOD");
        assertThat(run("events", "--data", data.toString())).contains("config.reloaded");
      }
      server.destroy();
      assertThat(server.waitFor()).isIn(0, 143);
    } finally {
      server.destroyForcibly();
    }
  }

  private static Socket request(DaemonContact contact, String text) throws IOException {
    Socket socket = new Socket(contact.http().host(), contact.http().port());
    socket
        .getOutputStream()
        .write(
            (text + "Host: localhost\r\nAuthorization: Bearer %s\r\n".formatted(contact.token()))
                .getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Writes until it may not any more; the reason. */
  private static String writeForEver(IscsiSession session, CountDownLatch begun) {
    byte[] content = new byte[64 << 10];
    try {
      for (int i = 0; ; i = (i + 1) % 16) {
        session.execute(
            ScsiRequest.out(Cdb.Transfer.write(i * 128L, 128), ByteBuffer.wrap(content)));
        begun.countDown();
      }
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /**
   * Nobody who is connected holds it up: it ends in time ({@link ServerProcess#stop}), having told
   * the initiators, and what is left is consistent.
   */
  @Test
  void aServerStopsWhateverIsGoingOn() throws Exception {
    Path data = directory.resolve("data");
    Path config = Files.writeString(directory.resolve("slow.toml"), "[copy]\nrate = \"1M\"\n");
    ServerProcess server = ServerProcess.start(data, "--config", config.toString());
    String from = server.createVolume("from", 64 << 20);
    String to = server.createVolume("to", 64 << 20);
    String busy = server.createVolume("busy", 64 << 20);
    DaemonContact contact = DaemonContact.read(data).orElseThrow();
    byte[] content = new byte[16 << 20];
    new Random(1).nextBytes(content);
    try (IscsiSession source = open(from, 1);
        IscsiSession copying = open(to, 2);
        IscsiSession writing = open(busy, 3);
        Socket body = request(contact, "POST /api/v1/volumes HTTP/1.1\r\nContent-Length: 99\r\n");
        Socket head = request(contact, "GET /api/v1/volumes HTTP/1.1\r\n");
        Socket events =
            request(contact, "GET /api/v1/events HTTP/1.1\r\nAccept: text/event-stream\r\n")) {
      body.getOutputStream().write("\r\n{\"name\":".getBytes(StandardCharsets.ISO_8859_1));
      events.getOutputStream().write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
      BufferedReader told =
          new BufferedReader(
              new InputStreamReader(events.getInputStream(), StandardCharsets.UTF_8));
      assertThat(told.readLine()).contains("200");
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<String> end =
          CompletableFuture.supplyAsync(() -> writeForEver(writing, begun));
      BackgroundCopyIT.begin(copying, 2, BackgroundCopyIT.fill(source, content));
      begun.await();

      server.stop();

      assertThat(end.join()).isNotEmpty();
      assertThatThrownBy(
              () -> {
                while (true) {
                  source.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("asked for a logout");
      assertThat(head.isConnected()).isTrue(); // it was there all the time
    }
    assertThat(data.resolve("daemon.json")).doesNotExist();
    assertThat(run("check", data.toString())).isNotEmpty();
    assertThat(Files.readString(data.resolve("audit.log"))).contains("daemon.stopping");
  }
}
