package io.gantry.initiator;

import java.io.IOException;

/** The target is at another address (RFC 7143 11.13.5). */
final class TargetMovedException extends IOException {
  private static final long serialVersionUID = 1;

  private final String address;

  TargetMovedException(String portal, String address) {
    super("login at %s failed: the target has moved to %s".formatted(portal, address));
    this.address = address;
  }

  /** As TargetAddress has it. */
  String address() {
    return address;
  }
}
