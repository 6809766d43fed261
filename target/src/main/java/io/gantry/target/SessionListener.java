package io.gantry.target;

import java.net.InetAddress;

/**
 * Is told who comes and goes. The threads that tell are those of the network: what is told must be
 * taken without waiting.
 */
public interface SessionListener {

  /** Hears nothing. */
  SessionListener NONE =
      new SessionListener() {
        @Override
        public void loggedIn(SessionStatus session) {}

        @Override
        public void loggedOut(SessionStatus session) {}

        @Override
        public void refused(InetAddress address, String problem) {}
      };

  /** A session has begun. */
  void loggedIn(SessionStatus session);

  /** A session is over, for whatever reason; its traffic is complete. */
  void loggedOut(SessionStatus session);

  /**
   * Logins from an address failed: one message a second at most, which counts those that were not
   * told.
   */
  void refused(InetAddress address, String problem);
}
