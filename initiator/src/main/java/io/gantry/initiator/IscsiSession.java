package io.gantry.initiator;

import io.gantry.iscsi.ChapUser;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A logical unit behind an iSCSI session (RFC 7143): one session, one connection, one LUN.
 *
 * <p>Safe for use by several threads. Any number of commands may be submitted; those beyond the
 * target's command window wait here. Answers complete on the session's event loop: what depends on
 * them there must not block. When the connection is lost every command without answer fails with an
 * {@link IOException} that says why, and so does every later one: there is no reconnection.
 */
public final class IscsiSession implements ScsiDevice {

  /** A target has at most a few unit attentions pending for a nexus that is new to it. */
  private static final int UNIT_ATTENTIONS_MAX = 8;

  private static final Duration LOGOUT_TIMEOUT = Duration.ofSeconds(5);

  private final Connection<SessionHandler> connection;

  private IscsiSession(Connection<SessionHandler> connection) {
    this.connection = connection;
  }

  /** As {@link #open(IscsiUrl, SessionOptions)}, as a new initiator port. */
  public static IscsiSession open(IscsiUrl url) throws IOException {
    return open(url, SessionOptions.standard());
  }

  /**
   * Logs in, and reads away the unit attentions that greet a new nexus.
   *
   * @throws IOException if the portal cannot be reached, refuses the login, or has no such LUN
   */
  public static IscsiSession open(IscsiUrl url, SessionOptions options) throws IOException {
    ChapUser user = options.user() != null ? options.user() : ChapEnvironment.user(url, Map.of());
    IscsiSession session =
        new IscsiSession(
            Connection.open(
                url.host(),
                url.port(),
                url.target(),
                options.withUser(user),
                (channel, made) ->
                    new SessionHandler(
                        url.portal(), url.lun(), options.commandTimeout(), channel, made)));
    try {
      session.greet(url);
      return session;
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private void greet(IscsiUrl url) throws IOException {
    for (int i = 0; i < UNIT_ATTENTIONS_MAX; i++) {
      Sense sense = execute(ScsiRequest.of(new Cdb.TestUnitReady())).sense();
      if (sense != null && sense.is(Sense.LOGICAL_UNIT_NOT_SUPPORTED)) {
        throw new IOException(url + ": the target has no LUN " + url.lun().number());
      }
      if (sense == null || sense.key() != Sense.UNIT_ATTENTION_KEY) {
        return; // ready, or not: what is wrong the first real command will tell
      }
    }
  }

  /**
   * Asks a portal for its targets.
   *
   * @throws IOException if the portal cannot be reached or does not answer
   */
  public static List<DiscoveredTarget> discover(String host, int port) throws IOException {
    return discover(host, port, SessionOptions.standard());
  }

  /** As {@link #discover(String, int)}, as this initiator. */
  public static List<DiscoveredTarget> discover(String host, int port, SessionOptions options)
      throws IOException {
    String portal = IscsiUrl.portal(host, port);
    try (Connection<DiscoveryHandler> connection =
        Connection.open(
            host,
            port,
            null,
            options,
            (channel, made) -> new DiscoveryHandler(portal, channel, made))) {
      return Connection.await(
          connection.handler().targets(), options.loginTimeout(), "discovery at " + portal);
    }
  }

  @Override
  public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
    return connection.handler().submit(request);
  }

  /** What the session moved so far. */
  public WireStatistics statistics() {
    return connection.handler().statistics();
  }

  /** Logs out, for which it waits a few seconds, and closes the connection. */
  @Override
  public void close() {
    try {
      CompletableFuture<?> loggedOut = connection.handler().logOut();
      if (!connection.channel().eventLoop().inEventLoop()) {
        var _ = Connection.await(loggedOut, LOGOUT_TIMEOUT, "logout");
      }
    } catch (IOException e) {
      System.getLogger(IscsiSession.class.getName()).log(System.Logger.Level.DEBUG, "logout", e);
    } finally {
      connection.close();
    }
  }
}
