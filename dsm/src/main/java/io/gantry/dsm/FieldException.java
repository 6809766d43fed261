package io.gantry.dsm;

/** A buffer, or what is to become one, is not what its structures say; the message says where. */
public final class FieldException extends Exception {
  private static final long serialVersionUID = 1;

  FieldException(String where, String message) {
    super(where + ": " + message);
  }
}
