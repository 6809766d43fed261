package io.gantry.iscsi;

import org.jspecify.annotations.Nullable;

/** What a target knows about those who log in, for one connection. */
public interface LoginGate {

  /** What an initiator has to do to get in. */
  enum Demand {
    /** Nothing, and it cannot: there are no users. */
    NONE,
    /** It may say who its user is; if it does, it has to prove it. */
    OPTIONAL,
    /** It has to prove that it is a user. */
    REQUIRED,
    /** Nothing helps. */
    REFUSED
  }

  /**
   * Where a target has gone.
   *
   * @param permanent whether initiators should forget the old address
   * @param address as TargetAddress has it
   */
  record Redirection(boolean permanent, String address) {}

  /** Everybody gets in, as nobody in particular. */
  LoginGate OPEN =
      new LoginGate() {
        @Override
        public Demand demand(String initiatorName) {
          return Demand.NONE;
        }

        @Override
        public @Nullable ChapUser user(String name) {
          return null;
        }

        @Override
        public boolean admits(String initiatorName, String user) {
          return true;
        }
      };

  /** What is asked of an initiator that has said its name, in lower case, and proved nothing. */
  Demand demand(String initiatorName);

  /** The user of a name, or null. */
  @Nullable ChapUser user(String name);

  /** Whether an initiator gets in that has proved to be a user. */
  boolean admits(String initiatorName, String user);

  /** Where normal sessions have to go instead, or null. */
  default @Nullable Redirection redirection() {
    return null;
  }
}
