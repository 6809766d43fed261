package io.gantry.copy.doctor;

import java.io.IOException;

/**
 * A rule that a logical unit should keep.
 *
 * @param id its short name, which stays: the letter of its group and a number
 * @param title what should be so
 * @param clause where that is written
 * @param effect what becomes of copies where it is not so
 * @param otherwise what follows where it is not so; may be empty if Windows does not mind
 * @param check finds out whether it is so
 */
public record Rule(
    String id, String title, String clause, Effect effect, String otherwise, Check check) {

  /** What a rule is about. */
  public enum Group {
    DISCOVERY('D', "What the disk says of itself"),
    POPULATE('P', "Making tokens"),
    RESULTS('R', "Asking for results and tokens"),
    WRITE('W', "Copying by tokens"),
    LIFE('T', "The life of tokens, copies in the background, reservations"),
    EXTENDED_COPY('X', "EXTENDED COPY");

    private final char letter;
    private final String words;

    Group(char letter, String words) {
      this.letter = letter;
      this.words = words;
    }

    /** For people. */
    public String words() {
      return words;
    }
  }

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
    /** Windows offloads all the same; its certification or what works beside it looks at this. */
    EXPECTED,
    /** Nothing: Windows does not use this, others do. */
    NONE
  }

  /** Finds out whether a rule is kept. */
  @FunctionalInterface
  public interface Check {
    /**
     * Asks, and judges the answers.
     *
     * @throws UnmetException if something that it needs is not there
     * @throws IOException if the logical unit was lost
     */
    Verdict run(Bench bench) throws IOException, UnmetException;
  }

  /** What it is about. */
  public Group group() {
    for (Group group : Group.values()) {
      if (group.letter == id.charAt(0)) {
        return group;
      }
    }
    throw new IllegalStateException(id + " is of no group");
  }

  /** Whether Windows, or who certifies a disk for it, looks at this. */
  public boolean isForWindows() {
    return effect != Effect.NONE;
  }

  /** Whether Windows' copies are offloaded, and right, only where this is so. */
  public boolean isNeeded() {
    return effect.compareTo(Effect.FALLS_BACK) <= 0;
  }
}
