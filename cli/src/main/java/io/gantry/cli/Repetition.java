package io.gantry.cli;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of what shows something again and again. */
final class Repetition {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Length of an interval, 0.1 to 3600 s (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(names = "--count", paramLabel = "N", description = "End after so many.")
  private @Nullable Long count;

  /**
   * How often.
   *
   * @param usually if the user says nothing
   * @throws ParameterException if what was given makes no sense
   */
  long times(long usually) {
    if (!(seconds >= 0.1 && seconds <= 3600)) {
      throw new ParameterException(
          spec.commandLine(), "'%s' is no interval: 0.1 to 3600 s".formatted(seconds));
    }
    if (count != null && count < 1) {
      throw new ParameterException(spec.commandLine(), "--count: 1 or more");
    }
    return count == null ? usually : count;
  }

  /** Waits for the next. */
  void pause() throws Failure {
    try {
      Thread.sleep(Duration.ofNanos((long) (seconds * 1e9)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", e);
    }
  }
}
