package io.gantry.store;

import java.io.IOException;

/** The volume was deleted. */
public final class VolumeGoneException extends IOException {
  private static final long serialVersionUID = 1;

  VolumeGoneException(String name) {
    super("volume " + name + " was deleted");
  }
}
