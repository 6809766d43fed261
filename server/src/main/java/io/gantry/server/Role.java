package io.gantry.server;

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
}
