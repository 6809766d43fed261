package io.gantry.copy;

import java.io.IOException;

/** A logical unit does not answer any more; what it was told to do may have been done or not. */
final class LostException extends CopyException {
  private static final long serialVersionUID = 1;

  private final String why;

  LostException(DiskEnd end, String doing, IOException cause) {
    super("%s: %s: %s".formatted(end.name(), doing, cause.getMessage()), cause);
    this.why = String.valueOf(cause.getMessage());
  }

  /** What the connection says, without the name of the logical unit. */
  String why() {
    return why;
  }
}
