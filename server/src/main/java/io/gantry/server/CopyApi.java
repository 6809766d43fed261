package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.Volume;
import io.gantry.target.CopyFaults;
import io.gantry.target.CopyOptions;
import io.gantry.target.PoolTarget;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the REST interface tells and changes of copies. */
record CopyApi(PoolTarget target, CopyOptions options) {

  private static final Pattern ID = Pattern.compile("[0-9]{1,18}");

  void bind(RestApi api) {
    api.bind(
        Endpoint.COPIES, _ -> CopiesView.of(options, target.copyStatistics(), target.copies()));
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

  /** Makes go wrong what the configuration names; a volume may come to be there later. */
  void turnOn(Pool pool, Map<String, CopyFaults> faults) {
    faults.forEach((name, wanted) ->
        pool.volume(name)
            .ifPresentOrElse(
                volume -> target.setFaults(volume, wanted),
                () ->
                    System.getLogger(CopyApi.class.getName())
                        .log(
                            System.Logger.Level.WARNING,
                            "there is no volume {0} for the [[fault]] of the configuration",
                            name)));
  }
}
