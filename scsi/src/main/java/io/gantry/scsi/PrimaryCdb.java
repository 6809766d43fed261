package io.gantry.scsi;

import java.nio.ByteBuffer;

/**
 * Command descriptor blocks of primary commands (SPC-4), those of every kind of device: what it is,
 * how it is set, who reserved it. The ones that say how a device is found and read are in {@link
 * Cdb}.
 */
public sealed interface PrimaryCdb extends Cdb {

  /** PARAMETER LIST LENGTH, unsigned: bytes that the command takes from the initiator. */
  default int parameterListBytes() {
    return switch (this) {
      case ModeSelect c -> c.parameterListLength;
      case PersistentReserveOut c -> c.parameterListLength;
      case SetTargetPortGroups c -> c.parameterListLength;
      case SetTimestamp c -> c.parameterListLength;
      case SetIdentifyingInformation c -> c.parameterListLength;
      case WriteBuffer c -> c.parameterListLength;
      case SendDiagnostic c -> c.parameterListLength;
      case Reserve _,
          Release _,
          PersistentReserveIn _,
          LogSense _,
          ReportSupportedOperationCodes _,
          ReportSupportedTaskManagementFunctions _,
          ReportTargetPortGroups _,
          ReportTimestamp _,
          ReportIdentifyingInformation _,
          ReadBuffer _,
          ReceiveDiagnosticResults _ ->
          0;
    };
  }

  /** Fills in everything behind the operation code and service action. */
  default void fillPrimary(ByteBuffer b) {
    switch (this) {
      case ModeSelect c -> {
        b.put(1, (byte) ((c.pageFormat ? 0x10 : 0) | (c.savePages ? 1 : 0)));
        if (c.command == Command.MODE_SELECT_6) {
          b.put(4, (byte) c.parameterListLength);
        } else {
          b.putShort(7, (short) c.parameterListLength);
        }
      }
      case Reserve _, Release _ -> {}
      case PersistentReserveIn c -> b.putShort(7, (short) c.allocation);
      case PersistentReserveOut c ->
          b.put(2, (byte) (c.scope << 4 | c.type)).putInt(5, c.parameterListLength);
      case LogSense c ->
          b.put(2, (byte) (c.pageControl << 6 | c.page))
              .put(3, (byte) c.subpage)
              .putShort(5, (short) c.parameterPointer)
              .putShort(7, (short) c.allocation);
      case ReportSupportedOperationCodes c ->
          b.put(2, (byte) ((c.timeouts ? 0x80 : 0) | c.options))
              .put(3, (byte) c.opcode)
              .putShort(4, (short) c.serviceAction)
              .putInt(6, c.allocation);
      case ReportSupportedTaskManagementFunctions c ->
          b.put(2, (byte) (c.extended ? 0x80 : 0)).putInt(6, c.allocation);
      case ReportTargetPortGroups c ->
          b.put(1, (byte) (c.extended ? 0x20 : 0)).putInt(6, c.allocation);
      case SetTargetPortGroups c -> b.putInt(6, c.parameterListLength);
      case SetTimestamp c -> b.putInt(6, c.parameterListLength);
      case ReportTimestamp c -> b.putInt(6, c.allocation);
      case ReportIdentifyingInformation c ->
          b.putInt(6, c.allocation).put(10, (byte) (c.type << 1));
      case SetIdentifyingInformation c ->
          b.putInt(6, c.parameterListLength).put(10, (byte) (c.type << 1));
      case WriteBuffer c -> buffer(b, c.mode, c.buffer, c.offset, c.parameterListLength);
      case ReadBuffer c -> buffer(b, c.mode, c.buffer, c.offset, c.allocation);
      case SendDiagnostic c ->
          b.put(1, (byte) (c.selfTest ? 4 : 0)).putShort(3, (short) c.parameterListLength);
      case ReceiveDiagnosticResults c ->
          b.put(1, (byte) (c.pageCodeValid ? 1 : 0))
              .put(2, (byte) c.page)
              .putShort(3, (short) c.allocation);
    }
  }

  private static void buffer(ByteBuffer b, int mode, int buffer, int offset, int length) {
    b.put(1, (byte) mode).putInt(2, buffer << 24 | offset);
    b.put(6, (byte) (length >> 16)).putShort(7, (short) length);
  }

  private static int int3(ByteBuffer b, int at) {
    return (b.get(at) & 0xff) << 16 | (b.getShort(at + 1) & 0xffff);
  }

