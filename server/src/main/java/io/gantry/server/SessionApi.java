package io.gantry.server;

import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the REST interface tells of sessions and access, without HTTP. */
final class SessionApi {
  private final IscsiTarget target;
  private final PoolTarget device;
  private final List<HostPort> portals;
  private final @Nullable AccessSource source;
  private volatile AccessSettings settings;

  /**
   * Begins.
   *
   * @param settings what is in force
   * @param source says what is to be in force; null if nothing else can
   */
  SessionApi(
      IscsiTarget target,
      PoolTarget device,
      List<HostPort> portals,
      AccessSettings settings,
      @Nullable AccessSource source) {
    this.target = target;
    this.device = device;
    this.portals = portals;
    this.settings = settings;
    this.source = source;
  }

  List<SessionView> sessions() {
    return target.sessions().stream().map(SessionView::of).toList();
  }

  /** Ends a session; false if there is none of this id. */
  boolean drop(int id) {
    return target.drop(id);
  }

  AccessView access() {
    return AccessView.of(portals, settings.policy());
  }

  /**
   * Reads users and rules again and puts them in force: for commands first, then for logins and for
   * who may stay.
   *
   * @throws IOException if they cannot be; the old ones stay in force then
   */
  synchronized AccessView reload() throws IOException {
    if (source == null) {
      throw new IOException("the server was started without --config; there is nothing to read");
    }
    AccessSettings read = source.read();
    if (!Objects.equals(read.redirection(), settings.redirection())) {
      throw new IOException("[redirect] has changed; that needs a restart, or to be taken back");
    }
    device.access(read.policy());
    target.access(read.policy());
    settings = read;
    return access();
  }
}
