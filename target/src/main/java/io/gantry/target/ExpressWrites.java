package io.gantry.target;

import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.scsi.ScsiResponse;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Carries out plain WRITE(10) and WRITE(16) commands on the event loop: small ones whose data came
 * with them, of blocks that can be written where they are. The way to a worker and back takes
 * longer than such a write. Whatever is not plain is left to {@link TaskSet}.
 */
final class ExpressWrites {
  /** Longer ones keep other sessions of the event loop waiting. */
  private static final int LENGTH_MAX = 64 * 1024;

  private static final int WRITE_10 = 0x2A;
  private static final int WRITE_16 = 0x8A;

  private final IscsiSession session;
  private final IscsiConnection connection;
  private final TaskSet tasks;

  ExpressWrites(IscsiSession session, IscsiConnection connection, TaskSet tasks) {
    this.session = session;
    this.connection = connection;
    this.tasks = tasks;
  }

  /**
   * Takes a command that has been admitted, or leaves it.
   *
   * @return whether it was carried out and answered; its data stay the caller's
   */
  boolean take(ScsiCommand command) {
    int length = command.data().readableBytes();
    if (!command.write()
        || !command.last()
        || command.immediate()
        || command.attribute() > ScsiCommand.SIMPLE
        || length == 0
        || length > LENGTH_MAX
        || length != command.expectedLength()
        || length > session.parameters().firstBurstMax()
        || !session.parameters().immediateData()
        || !tasks.isClear()) {
      return false;
    }
    ScsiResponse response = write(command);
    if (response == null) {
      return false;
    }
    Residual residual = Residual.of(length, response.transferLength());
    TrafficCounters counters = session.counters();
    counters.commands().increment();
    counters.dataOutBytes().add(length);
    session.releaseSlot();
    connection.send(
        new CommandResponse(
            residual.overflow(),
            residual.underflow(),
            0,
            response.status().code(),
            command.taskTag(),
            session.consumeStatus(),
            0,
            residual.bytes(),
            TaskSet.senseSegment(response)));
    return true;
  }

  private @Nullable ScsiResponse write(ScsiCommand command) {
    // Bytes that may be set in a CDB that writes nothing but blocks: all but flags, group, control.
    ByteBuffer cdb = ByteBuffer.wrap(command.cdb());
    return switch (cdb.get(0) & 0xff) {
      case WRITE_10 ->
          cdb.get(1) == 0 && cdb.get(6) == 0 && cdb.get(9) == 0
              ? write(command, cdb.getInt(2) & 0xffff_ffffL, cdb.getShort(7) & 0xffff)
              : null;
      case WRITE_16 ->
          cdb.get(1) == 0 && cdb.getShort(14) == 0
              ? write(command, cdb.getLong(2), cdb.getInt(10))
              : null;
      default -> null;
    };
  }

  private @Nullable ScsiResponse write(ScsiCommand command, long lba, int blocks) {
    return tasks.path().writeNow(command.lun(), lba, blocks, command.data().nioBuffer());
  }
}
