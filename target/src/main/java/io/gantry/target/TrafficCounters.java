package io.gantry.target;

import java.util.concurrent.atomic.LongAdder;

/** Where the event loops of a target count SCSI commands and the bytes of their data segments. */
record TrafficCounters(LongAdder commands, LongAdder dataInBytes, LongAdder dataOutBytes) {
  TrafficCounters() {
    this(new LongAdder(), new LongAdder(), new LongAdder());
  }
}
