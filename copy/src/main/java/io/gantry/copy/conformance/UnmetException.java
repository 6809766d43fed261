package io.gantry.copy.conformance;

/** A rule cannot be tested, for something else that it needs does not work or was not given. */
public final class UnmetException extends Exception {
  private static final long serialVersionUID = 1;

  UnmetException(String why) {
    super(why);
  }
}
