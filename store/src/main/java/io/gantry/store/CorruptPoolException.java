package io.gantry.store;

import java.io.IOException;

/** Bytes on the medium are not what was written there. The message names file and offset. */
public final class CorruptPoolException extends IOException {
  private static final long serialVersionUID = 1;

  CorruptPoolException(String message) {
    super(message);
  }
}