  /** Reads a CDB whose row of the command table is known. */
  static PrimaryCdb decode(Command command, ByteBuffer b) {
    int one = b.get(1) & 0xff;
    int two = b.get(2) & 0xff;
    return switch (command) {
      case MODE_SELECT_6 ->
          new ModeSelect(command, (one & 0x10) != 0, (one & 1) != 0, b.get(4) & 0xff);
      case MODE_SELECT_10 ->
          new ModeSelect(command, (one & 0x10) != 0, (one & 1) != 0, b.getShort(7) & 0xffff);
      case RESERVE_6, RESERVE_10 -> new Reserve(command);
      case RELEASE_6, RELEASE_10 -> new Release(command);
      case PR_READ_KEYS, PR_READ_RESERVATION, PR_REPORT_CAPABILITIES, PR_READ_FULL_STATUS ->
          new PersistentReserveIn(command, b.getShort(7) & 0xffff);
      case PR_REGISTER,
          PR_RESERVE,
          PR_RELEASE,
          PR_CLEAR,
          PR_PREEMPT,
          PR_PREEMPT_AND_ABORT,
          PR_REGISTER_AND_IGNORE,
          PR_REGISTER_AND_MOVE ->
          new PersistentReserveOut(command, two >> 4, two & 0x0f, b.getInt(5));
      case LOG_SENSE ->
          new LogSense(
              two >> 6,
              two & 0x3f,
              b.get(3) & 0xff,
              b.getShort(5) & 0xffff,
              b.getShort(7) & 0xffff);
      case REPORT_SUPPORTED_OPERATION_CODES ->
          new ReportSupportedOperationCodes(
              (two & 0x80) != 0, two & 7, b.get(3) & 0xff, b.getShort(4) & 0xffff, b.getInt(6));
      case REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS ->
          new ReportSupportedTaskManagementFunctions((two & 0x80) != 0, b.getInt(6));
      case REPORT_TARGET_PORT_GROUPS -> new ReportTargetPortGroups((one & 0x20) != 0, b.getInt(6));
      case SET_TARGET_PORT_GROUPS -> new SetTargetPortGroups(b.getInt(6));
      case SET_TIMESTAMP -> new SetTimestamp(b.getInt(6));
      case REPORT_TIMESTAMP -> new ReportTimestamp(b.getInt(6));
      case REPORT_IDENTIFYING_INFORMATION ->
          new ReportIdentifyingInformation((b.get(10) & 0xff) >> 1, b.getInt(6));
      case SET_IDENTIFYING_INFORMATION ->
          new SetIdentifyingInformation((b.get(10) & 0xff) >> 1, b.getInt(6));
      case WRITE_BUFFER -> new WriteBuffer(one & 0x1f, two, int3(b, 3), int3(b, 6));
      case READ_BUFFER -> new ReadBuffer(one & 0x1f, two, int3(b, 3), int3(b, 6));
      case SEND_DIAGNOSTIC -> new SendDiagnostic((one & 4) != 0, b.getShort(3) & 0xffff);
      case RECEIVE_DIAGNOSTIC_RESULTS ->
          new ReceiveDiagnosticResults((one & 1) != 0, two, b.getShort(3) & 0xffff);
      default -> throw new IllegalArgumentException(command + " is no command of this kind");
    };
  }

  /**
   * MODE SELECT(6) and (10) (SPC-4 6.10, 6.11).
   *
   * @param command which of the two
   * @param pageFormat PF: the pages are as SPC says
   * @param savePages SP: keep them for after a restart, too
   * @param parameterListLength bytes that follow
   */
  record ModeSelect(Command command, boolean pageFormat, boolean savePages, int parameterListLength)
      implements PrimaryCdb {}

  /**
   * RESERVE(6) and (10) (SPC-2 7.21).
   *
   * @param command which of the two
   */
  record Reserve(Command command) implements PrimaryCdb {}

  /**
   * RELEASE(6) and (10) (SPC-2 7.17).
   *
   * @param command which of the two
   */
  record Release(Command command) implements PrimaryCdb {}

  /**
   * PERSISTENT RESERVE IN (SPC-4 6.15).
   *
   * @param command which service action
   * @param allocation bytes of room for the answer
   */
  record PersistentReserveIn(Command command, int allocation) implements PrimaryCdb {}

  /**
   * PERSISTENT RESERVE OUT (SPC-4 6.16).
   *
   * @param command which service action
   * @param scope 0: the logical unit
   * @param type code of a {@link ReservationType}, where the service action has a use for one
   * @param parameterListLength bytes of {@link PersistentReserveOutList} that follow
   */
  record PersistentReserveOut(Command command, int scope, int type, int parameterListLength)
      implements PrimaryCdb {}

