package io.gantry.copy;

import java.io.IOException;

/** A copy that cannot start or cannot go on; the message says what, where and what to do. */
public class CopyException extends IOException {
  private static final long serialVersionUID = 1;

  public CopyException(String message) {
    super(message);
  }

  public CopyException(String message, Throwable cause) {
    super(message, cause);
  }
}
