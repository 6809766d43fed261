package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.Volume;
import io.gantry.target.CopyFaults;
import io.gantry.target.CopyOptions;
import io.gantry.target.PoolTarget;
import java.util.Map;

/** What the REST interface tells and changes of copies, without HTTP. */
record CopyApi(PoolTarget target, CopyOptions options) {

  CopiesView view() {
    return CopiesView.of(options, target.copyStatistics(), target.copies());
  }

  /** Stops a copy; false if none of this id runs. */
  boolean cancel(long id) {
    return target.cancelCopy(id);
  }

  FaultView faults(Volume volume) {
    return FaultView.of(volume.name(), target.faults(volume));
  }

  void setFaults(Volume volume, CopyFaults faults) {
    target.setFaults(volume, faults);
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
