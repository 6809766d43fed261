package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StandardOutputTest {
  private final ByteArrayOutputStream told = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(told, true, StandardCharsets.UTF_8);

  /** Prints to something that fails as the operating system would. */
  private int exitCode(int ofCommand, String problem) {
    StandardOutput output =
        new StandardOutput(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException(problem);
              }
            });
    new PrintStream(output, true, StandardCharsets.UTF_8).println("report");
    return output.exitCode(ofCommand, err);
  }

  @Test
  void whatIsWrittenIsWritten() {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    StandardOutput output = new StandardOutput(file);
    new PrintStream(output, true, StandardCharsets.UTF_8).print("report\n");
    assertThat(file.toString(StandardCharsets.UTF_8)).isEqualTo("report\n");
    assertThat(output.exitCode(0, err)).isZero();
    assertThat(output.exitCode(130, err)).isEqualTo(130);
  }

  @Test
  void aFullDiskIsAFailure() {
    assertThat(exitCode(0, "No space left on device")).isEqualTo(1);
    assertThat(told.toString(StandardCharsets.UTF_8))
        .isEqualTo("gantry: standard output: No space left on device; not all of it was written\n");
    assertThat(exitCode(2, "No space left on device")).isEqualTo(2);
  }

  @Test
  void whoReadsNoFurtherIsNotBothered() {
    assertThat(exitCode(0, "Broken pipe")).isEqualTo(141);
    assertThat(told.size()).isZero();
  }
}
