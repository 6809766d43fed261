package io.gantry.server;

import java.io.IOException;

/** Where a daemon reads again who may use the volumes. */
@FunctionalInterface
public interface AccessSource {

  /**
   * Users and rules as they are now.
   *
   * @throws IOException if they cannot be read or make no sense; the message is for people
   */
  AccessSettings read() throws IOException;
}
