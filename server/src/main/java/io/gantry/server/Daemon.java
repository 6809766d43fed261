package io.gantry.server;

import io.gantry.store.CorruptPoolException;
import io.gantry.store.Pool;
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
  private final Deque<AutoCloseable> parts;

  private Daemon(Pool pool, DaemonContact contact, Deque<AutoCloseable> parts) {
    this.pool = pool;
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
    return start(settings, null);
  }

  /**
   * As above.
   *
   * @param access where the settings' users and rules come from and can be read again; null for
   *     those of the settings alone
   */
  public static Daemon start(DaemonSettings settings, @Nullable AccessSource access)
      throws IOException {
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    try {
      Pool pool = openPool(settings);
      parts.push(pool);
      PoolTarget target =
          new PoolTarget(
              pool, settings.targetName(), settings.access().policy(), settings.copies().options());
      parts.push(target);
      target.slowAfter(settings.monitoring().slowIo());
      CopyApi copies = new CopyApi(target, settings.copies().options());
      copies.turnOn(pool, settings.copies().faults());
      IscsiTarget iscsi = startIscsi(target, settings);
      parts.push(iscsi);
      HostPort portal = HostPort.of(reachable(iscsi.address()));
      List<HostPort> portals = iscsi.addresses().stream().map(HostPort::of).toList();
      String token = DaemonContact.newToken(new SecureRandom());
      ScrubJob scrub = new ScrubJob(pool);
      parts.push(scrub);
      RestApi api = new RestApi(token);
      new PoolApi(pool, scrub, portal, settings.targetName()).bind(api);
      new VolumeApi(pool, copies, portal, settings.targetName()).bind(api);
      new TokenApi(pool).bind(api);
      copies.bind(api);
      new SessionApi(iscsi, target, portals, settings.access(), access).bind(api);
      new Statistics(pool, target, iscsi).bind(api);
      new Metrics(pool, target, iscsi, api.requests()).bind(api);
      if (settings.monitoring().openOnLoopback()) {
        api.openOnLoopback(Endpoint.METRICS);
      }
      HealthApi health = new HealthApi(pool, iscsi);
      health.bind(api);
      WebServer http = startHttp(api, settings.http());
      parts.push(http::stop);
      HostPort address =
          HostPort.of(
              reachable(
                  new InetSocketAddress(
                      settings.http().toSocketAddress().getAddress(), http.port())));
      DaemonContact contact =
          new DaemonContact(
              address, portal, settings.targetName(), token, ProcessHandle.current().pid());
      contact.write(settings.data());
      parts.push(() -> DaemonContact.remove(settings.data()));
      parts.push(health::stopping);
      return new Daemon(pool, contact, parts);
    } catch (IOException | RuntimeException e) {
      stop(parts, e);
      throw e;
    }
  }

  private static Pool openPool(DaemonSettings settings) throws IOException {
    Path data = settings.data();
    if (Files.exists(data) && !Files.isDirectory(data)) {
      throw new IOException(data + ": is a file, not a directory; choose another with --data");
    }
    try {
      return settings.pool().open(data);
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

  private static WebServer startHttp(RestApi api, HostPort address) throws IOException {
    InetSocketAddress socketAddress = free(address, "--http");
    Console console = new Console();
    WebServerConfig.Builder builder =
        WebServer.builder()
            .address(socketAddress.getAddress())
            .port(address.port())
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .routing(routing -> {
              api.route(routing);
              console.route(routing);
            });
    RestFormat.configure(builder);
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

  /** The pool that it serves. */
  public Pool pool() {
    return pool;
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
