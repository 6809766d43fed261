package io.gantry.store;

import java.io.IOException;

/** Another process has taken possession of the medium; this one must not touch it any more. */
public final class OwnershipLostException extends IOException {
  private static final long serialVersionUID = 1;

  public OwnershipLostException(String message) {
    super(message);
  }
}
