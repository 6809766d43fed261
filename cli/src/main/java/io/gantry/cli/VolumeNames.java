package io.gantry.cli;

import java.util.Collections;
import java.util.Iterator;

/**
 * Marks parameters that take the name of a volume. Empty: which volumes there are only a daemon
 * knows, and {@link CompletionCommand} makes the shell ask it when the user wants to know.
 */
final class VolumeNames implements Iterable<String> {
  @Override
  public Iterator<String> iterator() {
    return Collections.emptyIterator();
  }
}
