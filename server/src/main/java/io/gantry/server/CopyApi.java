package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.Volume;
import io.gantry.target.CopyFaults;
import io.gantry.target.PoolTarget;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the REST interface tells and changes of copies. */
final class CopyApi {
  private static final System.Logger LOG = System.getLogger(CopyApi.class.getName());
  private static final Pattern ID = Pattern.compile("[0-9]{1,18}");

  private final Pool pool;
  private final PoolTarget target;
  private volatile CopySettings settings = CopySettings.DEFAULTS;

  /** With the usual settings. */
  CopyApi(Pool pool, PoolTarget target) {
    this.pool = pool;
    this.target = target;
  }

  void bind(RestApi api) {
    api.bind(
        Endpoint.COPIES,
        _ -> CopiesView.of(settings.options(), target.copyStatistics(), target.copies()));
    api.bind(Endpoint.CANCEL_COPY, this::cancel);
  }

  private @Nullable Object cancel(RestRequest request) {
    String id = request.parameter("id");
    if (!ID.matcher(id).matches() || !target.cancelCopy(Long.parseLong(id))) {
      throw Refusal.notFound(
          "no copy '%s' runs; 'gantry copies list' shows those that do".formatted(id));
    }
    request.tell(EventType.COPY_CANCELLED, "copy %s".formatted(id), "id", Long.parseLong(id));
    return null;
  }

  FaultView faults(Volume volume) {
    return FaultView.of(volume.name(), target.faults(volume));
  }

  boolean hasFaults(Volume volume) {
    return !target.faults(volume).equals(CopyFaults.NONE);
  }

  void setFaults(Volume volume, CopyFaults faults) {
    target.setFaults(volume, faults);
  }

  void clearFaults(Volume volume) {
    target.setFaults(volume, CopyFaults.NONE);
  }

  /**
   * Puts settings in force: of faults, those that others than before; what was turned on or off by
   * hand stays so. A volume that is named may come to be there later.
   */
  synchronized void change(CopySettings read) {
    target.options(read.options());
    Map<String, CopyFaults> before = settings.faults();
    settings = read;
    Set<String> names = new TreeSet<>(before.keySet());
    names.addAll(read.faults().keySet());
    for (String name : names) {
      CopyFaults wanted = read.faults().getOrDefault(name, CopyFaults.NONE);
      if (!wanted.equals(before.getOrDefault(name, CopyFaults.NONE))) {
        pool.volume(name)
            .ifPresentOrElse(
                volume -> target.setFaults(volume, wanted),
                () ->
                    LOG.log(
                        System.Logger.Level.WARNING,
                        "there is no volume {0} for the [[fault]] of the configuration",
                        name));
      }
    }
  }
}
