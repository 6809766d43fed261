package io.gantry.server;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The keys of a configuration file: null where it says nothing. */
record ConfigFile(
    @Key(
            meaning = "directory of the pool, and of what the daemon keeps besides",
            form = "path",
            initial = "\"gantry-data\"",
            example = "\"/srv/gantry\"")
        @Nullable Path data,
    @Key(
            meaning = "where initiators connect to",
            form = "HOST:PORT, or a list of them",
            initial = "\"127.0.0.1:3260\"",
            example = "[\"192.0.2.10:3260\", \"127.0.0.1:3260\"]")
        @Nullable List<HostPort> iscsi,
    @Key(
            meaning =
                "where the REST interface and the console are; an address that others can reach"
                    + " needs `tls`",
            form = "HOST:PORT",
            initial = "\"127.0.0.1:8260\"",
            example = "\"127.0.0.1:8260\"")
        @Nullable HostPort http,
    PoolSettings.@Nullable Partial pool,
    @Nullable List<AccessSettings.User> user,
    @Nullable List<AccessSettings.Rule> access,
    AccessSettings.@Nullable Redirect redirect,
    CopySettings.@Nullable Copy copy,
    @Nullable List<CopySettings.Fault> fault,
    MonitoringSettings.@Nullable Monitoring monitoring,
    AuditSettings.@Nullable Audit audit,
    LogSettings.@Nullable Log log,
    TlsSettings.@Nullable Tls tls) {

  /**
   * A key.
   *
   * @param path with the names of tables, as in {@code pool.limits.pinned}
   * @param type of the value
   * @param repeated whether it is in a table that can be there several times
   * @param key its documentation
   */
  record Leaf(String path, Type type, boolean repeated, Key key) {

    /** The variable of the environment that says it, for keys that are not repeated. */
    String variable() {
      return "GANTRY_"
          + path.replaceAll("([a-z])([A-Z])", "$1_$2").replace('.', '_').toUpperCase(Locale.ROOT);
    }
  }

  /** All keys, in the order of the records. */
  static List<Leaf> leaves() {
    List<Leaf> leaves = new ArrayList<>();
    collect("", false, ConfigFile.class, leaves);
    return leaves;
  }

  private static void collect(String prefix, boolean repeated, Class<?> table, List<Leaf> leaves) {
    for (RecordComponent component : table.getRecordComponents()) {
      String path = prefix + component.getName();
      Key key = component.getAnnotation(Key.class);
      if (key != null) {
        leaves.add(new Leaf(path, component.getGenericType(), repeated, key));
      } else if (component.getGenericType() instanceof ParameterizedType list) {
        collect(path + ".", true, (Class<?>) list.getActualTypeArguments()[0], leaves);
      } else if (component.getType().isRecord()) {
        collect(path + ".", repeated, component.getType(), leaves);
      }
    }
  }
}
