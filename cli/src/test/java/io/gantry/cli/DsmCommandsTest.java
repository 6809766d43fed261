package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

/** {@code gantry dsm describe}, {@code decode} and {@code encode}, in this process. */
@NullUnmarked
class DsmCommandsTest {
  private static final Path GOLDEN = Path.of("../dsm/src/test/resources/golden");
  private static final String INPUT = "DEVICE_MANAGE_DATA_SET_ATTRIBUTES";

  @TempDir private static Path directory;

  private record Outcome(int exitCode, String out, String err) {}

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return new Outcome(line.execute(arguments), out.toString(), err.toString());
  }

  private static Outcome decode(String structure, String text, String... options)
      throws IOException {
    Path file = Files.writeString(directory.resolve("buffer"), text);
    return run(
        Stream.concat(Stream.of("dsm", "decode", structure, file.toString()), Stream.of(options))
            .toArray(String[]::new));
  }

  private static byte[] golden(String name) throws IOException {
    return Files.readAllBytes(GOLDEN.resolve(name + ".bin"));
  }

  // What WinDbg prints of a buffer, by its documentation.

  private static String db(byte[] bytes) {
    return lines(
        bytes,
        at -> {
          String digits =
              IntStream.range(at, Math.min(bytes.length, at + 16))
                  .mapToObj(
                      i -> (i == at ? "" : i == at + 8 ? "-" : " ") + "%02x".formatted(bytes[i]))
                  .collect(Collectors.joining());
          return digits + "  " + ".".repeat(Math.min(16, bytes.length - at));
        });
  }

  private static String dd(byte[] bytes) {
    return lines(
        bytes,
        at ->
            IntStream.iterate(at, i -> i < Math.min(bytes.length, at + 16), i -> i + 4)
                .mapToObj(i -> word(bytes, i))
                .collect(Collectors.joining(" ")));
  }

  private static String dq(byte[] bytes) {
    return lines(
        bytes,
        at ->
            IntStream.iterate(at, i -> i < Math.min(bytes.length, at + 16), i -> i + 8)
                .mapToObj(i -> word(bytes, i + 4) + "`" + word(bytes, i))
                .collect(Collectors.joining(" ")));
  }

  private static String word(byte[] bytes, int at) {
    return "%02x%02x%02x%02x".formatted(bytes[at + 3], bytes[at + 2], bytes[at + 1], bytes[at]);
  }

  private static String lines(byte[] bytes, java.util.function.IntFunction<String> content) {
    return IntStream.iterate(0, at -> at < bytes.length, at -> at + 16)
        .mapToObj(at -> "ffffd08a`3c4e%04x  %s\n".formatted(0x1010 + at, content.apply(at)))
        .collect(Collectors.joining());
  }

  @ParameterizedTest
  @ValueSource(strings = {"read_three_ranges", "write_token_offset_64k", "write_zero_token"})
  void everyFormOfABufferIsRead(String name) throws IOException {
    byte[] bytes = golden(name);
    String binary = run("dsm", "decode", INPUT, GOLDEN.resolve(name + ".bin").toString()).out;
    assertThat(binary).contains("DeviceDsmAction_Offload");
    String hex = HexFormat.of().formatHex(bytes);
    for (String text :
        List.of(
            hex,
            hex.toUpperCase(java.util.Locale.ROOT).replaceAll("(.{32})", "$1\r\n"),
            HexFormat.ofDelimiter(", ").withPrefix("0x").formatHex(bytes),
            db(bytes),
            dd(bytes),
            dq(bytes),
            "0: kd> db poi(rcx) L30\n" + db(bytes) + "\n",
            dd(bytes).replace("ffffd08a`3c4e", "3c4e"))) {
      Outcome outcome = decode(INPUT, text);
      assertThat(outcome.err).isEmpty();
      assertThat(outcome.out).isEqualTo(binary);
    }
  }

  @Test
  void jsonGoesAndComesBack() throws IOException {
    for (String name : List.of("read_three_ranges", "write_two_ranges_first", "trim_one_range")) {
      String json =
          run("dsm", "decode", INPUT, "--json", GOLDEN.resolve(name + ".bin").toString()).out;
      assertThat(new JsonMapper().readTree(json).path(INPUT).path("Size").asInt()).isEqualTo(28);
      Path file = Files.writeString(directory.resolve("json"), json);
      Outcome encoded = run("dsm", "encode", "--hex", file.toString());
      assertThat(encoded.err).isEmpty();
      assertThat(HexFormat.of().parseHex(encoded.out.replaceAll("\\s", "")))
          .isEqualTo(golden(name));
    }
  }

  @Test
  void encodeNeedsNoMoreThanWhatMatters() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("json"),
            """
            {"DEVICE_MANAGE_DATA_SET_ATTRIBUTES": {"Action": "DeviceDsmAction_Scrub"},
             "DEVICE_DATA_SET_RANGE": {"StartingOffset": 1048576, "LengthInBytes": "0x200000"}}
            """);
    Outcome encoded = run("dsm", "encode", "--hex", file.toString());
    assertThat(encoded.out.lines())
        .containsExactly(
            "1c 00 00 00 07 00 00 80 00 00 00 00 00 00 00 00",
            "00 00 00 00 20 00 00 00 10 00 00 00 00 00 00 00",
            "00 00 10 00 00 00 00 00 00 00 20 00 00 00 00 00");
    assertThat(HexFormat.of().parseHex(encoded.out.replaceAll("\\s", "")))
        .isEqualTo(golden("scrub_one_range"));
  }

  @ParameterizedTest(name = "{2}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1c0 | has 3 hexadecimal digits
          1c 00\\n00 0g | line 2: 'g' is no hexadecimal digit, nor is the line one of a dump
          1000  1c 00\\n1001  00 | line 2: is at 1001, where 0x1002 would follow: is a line missing?
          1000  1c 00\\nhello | line 2: is no line of a dump: address, two blanks, memory
          1000  ?? ?? 00 | line 1: has memory that the debugger could not read (??)
          1000  1c 0000 | line 1: shows memory in a form that is not db's, dd's or dq's
          1000  1c00 | line 1: shows memory in a form that is not db's, dd's or dq's
          `````  1c | line 1: '`````' is no address
          """)
  void whatIsNoDump(String text, String message) throws IOException {
    Outcome outcome = decode(INPUT, text.replace("\\n", "\n"));
    assertThat(outcome.exitCode).isEqualTo(1);
    assertThat(outcome.out).isEmpty();
    assertThat(outcome.err)
        .startsWith("gantry: %s: ".formatted(directory.resolve("buffer")))
        .contains(message)
        .hasLineCount(1);
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"A": 1,\\n "A": 2} | line 2, column
          {"A": | line 1, column
          {} {} | line 1, column
          [1, 2] | line 1, column 1: Cannot deserialize
          null | is null, not a JSON object
          {"NO_SUCH": {}} | NO_SUCH: no structure has this name
          {"STORAGE_OFFLOAD_TOKEN": {"TokenType": 4294967296}} | STORAGE_OFFLOAD_TOKEN.TokenType: 4294967296 does not fit 32 bits
          {"STORAGE_OFFLOAD_TOKEN": {"Tokn": 1}} | STORAGE_OFFLOAD_TOKEN.Tokn: no such field; there are TokenType
          {"STORAGE_OFFLOAD_TOKEN": {"TokenType": null}} | STORAGE_OFFLOAD_TOKEN.TokenType: null is no value
          {"DEVICE_DATA_SET_RANGE": [1]} | DEVICE_DATA_SET_RANGE: [1] is not an object with fields
          """)
  void whatIsNoBuffer(String json, String message) throws IOException {
    Path file = Files.writeString(directory.resolve("json"), json.replace("\\n", "\n"));
    Outcome outcome = run("dsm", "encode", "--hex", file.toString());
    assertThat(outcome.exitCode).isEqualTo(1);
    assertThat(outcome.err)
        .startsWith("gantry: %s:".formatted(file))
        .contains(message)
        .hasLineCount(1);
  }

  /** Deep, long and wrong: always one line that says so. */
  @Test
  void hostileJsonAndDumps() throws IOException {
    long seed = Long.getLong("seed", 3);
    Random random = new Random(seed);
    String json =
        run("dsm", "decode", INPUT, "--json", GOLDEN.resolve("write_zero_token.bin").toString())
            .out;
    for (int i = 0; i < 300; i++) {
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      for (int change = random.nextInt(4); change >= 0; change--) {
        bytes[random.nextInt(bytes.length)] = (byte) (' ' + random.nextInt(95));
      }
      Path file =
          Files.write(
              directory.resolve("json"), Arrays.copyOf(bytes, random.nextInt(bytes.length * 2)));
      Outcome outcome = run("dsm", "encode", "--hex", file.toString());
      assertThat(outcome.exitCode).as("seed %d, round %d", seed, i).isBetween(0, 1);
      assertThat(outcome.err.lines().count()).isEqualTo(outcome.exitCode);
    }
    Path deep = Files.writeString(directory.resolve("json"), "{\"A\":".repeat(100_000));
    assertThat(run("dsm", "encode", "--hex", deep.toString()).err)
        .contains("nesting depth")
        .hasLineCount(1);
    assertThat(decode(INPUT, "1000  " + "00 ".repeat(100_000)).exitCode).isZero();
    assertThat(decode(INPUT, "1000  " + "0".repeat(1_000_001)).err).hasLineCount(1);
  }

  @Test
  void aBufferThatIsCutOffIsShownButNotAsJson() throws IOException {
    String cut = HexFormat.of().formatHex(golden("write_token_offset_0"), 0, 128);
    assertThat(decode(INPUT, cut).out).contains("! ends before Token.Token");
    Outcome json = decode(INPUT, cut, "--json");
    assertThat(json.exitCode).isEqualTo(1);
    assertThat(json.err).contains("ParameterBlockLength 528 reach past the 128 bytes that there");
  }

  @Test
  void structuresAreListedAndDescribed() {
    assertThat(run("dsm", "describe").out)
        .contains(
            "DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS", "STORAGE_ZONE_DESCRIPTOR", "FSCTL_OFFLOAD");
    assertThat(run("dsm", "describe", "FSCTL_OFFLOAD_READ_INPUT").out.lines().toList())
        .startsWith(
            "FSCTL_OFFLOAD_READ_INPUT (MS-FSCC 2.3.41): 32 bytes, aligned to 8; alike on 32-bit"
                + " and 64-bit Windows",
            "",
            "offset  size  type      field                               unit     meaning",
            "     0     4  u32       Size                                bytes    32");
    assertThat(run("dsm", "decode", "NO_SUCH", "x").err).contains("'NO_SUCH'").hasLineCount(1);
    assertThat(run("dsm", "decode", INPUT, "/no/such/file").err)
        .contains("/no/such/file: no such file")
        .hasLineCount(1);
  }

  /** The request in docs/dsm.md is made and shown as the page says. */
  @Test
  void thePagesExampleIsTrue() throws IOException {
    String page = Files.readString(Path.of("../docs/dsm.md"));
    String json = between(page, "$ cat trim.json\n", "$ gantry dsm encode trim.json");
    String table = between(page, INPUT + " trim\n", "```");
    Path file = Files.writeString(directory.resolve("trim.json"), json);
    String hex = run("dsm", "encode", "--hex", file.toString()).out;
    assertThat(decode(INPUT, hex).out).isEqualTo(table);
  }

  private static String between(String text, String start, String end) {
    int from = text.indexOf(start) + start.length();
    return text.substring(from, text.indexOf(end, from));
  }
}
