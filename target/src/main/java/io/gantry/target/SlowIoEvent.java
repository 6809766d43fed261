package io.gantry.target;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A command that took longer than {@link PoolTarget#slowAfter} says. Made when it has ended. */
@Name("gantry.SlowIo")
@Label("Slow I/O")
@Category("Gantry")
@Description("A command to a volume that took longer than the threshold for slow I/O")
@StackTrace(false)
@SuppressWarnings("unused") // flight recorder reads the fields
final class SlowIoEvent extends Event {
  @Label("Volume")
  String volume = "";

  @Label("Initiator")
  String initiator = "";

  @Label("Command")
  @Description("Its name; of one that was carried out at once READ or WRITE alone")
  String command = "";

  @Label("LBA")
  @Description("First block of a READ or WRITE; -1 of others")
  long lba;

  @Label("Bytes")
  @DataAmount
  long bytes;

  @Label("Took")
  @Description("From when it and its data were there until its answer was made")
  @Timespan(Timespan.NANOSECONDS)
  long took;

  @Label("Answer")
  @Description("SCSI status, or what the sense data say")
  String answer = "";
}
