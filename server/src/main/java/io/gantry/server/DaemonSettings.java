package io.gantry.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a daemon is set up. {@link Configuration} reads one.
 *
 * @param data directory of the pool
 * @param iscsi where initiators connect to, at least one
 * @param http where the REST interface listens
 * @param targetName the iSCSI name of the target
 * @param pool how the pool is kept
 * @param access who may use it
 * @param copies how it copies
 * @param monitoring what it tells of itself
 * @param audit where the audit trail is
 * @param log what is logged, by who runs the process
 * @param tls how the REST interface encrypts; null for not at all, which is for this machine only
 */
public record DaemonSettings(
    Path data,
    List<HostPort> iscsi,
    HostPort http,
    String targetName,
    PoolSettings pool,
    AccessSettings access,
    CopySettings copies,
    MonitoringSettings monitoring,
    AuditSettings audit,
    LogSettings log,
    @Nullable TlsSettings tls) {
  public static final Path DEFAULT_DATA = Path.of("gantry-data");
  public static final HostPort DEFAULT_ISCSI = new HostPort("127.0.0.1", 3260);
  public static final HostPort DEFAULT_HTTP = new HostPort("127.0.0.1", 8260);
  public static final String DEFAULT_TARGET_NAME = "iqn.2026-11.io.gantry:default";

  /** What a message begins with that is about one key of a table. */
  private static final Pattern KEY = Pattern.compile("([a-z][A-Za-z]*): ");

  private static final String NO_TLS =
      "others can reach %s, so the REST interface needs TLS there: write tls = \"self-signed\", or"
          + " certificate and key in the table [tls], in the configuration file (docs/rest.md); or"
          + " let it listen on this machine only, as in --http 127.0.0.1:8260";

  public DaemonSettings {
    iscsi = List.copyOf(iscsi);
    if (iscsi.isEmpty()) {
      throw new IllegalArgumentException("no address for iSCSI");
    }
  }

  /** Settings with the default target and pool, for this machine. */
  public static DaemonSettings of(Path data, HostPort iscsi, HostPort http) {
    return new DaemonSettings(
        data,
        List.of(iscsi),
        http,
        DEFAULT_TARGET_NAME,
        PoolSettings.DEFAULTS,
        AccessSettings.DEFAULTS,
        CopySettings.DEFAULTS,
        MonitoringSettings.DEFAULTS,
        AuditSettings.DEFAULTS,
        LogSettings.DEFAULTS,
        null);
  }

  /**
   * What was read, completed by what is usual.
   *
   * @throws IOException if something in it cannot be; the message says where it is
   */
  static DaemonSettings of(ConfigFile read, Configuration.Origin origin) throws IOException {
    if (read.iscsi() != null && read.iscsi().isEmpty()) {
      throw origin.refuse("iscsi", "iscsi is an empty list; name an address or leave it out");
    }
    AuditSettings.Audit audit = read.audit();
    LogSettings.Log log = read.log();
    TlsSettings.Tls tls = read.tls();
    PoolSettings.Partial pool = read.pool() == null ? PoolSettings.Partial.NOTHING : read.pool();
    DaemonSettings settings =
        new DaemonSettings(
            first(read.data(), DEFAULT_DATA),
            first(read.iscsi(), List.of(DEFAULT_ISCSI)),
            first(read.http(), DEFAULT_HTTP),
            DEFAULT_TARGET_NAME,
            at(origin, "pool", pool::settings),
            AccessSettings.of(origin, read.user(), read.access(), read.redirect()),
            CopySettings.of(origin, read.copy(), read.fault()),
            MonitoringSettings.of(origin, read.monitoring()),
            audit == null
                ? AuditSettings.DEFAULTS
                : at(origin, "audit", () -> audit.settings(origin)),
            log == null ? LogSettings.DEFAULTS : log.settings(origin),
            tls == null ? null : at(origin, "tls", () -> tls.settings(origin)));
    if (settings.lacksTls()) {
      throw origin.refuse("http", NO_TLS.formatted(settings.http()));
    }
    return settings;
  }

  /** Whether tokens would be sent over a network that others can listen to. */
  private boolean lacksTls() {
    InetSocketAddress address = http.toSocketAddress();
    boolean elsewhere = !address.isUnresolved() && !address.getAddress().isLoopbackAddress();
    return elsewhere && tls == null;
  }

  /**
   * For settings that nobody wrote.
   *
   * @throws IOException if tokens would be sent over a network that others can listen to
   */
  void requireTls() throws IOException {
    if (lacksTls()) {
      throw new IOException(NO_TLS.formatted(http));
    }
  }

  /** Makes something of a table. */
  interface Maker<T> {
    T make();
  }

  private static <T> T at(Configuration.Origin origin, String table, Maker<T> maker)
      throws IOException {
    try {
      return maker.make();
    } catch (IllegalArgumentException e) {
      String problem = String.valueOf(e.getMessage());
      Matcher key = KEY.matcher(problem);
      String path = key.lookingAt() ? table + "." + key.group(1) : table;
      String rest = key.lookingAt() ? problem.substring(key.end()) : problem;
      throw origin.refuse(path, "%s: %s".formatted(path, rest));
    }
  }

  /** The same under another name. */
  public DaemonSettings withTargetName(String other) {
    return new DaemonSettings(
        data, iscsi, http, other, pool, access, copies, monitoring, audit, log, tls);
  }

  /** The same with a pool that is kept in another way. */
  public DaemonSettings withPool(PoolSettings other) {
    return new DaemonSettings(
        data, iscsi, http, targetName, other, access, copies, monitoring, audit, log, tls);
  }

  /** The same, but it tells of itself in another way. */
  public DaemonSettings withMonitoring(MonitoringSettings other) {
    return new DaemonSettings(
        data, iscsi, http, targetName, pool, access, copies, other, audit, log, tls);
  }

  /** The same with other copies. */
  public DaemonSettings withCopies(CopySettings other) {
    return new DaemonSettings(
        data, iscsi, http, targetName, pool, access, other, monitoring, audit, log, tls);
  }

  /** The same with or without TLS. */
  public DaemonSettings withTls(@Nullable TlsSettings other) {
    return new DaemonSettings(
        data, iscsi, http, targetName, pool, access, copies, monitoring, audit, log, other);
  }

  static <T> T first(@Nullable T a, T fallback) {
    return a != null ? a : fallback;
  }
}
