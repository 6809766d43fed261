package io.gantry.store;

import java.io.IOException;

/** The volume is read-only. */
public final class ReadOnlyVolumeException extends IOException {
  private static final long serialVersionUID = 1;

  ReadOnlyVolumeException(String name) {
    super("volume " + name + " is read-only");
  }
}
