package io.gantry.server;

import io.gantry.store.CorruptPoolException;
import io.gantry.store.Pool;
import io.gantry.store.PoolListener;
import io.gantry.target.IscsiOptions;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A running daemon: a pool, the iSCSI portal that serves its volumes, and the REST interface that
 * administers them.
 *
 * <p>Parts start from the pool up and stop in reverse: no request finds a part gone that it needs.
 */
public final class Daemon implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Pool pool;
  private final DaemonContact contact;
  private final EventLog events;
  private final ConfigApi config;
  private final Deque<AutoCloseable> parts;

  private Daemon(
      Pool pool,
      DaemonContact contact,
      EventLog events,
      ConfigApi config,
      Deque<AutoCloseable> parts) {
    this.pool = pool;
    this.events = events;
    this.config = config;
    this.contact = contact;
    this.parts = parts;
  }

  /**
   * Opens the pool, or makes one where there is none, and starts to serve it.
   *
   * @throws IOException if the pool is in use or damaged, or an address is taken; nothing is left
   *     running then
   */
  public static Daemon start(DaemonSettings settings) throws IOException {
    return start(settings, (Source) null);
  }

  /**
   * As above, by settings that can be read again while it runs.
   *
   * @param log is told what to log when that changes
   */
  public static Daemon start(Configuration configuration, Consumer<LogSettings> log)
      throws IOException {
    Configuration.Loaded loaded = configuration.read();
    return start(loaded.settings(), new Source(configuration, loaded, log));
  }

  /** Where the settings come from. */
  private record Source(
      Configuration configuration, Configuration.Loaded loaded, Consumer<LogSettings> log) {}

  private static Daemon start(DaemonSettings settings, @Nullable Source source) throws IOException {
    settings.requireTls();
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    try {
      SecureRandom random = new SecureRandom();
      InstantSource clock = InstantSource.system();
      AuditFile audit = new AuditFile();
      EventLog events = new EventLog(clock, audit);
      parts.push(events);
      TargetEvents targetEvents = new TargetEvents(events);
      parts.push(targetEvents);
      Pool pool = openPool(settings, targetEvents::happened);
      parts.push(pool);
      audit.open(settings.data(), settings.audit());
      PoolTarget target =
          new PoolTarget(
              pool, settings.targetName(), settings.access().policy(), settings.copies().options());
      parts.push(target);
      target.slowAfter(settings.monitoring().slowIo());
      CopyApi copies = new CopyApi(pool, target);
      copies.change(settings.copies());
      IscsiTarget iscsi = startIscsi(target, settings);
      parts.push(iscsi);
      targetEvents.watch(pool, target, iscsi);
      parts.push(targetEvents::stopLooking);
      HostPort portal = HostPort.of(reachable(iscsi.address()));
      List<HostPort> portals = iscsi.addresses().stream().map(HostPort::of).toList();
      String token = Secret.make(random);
      ApiTokens tokens = ApiTokens.open(settings.data(), token, clock, random);
      Authentication authentication =
          new Authentication(tokens, new Logins(clock, random), new LoginGuard(clock), events);
      ScrubJob scrub = new ScrubJob(pool, events);
      parts.push(scrub);
      RestApi api = new RestApi(authentication, events);
      EventApi eventApi = new EventApi(events, authentication);
      eventApi.bind(api);
      Statistics statistics = new Statistics(pool, target, iscsi);
      statistics.bind(api);
      targetEvents.alsoNowAndThen(() -> {
        eventApi.look();
        statistics.sample();
      });
      api.bindDescription();
      new LoginApi(authentication).bind(api);
      new ApiTokenApi(tokens, clock).bind(api);
      new PoolApi(pool, copies, scrub, portal, settings.targetName()).bind(api);
      new VolumeApi(pool, copies, portal, settings.targetName()).bind(api);
      new TokenApi(pool).bind(api);
      copies.bind(api);
      SessionApi sessions =
          new SessionApi(
              iscsi,
              target,
              portals,
              settings.access(),
              source == null ? null : source.configuration);
      sessions.bind(api);
      TlsSettings tls = settings.tls();
      ServerIdentity identity =
          tls == null ? null : ServerIdentity.open(tls, settings.data(), settings.http().host());
      ConfigApi config =
          new ConfigApi(
              source == null ? null : source.configuration,
              source == null ? List.of() : source.loaded.values(),
              new ConfigApi.Parts(
                  pool, copies, sessions, identity, source == null ? _ -> {} : source.log));
      config.bind(api);
      new Metrics(pool, target, iscsi, api.requests()).bind(api);
      if (settings.monitoring().openOnLoopback()) {
        api.openOnLoopback(Endpoint.METRICS);
      }
      HealthApi health = new HealthApi(pool, iscsi);
      health.bind(api);
      WebServer http = startHttp(api, settings.http(), identity);
      parts.push(http::stop);
      parts.push(eventApi); // or its readers hold the web server up
      HostPort address =
          HostPort.of(
              reachable(
                  new InetSocketAddress(
                      settings.http().toSocketAddress().getAddress(), http.port())));
      DaemonContact contact =
          new DaemonContact(
              address,
              portal,
              settings.targetName(),
              token,
              ProcessHandle.current().pid(),
              identity == null ? null : identity.fingerprint());
      contact.write(settings.data());
      parts.push(() -> DaemonContact.remove(settings.data()));
      parts.push(health::stopping);
      events.add(
          EventType.DAEMON_STARTED,
          EventLog.Actor.NOBODY,
          "serving %s, iSCSI on %s".formatted(settings.targetName(), portals),
          "pid",
          contact.pid());
      return new Daemon(pool, contact, events, config, parts);
    } catch (IOException | RuntimeException e) {
      stop(parts, e);
      throw e;
    }
  }

  private static Pool openPool(DaemonSettings settings, PoolListener listener) throws IOException {
    Path data = settings.data();
    if (Files.exists(data) && !Files.isDirectory(data)) {
      throw new IOException(data + ": is a file, not a directory; choose another with --data");
    }
    try {
      return settings.pool().open(data, listener);
    } catch (FileSystemException | CorruptPoolException e) {
      throw e;
    } catch (IOException e) {
      Optional<DaemonContact> owner = DaemonContact.readRunning(data);
      throw owner.isEmpty()
          ? e
          : new IOException(
              "%s: process %d serves it on %s; choose another directory with --data"
                  .formatted(e.getMessage(), owner.get().pid(), owner.get().iscsi()),
              e);
    }
  }

  private static IscsiTarget startIscsi(PoolTarget target, DaemonSettings settings)
      throws IOException {
    List<InetSocketAddress> portals = new ArrayList<>();
    for (HostPort portal : settings.iscsi()) {
      portals.add(free(portal, "--iscsi"));
    }
    IscsiOptions options =
        new IscsiOptions(
            settings.access().policy(),
            settings.access().redirection(),
            new SecureRandom(),
            InstantSource.system());
    return IscsiTarget.start(target, portals, options);
  }

  private static WebServer startHttp(
      RestApi api, HostPort address, @Nullable ServerIdentity identity) throws IOException {
    InetSocketAddress socketAddress = free(address, "--http");
    Console console = new Console();
    WebServerConfig.Builder builder =
        WebServer.builder()
            .address(socketAddress.getAddress())
            .port(address.port())
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .routing(routing -> {
              routing.addFilter(RequestTimes::takeRest);
              routing.addFilter(new OwnNames(address.host())::check);
              api.route(routing);
              console.route(routing);
            });
    RestFormat.configure(builder);
    if (identity != null) {
      SSLContext context = identity.context();
      builder.tls(tls -> tls.sslContext(context).enabledProtocols(List.of("TLSv1.3", "TLSv1.2")));
    }
    WebServer server = builder.build().start();
    if (!server.isRunning()) {
      throw cannotListen(address, "the web server did not start", "--http");
    }
    return server;
  }

  private static IOException cannotListen(
      HostPort address, @Nullable String reason, String option) {
    return new IOException(
        "cannot listen on %s: %s; choose another address with %s"
            .formatted(address, reason, option));
  }

  /**
   * An address that can be listened on, as far as an attempt shows. What listens afterwards says
   * less clearly why it cannot: the web server only logs it.
   */
  private static InetSocketAddress free(HostPort address, String option) throws IOException {
    InetSocketAddress resolved = address.toSocketAddress();
    if (resolved.isUnresolved()) {
      throw cannotListen(address, "no such host", option);
    }
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(resolved);
      return resolved;
    } catch (IOException e) {
      IOException told = cannotListen(address, e.getMessage(), option);
      told.initCause(e);
      throw told;
    }
  }

  /** Where to connect to, for somebody on this machine: the loopback if it listens everywhere. */
  private static InetSocketAddress reachable(InetSocketAddress bound) {
    return bound.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), bound.getPort())
        : bound;
  }

  /**
   * Reads the configuration again, as somebody asked by a signal.
   *
   * @return for people
   * @throws IOException if it makes no sense; nothing has changed then
   */
  public String reload() throws IOException {
    String message = ConfigApi.message(config.reload());
    events.add(EventType.CONFIG_RELOADED, EventLog.Actor.NOBODY, message);
    return message;
  }

  /** The pool that it serves. */
  public Pool pool() {
    return pool;
  }

  /** What happens in it. */
  EventLog events() {
    return events;
  }

  /** How to reach it. */
  public DaemonContact contact() {
    return contact;
  }

  /** The URL of a logical unit. */
  public String url(int lun) {
    return "iscsi://%s/%s/%d".formatted(contact.iscsi(), contact.target(), lun);
  }

  /** Stops serving, and closes the pool when everything that runs has ended. */
  @Override
  public void close() throws IOException {
    events.add(EventType.DAEMON_STOPPING, EventLog.Actor.NOBODY, "the daemon stops");
    IOException failure = new IOException("the daemon did not stop cleanly");
    stop(parts, failure);
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }

  private static void stop(Deque<AutoCloseable> parts, Exception failure) {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
    }
  }
}
