package io.gantry.copy;

/** Somebody stopped the copy. */
public final class CopyStoppedException extends CopyException {
  private static final long serialVersionUID = 1;

  CopyStoppedException() {
    super("interrupted");
  }
}
