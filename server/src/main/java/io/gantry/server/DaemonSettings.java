package io.gantry.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * How a daemon is set up.
 *
 * @param data directory of the pool
 * @param iscsi where initiators connect to, at least one
 * @param http where the REST interface listens
 * @param targetName the iSCSI name of the target
 * @param pool how the pool is kept
 * @param access who may use it
 * @param copies how it copies
 * @param monitoring what it tells of itself
 */
public record DaemonSettings(
    Path data,
    List<HostPort> iscsi,
    HostPort http,
    String targetName,
    PoolSettings pool,
    AccessSettings access,
    CopySettings copies,
    MonitoringSettings monitoring) {
  public static final Path DEFAULT_DATA = Path.of("gantry-data");
  public static final HostPort DEFAULT_ISCSI = new HostPort("127.0.0.1", 3260);
  public static final HostPort DEFAULT_HTTP = new HostPort("127.0.0.1", 8260);
  public static final String DEFAULT_TARGET_NAME = "iqn.2026-11.io.gantry:default";

  private static final TomlMapper TOML =
      TomlMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
          .build();

  public DaemonSettings {
    iscsi = List.copyOf(iscsi);
    if (iscsi.isEmpty()) {
      throw new IllegalArgumentException("no address for iSCSI");
    }
  }

  /** As above, with the usual monitoring. */
  public DaemonSettings(
      Path data,
      List<HostPort> iscsi,
      HostPort http,
      String targetName,
      PoolSettings pool,
      AccessSettings access,
      CopySettings copies) {
    this(data, iscsi, http, targetName, pool, access, copies, MonitoringSettings.DEFAULTS);
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
        CopySettings.DEFAULTS);
  }

  /**
   * What a configuration file says of access.
   *
   * @throws IOException as {@link Partial#read}
   */
  public static AccessSettings access(Path file) throws IOException {
    return first(Partial.read(file).access(), null, AccessSettings.DEFAULTS);
  }

  /** The same with a pool that is kept in another way. */
  public DaemonSettings withPool(PoolSettings other) {
    return new DaemonSettings(data, iscsi, http, targetName, other, access, copies, monitoring);
  }

  /** The same, but it tells of itself in another way. */
  public DaemonSettings withMonitoring(MonitoringSettings other) {
    return new DaemonSettings(data, iscsi, http, targetName, pool, access, copies, other);
  }

  /**
   * What a configuration file or the command line says; null where it says nothing.
   *
   * @param data as {@link DaemonSettings#data}
   * @param iscsi as {@link DaemonSettings#iscsi}
   * @param http as {@link DaemonSettings#http}
   * @param pool as {@link DaemonSettings#pool}
   * @param access as {@link DaemonSettings#access}
   * @param copies as {@link DaemonSettings#copies}
   * @param monitoring as {@link DaemonSettings#monitoring}
   */
  public record Partial(
      @Nullable Path data,
      @Nullable List<HostPort> iscsi,
      @Nullable HostPort http,
      PoolSettings.@Nullable Partial pool,
      @Nullable AccessSettings access,
      @Nullable CopySettings copies,
      @Nullable MonitoringSettings monitoring) {

    /** Says nothing of monitoring, as the command line never does. */
    public Partial(
        @Nullable Path data,
        @Nullable List<HostPort> iscsi,
        @Nullable HostPort http,
        PoolSettings.@Nullable Partial pool,
        @Nullable AccessSettings access,
        @Nullable CopySettings copies) {
      this(data, iscsi, http, pool, access, copies, null);
    }

    /** Says nothing. */
    public static final Partial NOTHING = new Partial(null, null, null, null, null, null);

    /** The keys of a configuration file. */
    private record File(
        @Nullable Path data,
        @Nullable List<HostPort> iscsi,
        @Nullable HostPort http,
        PoolSettings.@Nullable Partial pool,
        @Nullable List<AccessSettings.User> user,
        @Nullable List<AccessSettings.Rule> access,
        AccessSettings.@Nullable Redirect redirect,
        CopySettings.@Nullable Copy copy,
        @Nullable List<CopySettings.Fault> fault,
        MonitoringSettings.@Nullable Monitoring monitoring) {}

    /**
     * Reads a TOML file with the keys {@code data}, {@code iscsi}, {@code http}, the tables {@code
     * pool}, {@code redirect}, {@code copy} and {@code monitoring}, and any number of tables {@code
     * user}, {@code access} and {@code fault}.
     *
     * @throws IOException if there is none or it says something else; the message is for people
     */
    public static Partial read(Path file) throws IOException {
      try {
        File read = TOML.readValue(Files.readString(file), File.class);
        if (read.iscsi != null && read.iscsi.isEmpty()) {
          throw new IOException(file + ": iscsi is an empty list; name an address or leave it out");
        }
        AccessSettings access = AccessSettings.of(file, read.user, read.access, read.redirect);
        CopySettings copies = CopySettings.of(file, read.copy, read.fault);
        MonitoringSettings monitoring = MonitoringSettings.of(file, read.monitoring);
        return new Partial(read.data, read.iscsi, read.http, read.pool, access, copies, monitoring);
      } catch (NoSuchFileException e) {
        throw new IOException(file + ": no such configuration file", e);
      } catch (UnrecognizedPropertyException e) {
        throw new IOException(
            "%s: there is no setting '%s' here; there are %s"
                .formatted(file, e.getPropertyName(), e.getKnownPropertyIds()),
            e);
      } catch (JacksonException e) {
        throw new IOException("%s: %s".formatted(file, e.getOriginalMessage()), e);
      }
    }

    /** Settings in which this counts first, then the other, then the defaults. */
    public DaemonSettings orElse(Partial other) {
      return new DaemonSettings(
          first(data, other.data, DEFAULT_DATA),
          first(iscsi, other.iscsi, List.of(DEFAULT_ISCSI)),
          first(http, other.http, DEFAULT_HTTP),
          DEFAULT_TARGET_NAME,
          first(pool, PoolSettings.Partial.NOTHING, PoolSettings.Partial.NOTHING)
              .orElse(first(other.pool, null, PoolSettings.Partial.NOTHING)),
          first(access, other.access, AccessSettings.DEFAULTS),
          first(copies, other.copies, CopySettings.DEFAULTS),
          first(monitoring, other.monitoring, MonitoringSettings.DEFAULTS));
    }
  }

  static <T> T first(@Nullable T a, @Nullable T b, T fallback) {
    return a != null ? a : b != null ? b : fallback;
  }
}
