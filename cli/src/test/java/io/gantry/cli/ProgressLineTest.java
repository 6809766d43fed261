package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.copy.Means;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private static final long GIB = 1L << 30;

  private final AtomicLong clock = new AtomicLong();
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private ProgressLine line(ProgressLine.Style style, int columns) {
    return new ProgressLine(
        new PrintStream(shown, true, StandardCharsets.UTF_8), style, columns, clock::get);
  }

  private void copy(ProgressLine line) {
    line.started(10 * GIB, GIB);
    clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
    line.copied(Means.TOKEN, GIB);
    clock.addAndGet(TimeUnit.SECONDS.toNanos(3));
    line.copied(Means.ZEROED, GIB);
    clock.addAndGet(TimeUnit.SECONDS.toNanos(6));
    line.copied(Means.MOVED, GIB);
  }

  @Test
  void aBarDrawsItselfAnewAndDisappears() {
    try (ProgressLine line = line(ProgressLine.Style.BAR, 80)) {
      copy(line);
    }
    String text = shown.toString(StandardCharsets.UTF_8);
    assertThat(text)
        .startsWith(
            "copying   [##----------]  20 %  2.00 GiB of 10.0 GiB  1.00 GiB/s  8 s left\n"
                + "          offloaded 1.00 GiB (1.00 GiB/s)\r\033[K\033[A\r\033[K")
        .contains("copying   [####--------]  40 %  4.00 GiB of 10.0 GiB  307 MiB/s  20 s left\n")
        .endsWith("\r\033[K\033[A\r\033[K");
    assertThat(text.lines()).allMatch(each -> each.replaceAll("\r|\033\\[[A-Z]", "").length() < 80);
  }

  @Test
  void aNarrowTerminalGetsNoLineThatWraps() {
    line(ProgressLine.Style.BAR, 40).copied(Means.TOKEN, GIB);
    copy(line(ProgressLine.Style.BAR, 40));
    assertThat(shown.toString(StandardCharsets.UTF_8).lines())
        .allMatch(each -> each.replaceAll("\r|\033\\[[A-Z]", "").length() < 40);
  }

  @Test
  void linesComeEveryFiveSeconds() {
    copy(line(ProgressLine.Style.LINES, 80));
    assertThat(shown.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "copied  40 %: 4.00 GiB of 10.0 GiB  307 MiB/s  20 s left; offloaded 1.00 GiB (102"
                + " MiB/s), moved 1.00 GiB (102 MiB/s), zeroed 1.00 GiB (102 MiB/s)\n");
  }

  @Test
  void programsGetAnObjectOnALine() {
    ProgressLine line = line(ProgressLine.Style.JSON, 80);
    copy(line);
    clock.addAndGet(TimeUnit.SECONDS.toNanos(2));
    line.compared(GIB, 10 * GIB);
    assertThat(shown.toString(StandardCharsets.UTF_8).lines())
        .hasSize(4)
        .last()
        .isEqualTo(
            "{\"event\":\"comparing\",\"totalBytes\":10737418240,\"doneBytes\":1073741824,\"bytesByToken\":1073741824,\"bytesByExtendedCopy\":0,\"bytesMoved\":1073741824,\"bytesZeroed\":1073741824,\"seconds\":0.0}");
  }

  @Test
  void whereNobodyLooksNothingIsWritten() {
    copy(line(ProgressLine.Style.NONE, 80));
    assertThat(shown.size()).isZero();
  }
}
