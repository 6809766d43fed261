package io.gantry.target;

import io.gantry.scsi.Command;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** What a logical unit says that it can do (SPC-4 6.35, 6.36): the command table, on the wire. */
final class SupportedCommands {
  private static final int TIMEOUTS = 0x02;
  private static final int TIMEOUTS_OF_ONE = 0x80;
  private static final int HAS_SERVICE_ACTION = 0x01;
  private static final int TIMEOUTS_LENGTH = 12;

  private static final int NOT_SUPPORTED = 1;
  private static final int AS_THE_STANDARD_SAYS = 3;

  // REPORTING OPTIONS
  private static final int ALL = 0;
  private static final int BY_OPCODE = 1;
  private static final int BY_SERVICE_ACTION = 2;
  private static final int BY_EITHER = 3;

  /** ATS, ATSS, CTSS, LURS, QTS, TRS: all but CLEAR ACA and WAKEUP. */
  private static final int FUNCTIONS = 0xDE;

  /** QAES, QTSS, ITNRS. */
  private static final int MORE_FUNCTIONS = 0x07;

  /** A function waits for the commands that the device has: 30 s, in units of 100 ms. */
  private static final int FUNCTION_TIMEOUT = 300;

  private static final List<Command> COMMANDS = List.of(Command.values());

  private SupportedCommands() {}

  /** REPORT SUPPORTED OPERATION CODES. */
  static ScsiResponse report(PrimaryCdb.ReportSupportedOperationCodes c, ScsiRequest request) {
    if (c.options() == ALL) {
      return CommandData.answer(request, c.allocation(), all(c.timeouts()));
    }
    if (c.options() > BY_EITHER) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    List<Command> rows =
        COMMANDS.stream().filter(command -> command.opcode() == c.opcode()).toList();
    boolean hasActions = rows.stream().anyMatch(row -> row.serviceAction().isPresent());
    if (!rows.isEmpty()
        && ((c.options() == BY_OPCODE && hasActions)
            || (c.options() == BY_SERVICE_ACTION && !hasActions))) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(c.options() == BY_OPCODE ? 2 : 4));
    }
    // Option 3 takes a service action of 0 for an operation code that has none.
    byte[] data =
        rows.stream()
            .filter(row -> row.serviceAction().orElse(0) == (hasActions ? c.serviceAction() : 0))
            .filter(_ -> hasActions || c.options() != BY_EITHER || c.serviceAction() == 0)
            .findFirst()
            .map(row -> one(row, c.timeouts()))
            .orElse(new byte[] {0, NOT_SUPPORTED, 0, 0});
    return CommandData.answer(request, c.allocation(), data);
  }

  private static byte[] all(boolean timeouts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[4]);
    for (Command command : COMMANDS) {
      int flags =
          (timeouts ? TIMEOUTS : 0)
              | (command.serviceAction().isPresent() ? HAS_SERVICE_ACTION : 0);
      ByteBuffer b = ByteBuffer.allocate(8).put(0, (byte) command.opcode());
      b.putShort(2, (short) command.serviceAction().orElse(0)).put(5, (byte) flags);
      out.writeBytes(b.putShort(6, (short) command.cdbLength()).array());
      if (timeouts) {
        out.writeBytes(timeouts(command));
      }
    }
    byte[] data = out.toByteArray();
    ByteBuffer.wrap(data).putInt(data.length - 4);
    return data;
  }

  private static byte[] one(Command command, boolean timeouts) {
    int length = 4 + command.cdbLength();
    ByteBuffer b = ByteBuffer.allocate(length + (timeouts ? TIMEOUTS_LENGTH : 0));
    b.put(1, (byte) (AS_THE_STANDARD_SAYS | (timeouts ? TIMEOUTS_OF_ONE : 0)));
    b.putShort(2, (short) command.cdbLength()).position(4).put(command.usage());
    if (timeouts) {
      b.put(timeouts(command));
    }
    return b.array();
  }

  private static byte[] timeouts(Command command) {
    return ByteBuffer.allocate(TIMEOUTS_LENGTH)
        .putShort((short) (TIMEOUTS_LENGTH - 2))
        .putShort((short) 0)
        .putInt(command.timeLimit().nominalSeconds())
        .putInt(command.timeLimit().recommendedSeconds())
        .array();
  }

  /** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. */
  static ScsiResponse report(
      PrimaryCdb.ReportSupportedTaskManagementFunctions c, ScsiRequest request) {
    if (Integer.compareUnsigned(c.allocation(), 4) < 0) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(6));
    }
    ByteBuffer b = ByteBuffer.allocate(16);
    b.put(0, (byte) FUNCTIONS).put(1, (byte) MORE_FUNCTIONS);
    if (c.extended()) {
      // Timeouts are valid, and the long one is that of each function.
      b.put(3, (byte) 12).put(4, (byte) 1).put(6, (byte) FUNCTIONS).put(7, (byte) MORE_FUNCTIONS);
      b.putInt(8, FUNCTION_TIMEOUT).putInt(12, FUNCTION_TIMEOUT);
    }
    byte[] data = c.extended() ? b.array() : Arrays.copyOf(b.array(), 4);
    return CommandData.answer(request, c.allocation(), data);
  }
}
