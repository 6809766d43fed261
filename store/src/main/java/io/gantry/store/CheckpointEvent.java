package io.gantry.store;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Writing a checkpoint; lasts as long as that. */
@Name("gantry.Checkpoint")
@Label("Checkpoint")
@Category("Gantry")
@Description("Writing a checkpoint to the medium, while the pool goes on")
@StackTrace(false)
@SuppressWarnings("unused") // flight recorder reads the fields
final class CheckpointEvent extends Event {
  @Label("Number")
  long number;

  @Label("Pages")
  @Description("Page images written, without the catalog")
  long pages;

  @Label("Completed")
  @Description("False if it was given up")
  boolean completed;
}
