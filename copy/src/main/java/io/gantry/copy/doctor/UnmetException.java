package io.gantry.copy.doctor;

/** A rule cannot be checked, for something else that it needs does not work or was not given. */
public final class UnmetException extends Exception {
  private static final long serialVersionUID = 1;

  private final Verdict.Kind kind;

  private UnmetException(Verdict.Kind kind, String why) {
    super(why);
    this.kind = kind;
  }

  static UnmetException notChecked(String why) {
    return new UnmetException(Verdict.Kind.NOT_CHECKED, why);
  }

  static UnmetException notOffered(String why) {
    return new UnmetException(Verdict.Kind.NOT_OFFERED, why);
  }

  /** What is said of the rule that needs it. */
  Verdict verdict() {
    return new Verdict(kind, String.valueOf(getMessage()));
  }
}
