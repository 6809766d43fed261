package io.gantry.store;

import java.io.IOException;

/** A range is not within its volume, perhaps because the volume was made smaller meanwhile. */
public final class OutOfRangeException extends IOException {
  private static final long serialVersionUID = 1;

  OutOfRangeException(String volume, long end, long sizeBytes) {
    super("%d is behind the end of volume %s, %d bytes".formatted(end, volume, sizeBytes));
  }
}