  /**
   * LOG SENSE (SPC-4 6.8).
   *
   * @param pageControl 1: cumulative values
   * @param page page code
   * @param subpage subpage code; FFh for all
   * @param parameterPointer the first parameter that is wanted
   * @param allocation bytes of room for the answer
   */
  record LogSense(int pageControl, int page, int subpage, int parameterPointer, int allocation)
      implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.LOG_SENSE;
    }
  }

  /**
   * REPORT SUPPORTED OPERATION CODES (SPC-4 6.35).
   *
   * @param timeouts RCTD: with timeouts
   * @param options 0 all, 1 one operation code, 2 and 3 one with its service action
   * @param opcode operation code that is asked about
   * @param serviceAction service action that is asked about
   * @param allocation bytes of room for the answer
   */
  record ReportSupportedOperationCodes(
      boolean timeouts, int options, int opcode, int serviceAction, int allocation)
      implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.REPORT_SUPPORTED_OPERATION_CODES;
    }
  }

  /**
   * REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4 6.36).
   *
   * @param extended REPD: with timeouts
   * @param allocation bytes of room for the answer
   */
  record ReportSupportedTaskManagementFunctions(boolean extended, int allocation)
      implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS;
    }
  }

  /**
   * REPORT TARGET PORT GROUPS (SPC-4 6.37).
   *
   * @param extended with the extended header
   * @param allocation bytes of room for the answer
   */
  record ReportTargetPortGroups(boolean extended, int allocation) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.REPORT_TARGET_PORT_GROUPS;
    }
  }

  /**
   * SET TARGET PORT GROUPS (SPC-4 6.45).
   *
   * @param parameterListLength bytes that follow
   */
  record SetTargetPortGroups(int parameterListLength) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.SET_TARGET_PORT_GROUPS;
    }
  }

  /**
   * REPORT TIMESTAMP (SPC-4 6.38).
   *
   * @param allocation bytes of room for the answer
   */
  record ReportTimestamp(int allocation) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.REPORT_TIMESTAMP;
    }
  }

  /**
   * SET TIMESTAMP (SPC-4 6.46).
   *
   * @param parameterListLength bytes that follow; 0 changes nothing
   */
  record SetTimestamp(int parameterListLength) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.SET_TIMESTAMP;
    }
  }

  /**
   * REPORT IDENTIFYING INFORMATION (SPC-4 6.32).
   *
   * @param type 0 peripheral device, 2 text, 7Fh which there are
   * @param allocation bytes of room for the answer
   */
  record ReportIdentifyingInformation(int type, int allocation) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.REPORT_IDENTIFYING_INFORMATION;
    }
  }

  /**
   * SET IDENTIFYING INFORMATION (SPC-4 6.44).
   *
   * @param type 0 peripheral device, 2 text
   * @param parameterListLength bytes that follow; 0 removes it
   */
  record SetIdentifyingInformation(int type, int parameterListLength) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.SET_IDENTIFYING_INFORMATION;
    }
  }

  /**
   * WRITE BUFFER (SPC-4 6.49).
   *
   * @param mode what to do
   * @param buffer which buffer
   * @param offset where in it
   * @param parameterListLength bytes that follow
   */
  record WriteBuffer(int mode, int buffer, int offset, int parameterListLength)
      implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.WRITE_BUFFER;
    }
  }

  /**
   * READ BUFFER (SPC-4 6.18).
   *
   * @param mode what to do
   * @param buffer which buffer
   * @param offset where in it
   * @param allocation bytes of room for the answer
   */
  record ReadBuffer(int mode, int buffer, int offset, int allocation) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.READ_BUFFER;
    }
  }

  /**
   * SEND DIAGNOSTIC (SPC-4 6.42).
   *
   * @param selfTest SELFTEST: do the default self-test
   * @param parameterListLength bytes that follow
   */
  record SendDiagnostic(boolean selfTest, int parameterListLength) implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.SEND_DIAGNOSTIC;
    }
  }

  /**
   * RECEIVE DIAGNOSTIC RESULTS (SPC-4 6.27).
   *
   * @param pageCodeValid PCV: the page is asked for by its code
   * @param page page code
   * @param allocation bytes of room for the answer
   */
  record ReceiveDiagnosticResults(boolean pageCodeValid, int page, int allocation)
      implements PrimaryCdb {
    @Override
    public Command command() {
      return Command.RECEIVE_DIAGNOSTIC_RESULTS;
    }
  }
}
