package io.gantry.copy.conformance;

import java.io.IOException;

/**
 * A rule that a logical unit should keep.
 *
 * @param id short and stable: a letter for the group and a number
 * @param title what should be so
 * @param clause where that is written
 * @param effect what becomes of copies where it is not so
 * @param otherwise what follows where it is not so
 * @param check finds out whether it is so
 */
public record Rule(
    String id, String title, String clause, Effect effect, String otherwise, Check check) {

  /** What becomes of Windows' copies where a rule is broken, the worst first. */
  public enum Effect {
    /** A copy may hold other bytes than its source. */
    WRONG_DATA,
    /** Windows never tries. */
    NEVER_OFFLOADED,
    /** Windows tries, fails, and reads and writes instead. */
    FALLS_BACK,
    /** Windows is told a wrong reason, and retries or gives up where it should not. */
    MISLED,
    /** It works, with more commands or more waiting than it should. */
    SLOWER,
    /** Nothing: Windows does not use this, others do. */
    NONE
  }

  /** Finds out whether a rule is kept. */
  @FunctionalInterface
  public interface Check {
    /**
     * Tries the rule.
     *
     * @throws UnmetException if something that it needs is not there
     * @throws IOException if the logical unit was lost
     */
    Verdict run(Bench bench) throws IOException, UnmetException;
  }

  /** Whether Windows minds. */
  public boolean isForWindows() {
    return effect != Effect.NONE;
  }
}
