package io.gantry.server;

import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the REST interface tells of sessions and access. */
final class SessionApi {
  private static final Pattern ID = Pattern.compile("[0-9]{1,5}");

  private final IscsiTarget target;
  private final PoolTarget device;
  private final List<HostPort> portals;
  private final @Nullable Configuration source;
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
      @Nullable Configuration source) {
    this.target = target;
    this.device = device;
    this.portals = portals;
    this.settings = settings;
    this.source = source;
  }

  void bind(RestApi api) {
    api.bind(Endpoint.SESSIONS, _ -> target.sessions().stream().map(SessionView::of).toList());
    api.bind(Endpoint.DROP_SESSION, this::drop);
    api.bind(Endpoint.ACCESS, _ -> access());
    api.bind(Endpoint.RELOAD_ACCESS, this::reloadOnRequest);
  }

  private @Nullable Object drop(RestRequest request) {
    String id = request.parameter("id");
    if (!ID.matcher(id).matches() || !target.drop(Integer.parseInt(id))) {
      throw Refusal.notFound(
          "there is no session '%s'; 'gantry session list' shows those there are".formatted(id));
    }
    request.tell(
        EventType.SESSION_DROPPED, "session %s".formatted(id), "session", Integer.parseInt(id));
    return null;
  }

  private AccessView reloadOnRequest(RestRequest request) {
    try {
      AccessView read = reload();
      request.tell(EventType.ACCESS_RELOADED, "users and rules were read again");
      return read;
    } catch (IOException e) {
      throw Refusal.conflict(String.valueOf(e.getMessage()));
    }
  }

  private AccessView access() {
    return AccessView.of(portals, settings.policy());
  }

  /**
   * Reads users and rules again and puts them in force: for commands first, then for logins and for
   * who may stay.
   *
   * @throws IOException if they cannot be; the old ones stay in force then
   */
  synchronized AccessView reload() throws IOException {
    if (source == null || !source.hasFile()) {
      throw new IOException("the server was started without --config; there is nothing to read");
    }
    AccessSettings read = source.read().settings().access();
    change(read);
    return access();
  }

  /** Puts users and rules in force, and sends those who come to where the target is now. */
  synchronized void change(AccessSettings read) {
    device.access(read.policy());
    target.access(read.policy());
    target.redirect(read.redirection());
    settings = read;
  }
}
