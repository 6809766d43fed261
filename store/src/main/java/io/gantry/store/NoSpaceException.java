package io.gantry.store;

import java.io.IOException;

/** The medium or the pool has no room for another chunk. Passes when space is freed. */
public final class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1;

  public NoSpaceException(String message) {
    super(message);
  }
}
