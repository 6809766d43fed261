package io.gantry.dsm;

import java.io.IOException;

/** A device refused a request whose caller wanted its result. */
public final class StatusException extends IOException {
  private static final long serialVersionUID = 1;

  private final NtStatus status;

  StatusException(String request, NtStatus status) {
    super("%s: %s".formatted(request, status.describe()));
    this.status = status;
  }

  /** Why. */
  public NtStatus status() {
    return status;
  }
}
