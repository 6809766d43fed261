package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private static String print(boolean colours) {
    StringWriter out = new StringWriter();
    new Terminal.Table("NAME", ">SIZE", "STATE")
        .row("a", 1, Terminal.painted("red", "failed"))
        .row("long", 22, "done")
        .print(new PrintWriter(out, true), "", colours);
    return out.toString();
  }

  @Test
  void tablesInPipesAreText() {
    assertThat(print(false)).isEqualTo("NAME  SIZE  STATE\na        1  failed\nlong    22  done\n");
  }

  @Test
  void coloursDoNotMoveColumns() {
    String coloured = print(true);
    assertThat(coloured).contains("\033[1mNAME\033[", "\033[31mfailed\033[");
    assertThat(coloured.replaceAll("\033\\[[0-9;]*m", "")).isEqualTo(print(false));
    assertThat(coloured.lines().toList().getLast()).doesNotContain("\033");
  }

  @Test
  void wideCharactersTakeTwoColumnsAndAccentsNone() {
    StringWriter out = new StringWriter();
    new Terminal.Table("NAME", "STATE")
        .row("\u30c7\u30a3\u30b9\u30af", "done") // four of katakana
        .row("e\u0301te\u0301", "done")
        .row("\ud83d\udcbe", "done") // a floppy disk
        .print(new PrintWriter(out, true), "", false);
    assertThat(out.toString().lines())
        .containsExactly(
            "NAME      STATE",
            "\u30c7\u30a3\u30b9\u30af  done",
            "e\u0301te\u0301       done",
            "\ud83d\udcbe        done");
  }

  @Test
  void namesFromElsewhereMoveNoCursor() {
    StringWriter out = new StringWriter();
    new Terminal.Table("NAME", "STATE")
        .row("a\033[2Jb\u009bc\nd", Terminal.painted("red", "x\rfine"))
        .print(new PrintWriter(out, true), "", false);
    assertThat(out.toString()).isEqualTo("NAME        STATE\na?[2Jb?c d  x fine\n");
  }

  @Test
  void coloursAreForTerminalsAndWhoWantsThem() {
    Map<String, String> usual = Map.of("TERM", "xterm-256color");
    assertThat(Terminal.takesColours(usual, true)).isTrue();
    assertThat(Terminal.takesColours(usual, false)).isFalse();
    assertThat(Terminal.takesColours(Map.of("TERM", "dumb"), true)).isFalse();
    assertThat(Terminal.takesColours(Map.of(), true)).isFalse();
    assertThat(Terminal.takesColours(Map.of("CLICOLOR_FORCE", "1"), false)).isTrue();
    assertThat(Terminal.takesColours(Map.of("CLICOLOR_FORCE", "0"), false)).isFalse();
    assertThat(Terminal.takesColours(Map.of("TERM", "xterm", "NO_COLOR", "1"), true)).isFalse();
    assertThat(Terminal.takesColours(Map.of("NO_COLOR", "1", "CLICOLOR_FORCE", "1"), true))
        .isFalse();
    assertThat(Terminal.takesColours(Map.of("TERM", "xterm", "NO_COLOR", ""), true)).isTrue();
  }
}
