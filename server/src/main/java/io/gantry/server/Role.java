package io.gantry.server;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What somebody may do; each may what those before it may, too. */
public enum Role {
  /** Asks who he is; whoever reaches the daemon has it. */
  ANYONE,
  /** Sees everything that is no secret. */
  VIEWER,
  /** Creates, changes and deletes volumes, snapshots, tokens and copies. */
  OPERATOR,
  /** Decides who may do what, and how the daemon runs. */
  ADMIN;

  /** Whether who has this role may do what needs the other one. */
  boolean covers(Role needed) {
    return compareTo(needed) >= 0;
  }

  /** As people and JSON write it. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role of a name that can be given to somebody. */
  static Optional<Role> named(@Nullable String text) {
    return Stream.of(VIEWER, OPERATOR, ADMIN).filter(role -> role.text().equals(text)).findFirst();
  }
}
