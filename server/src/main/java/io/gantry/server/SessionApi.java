package io.gantry.server;

import io.gantry.target.IscsiTarget;
import java.util.List;

/** What the REST interface tells of sessions and access, without HTTP. */
record SessionApi(IscsiTarget target, AccessView access) {

  List<SessionView> sessions() {
    return target.sessions().stream().map(SessionView::of).toList();
  }

  /** Ends a session; false if there is none of this id. */
  boolean drop(int id) {
    return target.drop(id);
  }
}
