package io.gantry.cli;

import java.io.IOException;

/** What ends a command with exit code 1; the message says what, where and what to do. */
final class Failure extends IOException {
  private static final long serialVersionUID = 1;

  Failure(String message) {
    super(message);
  }

  Failure(String message, Throwable cause) {
    super(message, cause);
  }
}
