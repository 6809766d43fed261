package io.gantry.server;

import io.gantry.store.Pool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the REST interface tells of the settings, and how they are read again. */
final class ConfigApi {

  /**
   * What is changed when settings are.
   *
   * @param identity null without TLS
   * @param log is given how to log
   */
  record Parts(
      Pool pool,
      CopyApi copies,
      SessionApi sessions,
      @Nullable ServerIdentity identity,
      Consumer<LogSettings> log) {}

  private final @Nullable Configuration configuration;
  private final Parts parts;
  private List<ConfigView.Value> values;

  /**
   * Begins.
   *
   * @param configuration null if the settings cannot be read again
   * @param values in force
   */
  ConfigApi(@Nullable Configuration configuration, List<ConfigView.Value> values, Parts parts) {
    this.configuration = configuration;
    this.parts = parts;
    this.values = values;
  }

  void bind(RestApi api) {
    api.bind(Endpoint.CONFIG, _ -> view());
    api.bind(Endpoint.RELOAD_CONFIG, this::reloadOnRequest);
  }

  private synchronized ConfigView view() {
    return new ConfigView(values);
  }

  private ReloadView reloadOnRequest(RestRequest request) {
    try {
      ReloadView view = reload();
      request.tell(EventType.CONFIG_RELOADED, message(view));
      return view;
    } catch (IOException e) {
      throw Refusal.conflict(String.valueOf(e.getMessage()));
    }
  }

  static String message(ReloadView view) {
    return "the configuration was read again; changed: %s; after a restart: %s"
        .formatted(view.changed(), view.restart());
  }

  /**
   * Reads the settings again, and puts in force what needs no restart. Sessions of initiators go
   * on, but for those that would not get in any more.
   *
   * @throws IOException if they cannot be read or make no sense; nothing has changed then
   */
  synchronized ReloadView reload() throws IOException {
    if (configuration == null) {
      throw new IOException("the server was started without a configuration to be read again");
    }
    Configuration.Loaded loaded = configuration.read();
    DaemonSettings settings = loaded.settings();
    if (parts.identity != null) {
      parts.identity.reload(); // first: it is what can fail
    }
    parts.sessions.change(settings.access());
    parts.pool.limits(settings.pool().limits());
    parts.copies.change(settings.copies());
    parts.log.accept(settings.log());

    Map<String, ConfigView.Value> before = byKey(values);
    Map<String, ConfigView.Value> after = byKey(loaded.values());
    List<String> changed = new ArrayList<>();
    List<String> restart = new ArrayList<>();
    List<ConfigView.Value> now = new ArrayList<>();
    TreeSet<String> keys = new TreeSet<>(before.keySet());
    keys.addAll(after.keySet());
    for (String key : keys) {
      ConfigView.Value old = before.get(key);
      ConfigView.Value read = after.get(key);
      ConfigView.Value either = Objects.requireNonNull(read != null ? read : old);
      if (old == null || read == null || !old.value().equals(read.value())) {
        (either.reload() ? changed : restart).add(key);
      }
      ConfigView.Value inForce = either.reload() ? read : old;
      if (inForce != null) {
        now.add(inForce);
      }
    }
    values = now;
    return new ReloadView(changed, restart);
  }

  private static Map<String, ConfigView.Value> byKey(List<ConfigView.Value> values) {
    Map<String, ConfigView.Value> byKey = new LinkedHashMap<>();
    values.forEach(value -> byKey.put(value.key(), value));
    return byKey;
  }
}
