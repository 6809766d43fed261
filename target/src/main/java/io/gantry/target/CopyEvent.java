package io.gantry.target;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A copy operation that has ended, a POPULATE TOKEN included: as {@link CopyStatus}. */
@Name("gantry.Copy")
@Label("Copy")
@Category("Gantry")
@Description("A copy command that has ended; POPULATE TOKEN makes a token")
@StackTrace(false)
@SuppressWarnings("unused") // flight recorder reads the fields
final class CopyEvent extends Event {
  @Label("Id")
  @Description("As 'gantry copies list' shows it")
  long id;

  @Label("Initiator")
  String initiator = "";

  @Label("Command")
  String command = "";

  @Label("Source")
  String source = "";

  @Label("Destination")
  String destination = "";

  @Label("State")
  @Description("COMPLETED, PARTIAL, FAILED or ABORTED")
  String state = "";

  @Label("Wanted")
  @DataAmount
  long wantedBytes;

  @Label("Shared")
  @DataAmount
  long sharedBytes;

  @Label("Copied")
  @Description("Read and written")
  @DataAmount
  long copiedBytes;

  @Label("Zeroed")
  @DataAmount
  long zeroedBytes;

  @Label("Took")
  @Timespan(Timespan.NANOSECONDS)
  long took;

  @Label("Not offloaded")
  @Description("Why bytes had to be moved; empty if none had to be")
  String notOffloaded = "";

  @Label("Outcome")
  @Description("What the initiator was told; empty if all was done")
  String outcome = "";

  /** Tells the flight recorder, if it wants to know. */
  static void of(CopyStatus status) {
    CopyEvent event = new CopyEvent();
    if (!event.shouldCommit()) {
      return;
    }
    event.id = status.id();
    event.initiator = status.initiator();
    event.command = status.command();
    event.source = status.source();
    event.destination = status.destination();
    event.state = status.state().name();
    event.wantedBytes = status.wantedBytes();
    event.sharedBytes = status.sharedBytes();
    event.copiedBytes = status.copiedBytes();
    event.zeroedBytes = status.zeroedBytes();
    event.took = status.tookNanos();
    event.notOffloaded = status.notOffloaded();
    event.outcome = status.outcome();
    event.commit();
  }
}
