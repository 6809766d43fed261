package io.gantry.copy.doctor;

import java.util.List;
import java.util.OptionalInt;

/**
 * Whether a rule is kept.
 *
 * @param kind whether
 * @param found what was seen, or why nothing was; may be empty for a rule that is kept
 */
public record Verdict(Kind kind, String found) {

  /** Whether a rule is kept. */
  public enum Kind {
    MET("met"),
    NOT_MET("NOT MET"),
    /** The target does without, as it may. */
    NOT_OFFERED("not offered"),
    NOT_CHECKED("not checked");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /** For people. */
    public String words() {
      return words;
    }
  }

  static Verdict met(String found) {
    return new Verdict(Kind.MET, found);
  }

  static Verdict notMet(String found) {
    return new Verdict(Kind.NOT_MET, found);
  }

  static Verdict notOffered(String why) {
    return new Verdict(Kind.NOT_OFFERED, why);
  }

  static Verdict notChecked(String why) {
    return new Verdict(Kind.NOT_CHECKED, why);
  }

  static Verdict of(boolean isMet, String found) {
    return isMet ? met(found) : notMet(found);
  }

  /** A command that should have succeeded. */
  static Verdict good(Answer answer) {
    return of(answer.isGood(), "answers " + answer.describe());
  }

  /** A command that should have been refused, in this way. */
  static Verdict refused(Answer answer, int key, int asc, int ascq) {
    String wanted = "%Xh/%02Xh/%02Xh".formatted(key, asc, ascq);
    return answer.says(key, asc, ascq)
        ? met("answers " + answer.describe())
        : notMet("answers %s instead of %s".formatted(answer.describe(), wanted));
  }

  /**
   * A parameter list that should have been refused with a pointer to a field. A target need not
   * point anywhere, but not to a wrong byte.
   */
  static Verdict pointed(Answer answer, int first, int length) {
    if (!answer.says(5, 0x26)) {
      return notMet("answers %s instead of 5h/26h".formatted(answer.describe()));
    }
    OptionalInt pointer = answer.fieldPointer();
    return pointer.isEmpty()
        ? notOffered("no field pointer: " + answer.describe())
        : of(
            pointer.getAsInt() >= first && pointer.getAsInt() < first + length,
            "points at byte %d".formatted(pointer.getAsInt()));
  }

  /** The same where several qualifiers will do. */
  static Verdict refused(Answer answer, int key, int asc, List<Integer> qualifiers) {
    boolean isOne = qualifiers.stream().anyMatch(ascq -> answer.says(key, asc, ascq));
    String wanted =
        String.join(", ", qualifiers.stream().map(ascq -> "%02Xh".formatted(ascq)).toList());
    return isOne
        ? met("answers " + answer.describe())
        : notMet(
            "answers %s instead of %Xh/%02Xh and %s"
                .formatted(answer.describe(), key, asc, wanted));
  }

  /** The same where the qualifier does not matter. */
  static Verdict refused(Answer answer, int key, int asc) {
    return answer.says(key, asc)
        ? met("answers " + answer.describe())
        : notMet("answers %s instead of %Xh/%02Xh".formatted(answer.describe(), key, asc));
  }
}
