package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.store.Volume;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Images of all formats go in and out, on a daemon in this process; qemu-img makes and reads them.
 */
@SuppressWarnings("NullAway.Init")
class ImageCommandsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  /** No multiple of a cylinder of VHD's, nor of a megabyte. */
  private static final long SIZE = (100L << 20) + 512 * 77;

  private static final long SECOND = 70L << 20;
  private static final int LENGTH = 3 << 20;

  @TempDir private static Path directory;
  private static Path data;
  private static Daemon daemon;
  private static Path raw;

  private record Outcome(int exitCode, String out, String err) {}

  @BeforeAll
  static void start() throws IOException {
    data = directory.resolve("data");
    daemon = Daemon.start(DaemonSettings.of(data, ANY, ANY));
    raw = directory.resolve("raw");
    byte[] noise = new byte[LENGTH];
    new SplittableRandom(7).nextBytes(noise);
    try (FileChannel file =
        FileChannel.open(raw, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(noise), 0);
      file.write(ByteBuffer.wrap(noise), SECOND);
      file.write(ByteBuffer.wrap(new byte[1]), SIZE - 1);
    }
  }

  @AfterAll
  static void stop() throws IOException {
    daemon.close();
  }

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    String[] all =
        Stream.concat(Stream.of(arguments), Stream.of("--data", data.toString()))
            .toArray(String[]::new);
    return new Outcome(line.execute(all), out.toString(), err.toString());
  }

  private static void requireQemu() {
    assumeTrue(Launcher.has("qemu-img"), "qemu-img is not installed");
  }

  private static Path qemuImage(String name, String format, String... options) {
    Path image = directory.resolve(name);
    String[] command =
        Stream.of(
                Stream.of("qemu-img", "convert", "-f", "raw", "-O", format),
                Stream.of(options),
                Stream.of(raw.toString(), image.toString()))
            .flatMap(each -> each)
            .toArray(String[]::new);
    Launcher.succeed(command);
    return image;
  }

  private static void assertHoldsRaw(Volume volume) throws IOException {
    assertThat(volume.sizeBytes()).isEqualTo(SIZE);
    ByteBuffer all = ByteBuffer.allocate((int) SIZE);
    volume.read(0, all);
    assertThat(all.array()).isEqualTo(Files.readAllBytes(raw));
    assertThat(volume.usage().mappedBytes()).isBetween(2L * LENGTH, 3L * LENGTH);
  }

  @ParameterizedTest
  @CsvSource({
    "qcow2, ''",
    "vpc, subformat=dynamic:force_size=on",
    "vpc, subformat=fixed:force_size=on",
    "vhdx, subformat=dynamic",
    "vhdx, subformat=fixed",
    "raw, ''"
  })
  void anImageIsRecognizedAndImported(String format, String options) throws IOException {
    requireQemu();
    String name = "in-" + format + "-" + options.length();
    Path image =
        options.isEmpty()
            ? qemuImage(name, format)
            : qemuImage(name, format, "-o", options.replace(':', ','));
    Outcome imported = run("volume", "import", name, image.toString());
    assertThat(imported.exitCode).as(imported.err).isZero();
    Volume volume = daemon.pool().volume(name).orElseThrow();
    assertThat(imported.out.lines().toList().getLast()).isEqualTo(daemon.url(volume.lun()));
    assertHoldsRaw(volume);
  }

  @ParameterizedTest
  @EnumSource(ImageFormat.class)
  void aVolumeIsExportedAndQemuReadsIt(ImageFormat format) throws IOException {
    requireQemu();
    String name = "out-" + format;
    assertThat(run("volume", "import", name, raw.toString(), "--format", "raw").exitCode).isZero();
    Path image =
        directory.resolve(name + "." + format.toString().toLowerCase(java.util.Locale.ROOT));
    Outcome exported = run("volume", "export", name, image.toString(), "--json");
    assertThat(exported.exitCode).as(exported.err).isZero();
    JsonNode view = new JsonMapper().readTree(exported.out);
    assertThat(view.path("format").asString()).isEqualTo(format.toString());
    assertThat(view.path("bytes").asLong()).isEqualTo(SIZE);
    JsonNode info =
        new JsonMapper()
            .readTree(Launcher.succeed("qemu-img", "info", "--output=json", image.toString()));
    assertThat(info.path("virtual-size").asLong()).isEqualTo(SIZE);
    assertThat(info.path("format").asString()).isEqualTo(format.qemuName());
    assertThat(info.path("actual-size").asLong()).isLessThan(SIZE / 4); // holes stay holes
    Path back = directory.resolve(name + ".back");
    Launcher.succeed(
        "qemu-img",
        "convert",
        "-f",
        format.qemuName(),
        "-O",
        "raw",
        image.toString(),
        back.toString());
    assertThat(back).hasSameBinaryContentAs(raw);
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left.filter(file -> file.toString().endsWith(".part"))).isEmpty();
    }
  }

  @Test
  void aNameThatIsTakenIsRefused() throws IOException {
    daemon.pool().createVolume("taken", 1 << 20, 512).write(0, ByteBuffer.wrap(new byte[] {1}));
    Outcome refused = run("volume", "import", "taken", raw.toString());
    assertThat(refused.exitCode).isEqualTo(1);
    assertThat(refused.err).contains("there is a volume taken already").hasLineCount(1);
    daemon.pool().createVolume("busy.importing", 1 << 20, 512);
    Outcome busy = run("volume", "import", "busy", raw.toString());
    assertThat(busy.exitCode).isEqualTo(1);
    assertThat(busy.err).contains("gantry volume delete busy.importing").hasLineCount(1);
    assertThat(daemon.pool().volume("busy")).isEmpty();
  }

  @Test
  void anImageThatNeedsAnotherFileIsRefused() throws IOException {
    requireQemu();
    Path overlay = directory.resolve("overlay.qcow2");
    Launcher.succeed(
        "qemu-img", "create", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", overlay.toString());
    Outcome refused = run("volume", "import", "overlay", overlay.toString());
    assertThat(refused.exitCode).isEqualTo(1);
    assertThat(refused.err).contains("needs another file, /etc/passwd").hasLineCount(1);
    assertThat(daemon.pool().volume("overlay")).isEmpty();
  }

  @Test
  void anImageThatIsBrokenLeavesNothing() throws IOException {
    requireQemu();
    byte[] bytes = Files.readAllBytes(qemuImage("broken.vhdx", "vhdx"));
    Path broken =
        Files.write(directory.resolve("cut.vhdx"), java.util.Arrays.copyOf(bytes, 70_000));
    Outcome refused = run("volume", "import", "broken", broken.toString());
    assertThat(refused.exitCode).isEqualTo(1);
    assertThat(refused.err).startsWith("gantry: qemu-img: ").hasLineCount(1);
    assertThat(daemon.pool().volumes()).noneMatch(volume -> volume.name().startsWith("broken"));
  }

  @Test
  void aRawImageThatLooksLikeAnotherIsTakenAsTold() throws IOException {
    byte[] bytes = new byte[1 << 20];
    bytes[0] = 'Q';
    bytes[1] = 'F';
    bytes[2] = 'I';
    bytes[3] = (byte) 0xfb;
    Path file = Files.write(directory.resolve("trap"), bytes);
    Outcome imported = run("volume", "import", "trap", file.toString(), "--format", "raw");
    assertThat(imported.exitCode).as(imported.err).isZero();
    ByteBuffer start = ByteBuffer.allocate(4);
    daemon.pool().volume("trap").orElseThrow().read(0, start);
    assertThat(start.array()).containsExactly('Q', 'F', 'I', 0xfb);
  }

  @Test
  void namesAreListedForShells() throws IOException {
    daemon.pool().createVolume("named", 1 << 20, 512);
    assertThat(run("volume", "list", "--names").out.lines()).contains("named");
    assertThat(new JsonMapper().readTree(run("volume", "list", "--names", "--json").out))
        .anySatisfy(name -> assertThat(name.asString()).isEqualTo("named"));
  }
}
