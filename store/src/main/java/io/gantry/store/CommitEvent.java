package io.gantry.store;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A commit; lasts as long as whoever flushes waits for it. */
@Name("gantry.Commit")
@Label("Commit")
@Category("Gantry")
@Description("Making durable what was written and changed, for all who wait at that moment")
@StackTrace(false)
@SuppressWarnings("unused") // flight recorder reads the fields
final class CommitEvent extends Event {
  @Label("Waiters")
  @Description("Flushes that waited for it; 0 if its time had come")
  int waiters;

  @Label("Completed")
  @Description("False if the medium was full or failed")
  boolean completed;
}
