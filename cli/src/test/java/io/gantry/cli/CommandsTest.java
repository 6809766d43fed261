package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.store.Extent;
import io.gantry.store.Token;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands, in this process, on a daemon in this process. */
@SuppressWarnings("NullAway.Init")
class CommandsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  @TempDir private static Path directory;
  private static Path data;
  private static Daemon daemon;

  private record Outcome(int exitCode, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  @BeforeAll
  static void start() throws IOException {
    data = directory.resolve("data");
    daemon = Daemon.start(DaemonSettings.of(data, ANY, ANY));
  }

  @AfterAll
  static void stop() throws IOException {
    daemon.close();
  }

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return new Outcome(line.execute(arguments), out.toString(), err.toString());
  }

  /** An administrative command on the test's daemon. */
  private static Outcome administer(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--data", data.toString()));
    return run(all.toArray(String[]::new));
  }

  private static Path noise(String name, int bytes) throws IOException {
    byte[] noise = new byte[bytes];
    new SplittableRandom(name.hashCode()).nextBytes(noise);
    return Files.write(directory.resolve(name), noise);
  }

  private static String url(Outcome created) {
    assertThat(created.exitCode).as(created.err).isZero();
    return created.lines().getLast();
  }

  @Test
  void aVolumeIsCreatedShownAndDeleted() {
    Outcome created = administer("volume", "create", "shown", "512M");
    assertThat(url(created))
        .matches("iscsi://127\\.0\\.0\\.1:\\d+/iqn\\.2026-11\\.io\\.gantry:default/\\d+");
    assertThat(administer("volume", "show", "shown").out)
        .contains("512 MiB (536,870,912 bytes)", url(created));
    assertThat(administer("volume", "list").lines().getFirst())
        .matches("LUN +NAME +SIZE +MAPPED +UNIQUE +BLOCK +URL");
    String json = administer("volume", "list", "--json").out;
    assertThat(new JsonMapper().readTree(json))
        .anySatisfy(volume -> assertThat(volume.path("name").asString()).isEqualTo("shown"));
    assertThat(administer("volume", "delete", "shown").exitCode).isZero();
    assertThat(administer("volume", "show", "shown").exitCode).isEqualTo(1);
  }

  @Test
  void snapshotsAndClonesShareAndGoBack() throws IOException {
    Path in = noise("golden", 2 << 20);
    assertThat(url(administer("volume", "import", "golden", in.toString()))).isNotEmpty();
    assertThat(administer("snapshot", "create", "golden", "clean").exitCode).isZero();
    assertThat(administer("snapshot", "create", "golden", "clean").err)
        .isEqualTo("gantry: volume golden has a snapshot clean already\n");
    String clone = url(administer("volume", "clone", "golden@clean", "clone"));
    String golden = url(administer("volume", "clone", "golden", "other")).replaceAll("\\d+$", "");
    assertThat(clone).startsWith(golden);
    var view = new JsonMapper().readTree(administer("volume", "show", "clone", "--json").out);
    assertThat(view.path("mappedBytes").asLong()).isEqualTo(2 << 20);
    assertThat(view.path("uniqueBytes").asLong()).isZero();
    Path out = directory.resolve("clone.img");
    assertThat(administer("volume", "export", "clone", out.toString()).exitCode).isZero();
    assertThat(out).hasSameBinaryContentAs(in);

    // The clone is written to; the snapshot is not, and the volume goes back to it.
    assertThat(run("copy", noise("changed", 2 << 20).toString(), clone).exitCode).isZero();
    assertThat(administer("snapshot", "rollback", "golden", "clean").exitCode).isZero();
    assertThat(administer("volume", "export", "golden", out.toString()).exitCode).isZero();
    assertThat(out).hasSameBinaryContentAs(in);
    assertThat(administer("snapshot", "list", "golden").lines().getLast())
        .matches("golden +clean +2.00 MiB +2.00 MiB +0 B +\\S+Z");

    assertThat(administer("volume", "delete", "golden").err)
        .contains("has snapshots (1): delete them first");
    assertThat(administer("snapshot", "delete", "golden", "clean").exitCode).isZero();
    assertThat(administer("volume", "delete", "golden").exitCode).isZero();
  }

  @Test
  void aVolumeIsResizedRenamedAndProtected() throws IOException {
    Path in = noise("small", 1 << 20);
    String url = url(administer("volume", "import", "sized", in.toString()));
    assertThat(administer("volume", "resize", "sized", "2M").exitCode).isZero();
    assertThat(administer("volume", "resize", "sized", "512K").err).contains("has data behind");
    assertThat(administer("volume", "resize", "sized", "512K", "--force").exitCode).isZero();
    assertThat(url(administer("volume", "rename", "sized", "renamed"))).isEqualTo(url);
    assertThat(administer("volume", "protect", "renamed").exitCode).isZero();
    Path half = noise("half", 512 << 10);
    assertThat(run("copy", half.toString(), url).err).contains("write protected");
    assertThat(administer("volume", "protect", "--off", "renamed").exitCode).isZero();
    assertThat(run("copy", half.toString(), url).exitCode).isZero();
  }

  @Test
  void tokensAreListedAndRevoked() throws IOException {
    var volume = daemon.pool().createVolume("frozen", 1 << 20, 512);
    var token =
        daemon
            .pool()
            .freeze(
                volume,
                List.of(new Extent(0, 1 << 20)),
                Token.Terms.idle(86_400_000).withLifetime(90_999).asPersistent())
            .orElseThrow();
    String id = "%016x".formatted(token.number());
    assertThat(administer("token", "list").out)
        .contains("ID                VOLUME  CREATED")
        .containsPattern(id + " +frozen +\\S+Z +1.00 MiB +0 B +(90.0|89.0) s +persistent");
    var view = new JsonMapper().readTree(administer("token", "list", "--json").out).path(0);
    assertThat(view.path("lifetimeSeconds").asLong()).isEqualTo(90);
    assertThat(view.path("inactivityTimeoutSeconds").asLong()).isEqualTo(86_400);
    assertThat(view.path("persistent").asBoolean()).isTrue();
    assertThat(administer("token", "revoke", id).exitCode).isZero();
    assertThat(daemon.pool().token(token.number())).isEmpty();
    assertThat(administer("token", "revoke", id).err).contains("there is no token");
  }

  @Test
  void aPoolIsScrubbedAndAVolumeIsMapped() throws IOException {
    var volume = daemon.pool().createVolume("imaged", 4 << 20, 512);
    volume.write(1 << 20, java.nio.ByteBuffer.allocate(1 << 20));
    daemon.pool().createSnapshot(volume, "s");
    volume.write(1 << 20, java.nio.ByteBuffer.allocate(64 << 10));
    assertThat(administer("volume", "map", "imaged").out)
        .containsPattern(" 0 +1048576 +1.00 MiB +hole")
        .containsPattern("1048576 +65536 +64.0 KiB +own")
        .containsPattern("1114112 +983040 +960 KiB +shared");
    assertThat(administer("volume", "map", "imaged", "--json").out).contains("\"state\" : \"own\"");
    Outcome scrubbed = administer("pool", "scrub");
    assertThat(scrubbed.exitCode).isZero();
    assertThat(scrubbed.out).contains("scrub: finished; read ", "16 got a checksum");
    assertThat(administer("pool", "scrub", "--status").out).contains("nothing wrong");
    assertThat(administer("pool", "scrub", "--stop").exitCode).isZero();
    try (var chunks = new java.io.RandomAccessFile(data.resolve("chunks").toFile(), "rw")) {
      for (long at = 5; at < chunks.length(); at += 1 << 16) { // whichever are the snapshot's
        chunks.seek(at);
        int old = chunks.read();
        chunks.seek(at);
        chunks.write(old ^ 1);
      }
    }
    Outcome spoiled = administer("pool", "scrub", "--rate", "1G");
    assertThat(spoiled.exitCode).isEqualTo(1);
    assertThat(spoiled.out).contains("finding: snapshot imaged@s: byte", "16 findings");
  }

  @Test
  void thePoolSaysHowItStands() {
    Outcome status = administer("pool", "status");
    assertThat(status.exitCode).as(status.err).isZero();
    assertThat(status.out)
        .containsPattern("(?m)^capacity +[0-9.]+ .iB$")
        .containsPattern("(?m)^used +.* %; warning at 85%, limit none$")
        .containsPattern("(?m)^  pinned +.* in tokens only; limit 50%; of one initiator 25%$")
        .containsPattern("(?m)^tokens +\\d+ +limit 65,536; of one initiator 16,384$");
    var view = new JsonMapper().readTree(administer("pool", "status", "--json").out);
    assertThat(view.path("capacityBytes").asLong()).isPositive();
    assertThat(view.path("warnings").isArray()).isTrue();
  }

  @Test
  void aPoolIsChecked() throws IOException {
    Path whole = directory.resolve("whole");
    Daemon.start(DaemonSettings.of(whole, ANY, ANY)).close();
    Outcome consistent = run("check", whole.toString());
    assertThat(consistent.exitCode).isZero();
    assertThat(consistent.out).contains("consistent; 0 volumes");
    Outcome repaired = run("check", "--repair", whole.toString());
    assertThat(repaired.exitCode).isZero();
    assertThat(repaired.out)
        .contains("repaired: the room of 0 bytes of free chunks was given back")
        .contains("repaired: a checkpoint was written");
    assertThat(run("check", "--quick", "--json", whole.toString()).out)
        .contains("\"usedChunks\" : 0")
        .contains("\"repaired\" : [ ]");
    byte[] root = Files.readAllBytes(whole.resolve("pool"));
    root[40] ^= 1;
    Files.write(whole.resolve("pool"), root);
    Outcome damaged = run("check", whole.toString());
    assertThat(damaged.exitCode).isEqualTo(1);
    assertThat(damaged.out).contains("finding: ").contains("NOT consistent");
    assertThat(run("check", "--repair", whole.toString()).out).contains("nothing was repaired");
    assertThat(run("check", data.toString()).err).contains("in use");
  }

  @Test
  void aFileComesBackAsItWent() throws IOException {
    Path in = noise("in", 3_000_001);
    Path out = directory.resolve("out");
    assertThat(url(administer("volume", "import", "image", in.toString()))).startsWith("iscsi://");
    Outcome exported = administer("volume", "export", "image", out.toString());
    assertThat(exported.exitCode).as(exported.err).isZero();
    // Up to the next block of 512 bytes there are zeros.
    assertThat(Files.readAllBytes(out)).isEqualTo(Arrays.copyOf(Files.readAllBytes(in), 3_000_320));
  }

  @Test
  void aCopySaysHowItWasDone() throws IOException {
    Path in = noise("source", 4 << 20);
    String from = url(administer("volume", "import", "from", in.toString()));
    String to = url(administer("volume", "create", "to", "4M"));

    Outcome byToken = run("copy", "--verify", from, to);
    assertThat(byToken.exitCode).as(byToken.err).isZero();
    assertThat(byToken.lines())
        .anyMatch(line -> line.matches(" *offloaded by token +4.00 MiB .*of one instant"))
        .anyMatch(line -> line.matches("copied 4.00 MiB in .*; it is on stable storage"))
        .anyMatch(line -> line.matches(" *blocks moved +0 B"))
        .anyMatch(line -> line.contains("every byte is the same"));

    Path out = directory.resolve("copied");
    Outcome toFile = run("copy", from, out.toString());
    assertThat(toFile.out).contains("not offloaded: " + out + " is a file", "(4.00 MiB from");
    assertThat(out).hasSameBinaryContentAs(in);

    Outcome only = run("copy", "--method", "odx", from, out.toString());
    assertThat(only.exitCode).isEqualTo(1);
    assertThat(only.err).startsWith("gantry: ").hasLineCount(1);
  }

  @Test
  void aCopyTellsProgramsWhatItDid() throws IOException {
    Path in = noise("json", 2 << 20);
    Path out = directory.resolve("json-copy");
    Outcome copied = run("copy", "--json", "--verify", in.toString(), out.toString());
    JsonNode report = new JsonMapper().readTree(copied.out);
    assertThat(report.path("done").asBoolean()).isTrue();
    assertThat(report.path("standing").path("durable").asLong()).isEqualTo(2 << 20);
    assertThat(report.path("result").path("bytesMoved").asLong()).isEqualTo(2 << 20);
    assertThat(report.path("result").path("comparison").path("bytesRead").asLong())
        .isEqualTo(2 << 20);

    Outcome failed = run("copy", "--json", "--method", "odx", in.toString(), out.toString());
    assertThat(failed.exitCode).isEqualTo(1);
    JsonNode failure = new JsonMapper().readTree(failed.out);
    assertThat(failure.path("done").asBoolean()).isFalse();
    assertThat(failure.path("error").asString()).contains("only logical units copy by themselves");
    assertThat(failed.err).startsWith("gantry: ").hasLineCount(1);

    Outcome unopened = run("copy", "--json", "/no/such/file", out.toString());
    assertThat(unopened.exitCode).isEqualTo(1);
    JsonNode reason = new JsonMapper().readTree(unopened.out);
    assertThat(reason.path("done").asBoolean(true)).isFalse();
    assertThat(reason.path("error").asString()).isEqualTo("/no/such/file: no such file");
    assertThat(unopened.err).isEqualTo("gantry: /no/such/file: no such file\n");
  }

  @Test
  void aCopyThatCannotGoOnIsTold() throws IOException {
    Path in = noise("unresumed", 1 << 20);
    Path state = Files.writeString(directory.resolve("note"), "shopping: milk\n");
    Path out = directory.resolve("resumed");
    Outcome copied = run("copy", "--resume", state.toString(), in.toString(), out.toString());
    assertThat(copied.exitCode).isEqualTo(1);
    assertThat(copied.err).hasLineCount(1).startsWith("gantry: ");
    assertThat(out).doesNotExist();
  }

  @Test
  void volumesOfAPoolAreCopiedInThisProcess() throws IOException {
    Path in = noise("pooled", 1 << 20);
    Path other = directory.resolve("other");
    try (Daemon maker = Daemon.start(DaemonSettings.of(other, ANY, ANY))) {
      maker.pool().createVolume("a", 1 << 20, 512);
      maker.pool().createVolume("b", 1 << 20, 512);
    }
    String a = "pool:" + other.resolve("a");
    assertThat(run("copy", in.toString(), a).exitCode).isZero();
    Outcome copied = run("copy", "--method", "odx", "--verify", a, "pool:" + other.resolve("b"));
    assertThat(copied.exitCode).as(copied.err).isZero();
    assertThat(run("copy", a, "pool:" + other.resolve("c")).err).contains("has no volume 'c'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo /no/such/file",
        "demo /",
        "demo /dev/null",
        "volume list --data /no/such/directory",
        "volume list --server http://127.0.0.1:1 --token-file /no/such/file",
        "volume list --server http://127.0.0.1:1 --token-file /bin/sh",
        "volume list --server http://127.0.0.1:1 --token-file /etc/hostname",
        "volume show ..",
        "copy --offset 7E --length 7E /bin/sh /tmp/x",
        "copy --offset 7E /bin/sh /tmp/x",
        "copy /bin/sh /proc/x",
        "volume import x /no/such/file",
        "copy /no/such/file /tmp/x",
        "copy pool:/no/pool/x /tmp/x",
        "copy iscsi://127.0.0.1:1/iqn.2026-11.io.gantry:default/0 /tmp/x",
        "serve --config /no/such/file",
        "dsm describe NO_SUCH_STRUCTURE",
        "dsm decode STORAGE_OFFLOAD_READ_OUTPUT /",
        "volume list --server http://127.0.0.1:1 --token-file /",
        "volume list --server http://127.0.0.1:1 --token-file /dev/zero",
        "check /",
      })
  void whatFailsSaysWhyInOneLine(String command) {
    Outcome outcome = run(command.split(" ", -1));
    assertThat(outcome.exitCode).isEqualTo(1);
    assertThat(outcome.err).startsWith("gantry: ").hasLineCount(1);
    assertThat(outcome.out).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "volume",
        "volume create x",
        "volume create x ten",
        "copy a",
        "copy --method fast a b",
        "copy iscsi://x y",
        "copy --offset -1 a b",
        "copy --in-flight 0 a b",
        "copy --rate 0 a b",
        "copy --progress loud a b",
        "serve --iscsi 3260",
        "dsm",
        "dsm ioctl --code ten x",
        "volume list --server http://127.0.0.1:1",
        "volume list --server 127.0.0.1:1 --token-file x",
        "volume create x 8E",
        "demo a b",
        "copy http://x y",
        "dsm ioctl --code 0x100000000 x",
        "volume list --data ",
        "volume list --server http://127.0.0.1:1/path --token-file x",
        "volume list --server http://gantry@127.0.0.1:1 --token-file x",
      })
  void wrongUsageIsTold(String command) {
    Outcome outcome = run(command.split(" ", -1));
    assertThat(outcome.exitCode).as(outcome.err).isEqualTo(2);
    assertThat(outcome.err)
        .startsWith("gantry: ")
        .contains("--help")
        .doesNotContain("Exception", "positional", "Error:")
        .hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          volume                | which? create, list, show, map, resize, rename, protect, clone, delete, import or export; see gantry volume --help
          volume crate x 1G     | 'crate' is no command; did you mean 'create'?; see gantry volume --help
          volume !              | '!' is no command; see gantry volume --help
          volume create x 1G y  | 'y' is one argument too many; see gantry volume create --help
          copies cancel x       | ID is a number, not 'x'; see gantry copies cancel --help
          stats --interval x    | --interval is a number, not 'x'; see gantry stats --help
          copy --method fast a b | --method is auto, odx, xcopy or rw, not 'fast'; see gantry copy --help
          volume list --server http://192.0.2.1:8260 --token-file x | 'http://192.0.2.1:8260': a token would go over the network for everybody to read; write https://; see gantry volume list --help
          """)
  void wrongUsageIsToldInTheTermsOfTheUser(String command, String problem) {
    Outcome outcome = run(command.split(" "));
    assertThat(outcome.exitCode).isEqualTo(2);
    assertThat(outcome.err).isEqualTo("gantry: " + problem + "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "events -n 0",
        "events -n 1001",
        "copies watch --count 0",
        "copies watch --interval 0"
      })
  void numbersOutOfBoundsAreWrongUsage(String command) {
    Outcome outcome = administer(command.split(" "));
    assertThat(outcome.exitCode).as(outcome.err).isEqualTo(2);
    assertThat(outcome.err).startsWith("gantry: ").contains("--help").hasLineCount(1);
  }

  @Test
  void errorsAreOneLineWhateverNamesAreInThem() {
    assertThat(run("volume", "cr\033[31meate\nx").err)
        .isEqualTo(
            "gantry: 'cr?[31meate x' is no command; see gantry volume --help\n"
                .replace("is no command;", "is no command; did you mean 'create'?;"));
    assertThat(run("dsm", "decode", "STORAGE_OFFLOAD_READ_OUTPUT", "/no\nfile").err)
        .isEqualTo("gantry: /no file: no such file\n");
  }

  @Test
  void aNameThatIsTooLongForAnImportIsToldWithTheLimit() throws IOException {
    String image = noise("named", 4096).toString();
    assertThat(administer("volume", "import", "n".repeat(54), image).exitCode).isZero();
    assertThat(administer("volume", "import", "n".repeat(55), image).err)
        .contains("is no name for a volume that is imported", "54 in all at most");
  }

  @Test
  void whatIsNoDaemonIsToldAsThat() throws IOException {
    Path other = Files.createDirectories(directory.resolve("no-daemon"));
    Path contact = other.resolve("daemon.json");
    Files.writeString(contact, "{\"pid\": 1}");
    assertThat(run("volume", "list", "--data", other.toString()).err)
        .isEqualTo(
            "gantry: %s: is damaged; restart the daemon to write it again\n".formatted(contact));
    Files.delete(contact);
    Files.createDirectory(contact);
    assertThat(run("volume", "list", "--data", other.toString()).err)
        .startsWith("gantry: " + contact);

    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(403, -1);
          exchange.close();
        });
    server.start();
    try {
      String url = "http://127.0.0.1:" + server.getAddress().getPort();
      Path token = Files.writeString(directory.resolve("some.token"), "t");
      assertThat(run("volume", "list", "--server", url, "--token-file", token.toString()).err)
          .isEqualTo(
              "gantry: %s answers with HTTP status 403 and no reason; check --server\n"
                  .formatted(url));
    } finally {
      server.stop(0);
    }
  }

  /** Takes one line, as {@code head -n 1} does. */
  private static final class OneLine extends Writer {
    private final CountDownLatch taken = new CountDownLatch(1);
    private final StringBuilder text = new StringBuilder();

    @Override
    public synchronized void write(char[] characters, int offset, int length) throws IOException {
      if (taken.getCount() == 0) {
        throw new IOException("Broken pipe");
      }
      text.append(characters, offset, length);
    }

    @Override
    public synchronized void flush() {
      if (text.indexOf("\n") >= 0) {
        taken.countDown();
      }
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stats --watch --interval 0.1",
        "stats --watch --interval 0.1 --json",
        "copies watch --interval 0.1",
        "copies watch --interval 0.1 --json"
      })
  void whatIsWatchedEndsWithWhoWatches(String command) {
    List<String> all = new ArrayList<>(List.of(command.split(" ")));
    all.addAll(List.of("--data", data.toString()));
    CommandLine line = Main.commandLine().setOut(new PrintWriter(new OneLine()));
    assertThat(line.execute(all.toArray(String[]::new))).isZero();
  }

  @Test
  void eventsAreFollowedUntilNobodyReadsThem() throws Exception {
    assertThat(administer("volume", "create", "followed", "4096").exitCode).isZero();
    OneLine reader = new OneLine();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(reader));
    FutureTask<Integer> follow =
        new FutureTask<>(() -> line.execute("events", "-fn", "1", "--data", data.toString()));
    Thread.ofVirtual().start(follow);
    reader.taken.await();
    assertThat(administer("volume", "delete", "followed").exitCode).isZero();
    assertThat(follow.get()).isZero();
  }

  @Test
  void aPoolInUseIsToldByWhom() {
    Outcome outcome = run("copy", "pool:" + data.resolve("x"), directory.resolve("x").toString());
    assertThat(outcome.exitCode).isEqualTo(1);
    assertThat(outcome.err)
        .contains("process %d serves it".formatted(ProcessHandle.current().pid()))
        .contains("gantry volume list --data " + data)
        .hasLineCount(1);
  }

  @Test
  void aThousandVolumesAreListed() throws IOException {
    for (int i = 0; i < 1000; i++) {
      daemon.pool().createVolume("many-" + i, 512, 512);
    }
    assertThat(administer("volume", "list").lines()).hasSizeGreaterThan(1000);
    for (int i = 0; i < 1000; i++) {
      daemon.pool().deleteVolume(daemon.pool().volume("many-" + i).orElseThrow());
    }
  }

  @Test
  void structuresAreDescribed() {
    assertThat(run("dsm", "describe").out).contains("STORAGE_OFFLOAD_WRITE_OUTPUT");
    Outcome described = run("dsm", "describe", "device_dsm_offload_write_parameters");
    assertThat(described.lines()).anyMatch(line -> line.matches(" *8 +8 +u64 +TokenOffset .*"));
    String json = run("dsm", "describe", "--json", "STORAGE_OFFLOAD_TOKEN").out;
    assertThat(new JsonMapper().readTree(json).get(0).path("name").asString())
        .isEqualTo("TokenType");
  }

  @Test
  void theDemoHolds() throws IOException {
    Outcome outcome = run("demo", noise("demo", (2 << 20) + 1).toString());
    assertThat(outcome.exitCode).as(outcome.err).isZero();
    assertThat(outcome.out).contains("all bytes are right", "moved no data");
  }
}
