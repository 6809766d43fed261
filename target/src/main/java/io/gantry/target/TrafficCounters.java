package io.gantry.target;

import java.util.concurrent.atomic.LongAdder;

/** Where event loops count SCSI commands and the bytes of their data segments. */
record TrafficCounters(LongAdder commands, LongAdder dataInBytes, LongAdder dataOutBytes) {
  TrafficCounters() {
    this(new LongAdder(), new LongAdder(), new LongAdder());
  }

  /** Counts what others have counted. */
  void add(TrafficCounters others) {
    commands.add(others.commands.sum());
    dataInBytes.add(others.dataInBytes.sum());
    dataOutBytes.add(others.dataOutBytes.sum());
  }

  IscsiTarget.Traffic traffic() {
    return new IscsiTarget.Traffic(commands.sum(), dataInBytes.sum(), dataOutBytes.sum());
  }
}
