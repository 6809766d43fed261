package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogManager;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is logged and in which form. */
@NullUnmarked
class LogSettingsTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @AfterEach
  void restore() throws IOException {
    LogManager.getLogManager().readConfiguration();
  }

  private List<String> lines(LogSettings settings) {
    return lines(settings, false);
  }

  private List<String> lines(LogSettings settings, boolean priorities) {
    settings.apply(new PrintStream(out, true, StandardCharsets.UTF_8), priorities);
    System.Logger here = System.getLogger("io.gantry.here");
    System.Logger there = System.getLogger("io.gantry.there");
    here.log(System.Logger.Level.INFO, "here info");
    here.log(System.Logger.Level.ERROR, "here {0}\nerror: all is well", "an");
    there.log(System.Logger.Level.DEBUG, "there debug");
    there.log(System.Logger.Level.WARNING, "there warning", new IOException("what it was"));
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void quietByDefaultAndALineForEachMessage() {
    List<String> lines = lines(LogSettings.DEFAULTS);
    assertThat(lines.get(0)).contains(" error   io.gantry.here: here an?error: all is well");
    assertThat(lines.get(1)).contains(" warning io.gantry.there: there warning");
    assertThat(lines.get(2)).contains("what it was");
    assertThat(lines.toString()).doesNotContain("info", "debug");
  }

  /** C1 controls are what terminals take commands from, too; others hide or turn what is there. */
  @Test
  void whatPeersSayMovesNoCursorAndTurnsNoText() {
    LogSettings.DEFAULTS.apply(new PrintStream(out, true, StandardCharsets.UTF_8), false);
    System.getLogger("io.gantry.here")
        .log(System.Logger.Level.ERROR, "a\u001b[2Jb\u009b2Jc\u202ed\u2028e\u200bf\rg");
    assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("a?[2Jb?2Jc?d?e?f?g\n");
  }

  @Test
  void levelsByLogger() {
    assertThat(
            lines(
                new LogSettings(
                    Level.INFO,
                    Map.of("io.gantry.there", Level.FINE, "io.gantry.here", Level.OFF),
                    false)))
        .anyMatch(line -> line.contains("there debug"))
        .noneMatch(line -> line.contains("io.gantry.here"));
  }

  /** Numbers of syslog(3): 3 error, 4 warning, 6 info, 7 debug. */
  @Test
  void theJournalIsToldTheLevelOfEachLine() {
    List<String> lines = lines(new LogSettings(Level.FINE, Map.of(), false), true);
    assertThat(lines.get(0)).startsWith("<6>2").endsWith("here info");
    assertThat(lines.get(1)).startsWith("<3>2");
    assertThat(lines.get(2)).startsWith("<7>2");
    assertThat(lines.get(3)).startsWith("<4>2").endsWith("there warning");
    assertThat(lines.subList(4, lines.size()))
        .hasSizeGreaterThan(1)
        .allMatch(line -> line.startsWith("<4>"));
    assertThat(Systemd.takesLevels()).isFalse(); // these tests are no service
  }

  @Test
  void json() {
    List<JsonNode> lines =
        lines(new LogSettings(Level.WARNING, Map.of(), true)).stream()
            .map(new JsonMapper()::readTree)
            .toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0).path("message").asString()).isEqualTo("here an\nerror: all is well");
    assertThat(lines.get(0).path("level").asString()).isEqualTo("error");
    assertThat(lines.get(1).path("logger").asString()).isEqualTo("io.gantry.there");
    assertThat(lines.get(1).path("trace").asString()).contains("what it was");
  }
}
