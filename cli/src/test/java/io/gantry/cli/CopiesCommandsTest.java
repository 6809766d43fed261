package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.WriteUsingTokenList;
import io.gantry.server.Configuration;
import io.gantry.server.Daemon;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Copies, and faults on purpose, as the command line and the configuration have them. */
@NullUnmarked
class CopiesCommandsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  private static final String CONFIG =
      """
      [copy]
      redeemers = "creator"
      budgetMillis = 1500
      rate = "100M"
      depth = 3

      [[fault]]
      volume = "later"
      expireTokens = true
      """;

  @TempDir private Path directory;
  private Daemon daemon;

  @BeforeEach
  void start() throws IOException {
    Path file = directory.resolve("gantry.toml");
    Files.writeString(file, CONFIG);
    daemon =
        Daemon.start(
            Configuration.of(file)
                .with("data", directory.resolve("data").toString())
                .with("iscsi", ANY.toString())
                .with("http", ANY.toString()),
            _ -> {});
    if (daemon.pool().volumes().isEmpty()) {
      daemon.pool().createVolume("from", 4 << 20, 512).write(0, ByteBuffer.allocate(1 << 20));
      daemon.pool().createVolume("to", 4 << 20, 512);
    }
  }

  @AfterEach
  void stop() throws IOException {
    daemon.close();
  }

  private String run(int exitCode, String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine commandLine = Main.commandLine().setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(out));
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--data";
    all[arguments.length + 1] = directory.resolve("data").toString();
    assertThat(commandLine.execute(all)).as(out.toString()).isEqualTo(exitCode);
    return out.toString();
  }

  private ScsiResponse send(int lun, Command command, ByteBuffer list) throws IOException {
    try (ScsiDevice unit = Devices.open(IscsiUrl.parse(daemon.url(lun)))) {
      unit.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      return unit.execute(
          ScsiRequest.out(new Cdb.TokenOperation(command, 1, list.remaining()), list));
    }
  }

  private byte[] token() throws IOException {
    List<BlockRange> ranges = List.of(new BlockRange(0, 2048));
    ScsiResponse response;
    ByteBuffer room = ByteBuffer.allocate(1024);
    try (ScsiDevice unit = Devices.open(IscsiUrl.parse(daemon.url(0)))) {
      unit.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      ByteBuffer list = new PopulateTokenList(false, 0, OptionalInt.empty(), ranges).encode();
      response =
          unit.execute(
              ScsiRequest.out(
                  new Cdb.TokenOperation(Command.POPULATE_TOKEN, 1, list.remaining()), list));
      assertThat(response.isGood()).as(response.describe()).isTrue();
      unit.execute(ScsiRequest.in(new Cdb.ReceiveRodTokenInformation(1, 1024), room));
    }
    return RodTokenInformation.decode(room).token();
  }

  private ScsiResponse write(byte[] token, long lba) throws IOException {
    List<BlockRange> ranges = List.of(new BlockRange(lba, 2048));
    return send(
        1,
        Command.WRITE_USING_TOKEN,
        new WriteUsingTokenList(false, false, 0, token, ranges).encode());
  }

  @Test
  void copiesAreListed() throws IOException {
    assertThat(run(0, "copies", "list")).contains("no copies since the daemon's start");
    byte[] token = token();
    assertThat(write(token, 0).isGood()).isTrue();
    assertThat(write(token, 1).isGood()).isTrue();
    byte[] forged = token.clone();
    forged[300]++;
    assertThat(write(forged, 0).isGood()).isFalse();
    assertThat(run(0, "copies", "list"))
        .containsPattern("ID +INITIATOR +COMMAND +FROM +TO +STATE +BYTES +SHARED +MOVED +ZEROED")
        .containsPattern("1 +iqn\\S+ +populate token +from +a token +completed +1.00 MiB")
        .containsPattern(
            "2 +iqn\\S+ +write using token +from +to +completed +1.00 MiB +1.00 MiB +0 B +0 B")
        .containsPattern(
            "3 +iqn\\S+ +write using token +from +to +completed +1.00 MiB +0 B +1.00 MiB +0 B")
        .contains("moved: source and destination lie differently in chunks of 65,536 bytes")
        .contains("failed", "5h/23h/05h invalid token operation, token corrupt")
        .contains("since the start: 1 tokens, 2 copies (0 of them partial), 1 failed, 0 aborted");
    JsonNode view = new JsonMapper().readTree(run(0, "copies", "list", "--json"));
    assertThat(view.path("redeemers").asString()).isEqualTo("creator");
    assertThat(view.path("budgetMillis").asLong()).isEqualTo(1500);
    assertThat(view.path("bytesPerSecond").asLong()).isEqualTo(100 << 20);
    assertThat(view.path("depth").asInt()).isEqualTo(3);
    assertThat(view.path("sharedBytes").asLong()).isEqualTo(1 << 20);
    assertThat(view.path("copiedBytes").asLong()).isEqualTo(1 << 20);
    assertThat(view.path("copies").path(0).path("state").asString()).isEqualTo("failed");
    assertThat(view.path("copies").path(1).path("listIdentifier").asLong()).isEqualTo(1);
    assertThat(run(0, "copies", "watch", "--count", "1")).contains("write using token");
    assertThat(run(1, "copies", "cancel", "2")).contains("no copy '2' runs");
    assertThat(run(0, "token", "list")).containsPattern("point in time +iqn");
  }

  @Test
  void faultsAreTurnedOnAndOff() throws IOException {
    assertThat(run(0, "fault", "list")).contains("nothing goes wrong on purpose");
    assertThat(run(0, "fault", "set", "to", "--truncate", "5", "--status", "0x04", "--delay", "1"))
        .isEqualTo("to: copies end after 5 blocks, status is 04h, commands take 1 ms longer\n");
    assertThat(run(0, "fault", "list")).contains("to: copies end after 5 blocks");
    assertThat(run(0, "volume", "list")).contains("FAULTS ON PURPOSE: copies end after 5 blocks");
    assertThat(run(0, "volume", "show", "to")).containsPattern("faults +copies end after 5");
    assertThat(run(0, "volume", "show", "from")).containsPattern("faults +none");
    byte[] token = token();
    assertThat(write(token, 0).sense().information()).hasValue(5);
    assertThat(run(0, "fault", "clear", "to")).isEqualTo("to: nothing goes wrong on purpose\n");
    assertThat(write(token, 0).isGood()).isTrue();
    assertThat(run(1, "fault", "set", "to", "--truncate", "-1")).contains("out of bounds");
    assertThat(run(1, "fault", "set", "to", "--status", "x")).contains("is no status");
    assertThat(run(1, "fault", "set", "nosuch", "--expire-tokens")).contains("there is no volume");
  }

  @Test
  void faultsOfTheConfigurationAreOnAfterAStart() throws IOException {
    daemon.pool().createVolume("later", 1 << 20, 512);
    assertThat(run(0, "fault", "list")).contains("nothing goes wrong");
    daemon.close();
    start();
    assertThat(run(0, "fault", "list")).isEqualTo("later: tokens expire\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '@',
      value = {
        "[copy]; redeemers = 'all'              | it can be anyone or creator",
        "[copy]; rate = '50%'                   | write how many bytes a second",
        "[copy]; depth = 0                      | 0 at a time",
        "[copy]; speed = 1                      | copy.speed: there is no such key",
        "[[fault]]; expireTokens = true         | needs the name of a volume",
        "[[fault]]; volume = 'v'; status = 128  | out of bounds"
      })
  void aConfigurationThatCannotBe(String config, String message) throws IOException {
    Path file = directory.resolve("bad.toml");
    Files.writeString(file, config.replace("; ", "\n").replace('\'', '"'));
    assertThatThrownBy(() -> Configuration.of(file).read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining(message);
  }
}
