package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A PDU that a target sends. */
public sealed interface TargetPdu extends Pdu {

  /** The numbers that every PDU of a target carries. */
  Numbers numbers();

  /**
   * Bytes 24 to 35 (RFC 7143 4.2.2).
   *
   * @param statSn number of this status, or of the next one if this PDU consumes none; reserved in
   *     a Data-In without status
   * @param expCmdSn next CmdSN that the target expects
   * @param maxCmdSn last CmdSN that it takes
   */
  record Numbers(int statSn, int expCmdSn, int maxCmdSn) {}

  /** NOP-In (RFC 7143 11.19). Without a task tag it is a ping, or only brings the numbers. */
  record NopIn(long lun, int taskTag, int transferTag, Numbers numbers, ByteBuf data)
      implements TargetPdu {
    static final int OPCODE = 0x20;
  }

  /**
   * SCSI Response (RFC 7143 11.4).
   *
   * @param response 0 if the command was carried out at the target; otherwise status and residual
   *     mean nothing
   * @param expDataSn Data-In and R2T PDUs that were sent for the command
   * @param residual bytes that the command had beyond the expected length ({@code overflow}), or
   *     did not use of it ({@code underflow})
   * @param data two bytes of length and as many of sense data, or nothing
   */
  record CommandResponse(
      boolean overflow,
      boolean underflow,
      int response,
      int status,
      int taskTag,
      Numbers numbers,
      int expDataSn,
      long residual,
      ByteBuf data)
      implements TargetPdu {
    static final int OPCODE = 0x21;
  }

  /** Task Management Function Response (RFC 7143 11.6). */
  record TaskManagementResponse(int response, int taskTag, Numbers numbers) implements TargetPdu {
    static final int OPCODE = 0x22;
    public static final int FUNCTION_COMPLETE = 0;
    public static final int TASK_DOES_NOT_EXIST = 1;
    public static final int LUN_DOES_NOT_EXIST = 2;
    public static final int TASK_REASSIGN_NOT_SUPPORTED = 4;
    public static final int FUNCTION_NOT_SUPPORTED = 5;
    public static final int FUNCTION_SUCCEEDED = 7;
    public static final int FUNCTION_REJECTED = 255;

    @Override
    public ByteBuf data() {
      return NO_DATA;
    }
  }

  /**
   * Login Response (RFC 7143 11.13).
   *
   * @param status class and detail, see {@link LoginStatus}
   */
  record LoginResponse(
      boolean transit,
      boolean continues,
      int currentStage,
      int nextStage,
      int versionMax,
      int versionActive,
      long isid,
      int tsih,
      int taskTag,
      Numbers numbers,
      int status,
      ByteBuf data)
      implements TargetPdu {
    static final int OPCODE = 0x23;
  }

  /** Text Response (RFC 7143 11.11). */
  record TextResponse(
      boolean last,
      boolean continues,
      long lun,
      int taskTag,
      int transferTag,
      Numbers numbers,
      ByteBuf data)
      implements TargetPdu {
    static final int OPCODE = 0x24;
  }

  /**
   * SCSI Data-In (RFC 7143 11.7).
   *
   * @param last F: ends a burst
   * @param hasStatus S: status, StatSN and residual are valid and no SCSI Response follows
   */
  record DataIn(
      boolean last,
      boolean hasStatus,
      boolean overflow,
      boolean underflow,
      int status,
      long lun,
      int taskTag,
      int transferTag,
      Numbers numbers,
      int dataSn,
      long bufferOffset,
      long residual,
      ByteBuf data)
      implements TargetPdu {
    static final int OPCODE = 0x25;
    private static final int STATUS = 0x01;
  }

  /** Logout Response (RFC 7143 11.15). */
  record LogoutResponse(int response, int taskTag, Numbers numbers, int time2Wait, int time2Retain)
      implements TargetPdu {
    static final int OPCODE = 0x26;
    public static final int CLOSED = 0;
    public static final int CONNECTION_NOT_FOUND = 1;
    public static final int RECOVERY_NOT_SUPPORTED = 2;

    @Override
    public ByteBuf data() {
      return NO_DATA;
    }
  }

  /** Ready To Transfer (RFC 7143 11.8): the target asks for a part of a write's data. */
  record ReadyToTransfer(
      long lun,
      int taskTag,
      int transferTag,
      Numbers numbers,
      int r2tSn,
      long bufferOffset,
      long desiredLength)
      implements TargetPdu {
    static final int OPCODE = 0x31;

    @Override
    public ByteBuf data() {
      return NO_DATA;
    }
  }

  /** Asynchronous Message (RFC 7143 11.9). */
  record AsyncMessage(
      long lun,
      Numbers numbers,
      int event,
      int vendorCode,
      int parameter1,
      int parameter2,
      int parameter3,
      ByteBuf data)
      implements TargetPdu {
    static final int OPCODE = 0x32;
    public static final int SCSI_EVENT = 0;
    public static final int LOGOUT_REQUESTED = 1;
    public static final int CONNECTION_DROPPED = 2;
    public static final int SESSION_DROPPED = 3;
    public static final int RENEGOTIATION_REQUESTED = 4;
  }

  /**
   * Reject (RFC 7143 11.17).
   *
   * @param reason see {@link RejectReason}
   * @param data the header of the rejected PDU
   */
  record Reject(int reason, Numbers numbers, int dataSn, ByteBuf data) implements TargetPdu {
    static final int OPCODE = 0x3F;
  }

  /** Reads a header; null if no target's PDU has its opcode. Takes {@code data} if it does. */
  static @Nullable TargetPdu decode(Header h, ByteBuf data) {
    Numbers numbers = new Numbers(h.i32(24), h.i32(28), h.i32(32));
    boolean last = h.flag(Header.FINAL);
    return switch (h.opcode()) {
      case NopIn.OPCODE -> new NopIn(h.i64(8), h.i32(16), h.i32(20), numbers, data);
      case CommandResponse.OPCODE ->
          new CommandResponse(
              h.flag(4), h.flag(2), h.u8(2), h.u8(3), h.i32(16), numbers, h.i32(36), h.u32(44),
              data);
      case TaskManagementResponse.OPCODE -> {
        data.release();
        yield new TaskManagementResponse(h.u8(2), h.i32(16), numbers);
      }
      case LoginResponse.OPCODE ->
          new LoginResponse(
              last,
              h.flag(InitiatorPdu.LoginRequest.CONTINUE),
              h.u8(1) >> 2 & 3,
              h.u8(1) & 3,
              h.u8(2),
              h.u8(3),
              h.i64(8) >>> 16,
              h.u16(14),
              h.i32(16),
              numbers,
              h.u16(36),
              data);
      case TextResponse.OPCODE ->
          new TextResponse(
              last,
              h.flag(InitiatorPdu.LoginRequest.CONTINUE),
              h.i64(8),
              h.i32(16),
              h.i32(20),
              numbers,
              data);
      case DataIn.OPCODE ->
          new DataIn(
              last,
              h.flag(DataIn.STATUS),
              h.flag(4),
              h.flag(2),
              h.u8(3),
              h.i64(8),
              h.i32(16),
              h.i32(20),
              numbers,
              h.i32(36),
              h.u32(40),
              h.u32(44),
              data);
      case LogoutResponse.OPCODE -> {
        data.release();
        yield new LogoutResponse(h.u8(2), h.i32(16), numbers, h.u16(40), h.u16(42));
      }
      case ReadyToTransfer.OPCODE -> {
        data.release();
        yield new ReadyToTransfer(
            h.i64(8), h.i32(16), h.i32(20), numbers, h.i32(36), h.u32(40), h.u32(44));
      }
      case AsyncMessage.OPCODE ->
          new AsyncMessage(
              h.i64(8), numbers, h.u8(36), h.u8(37), h.u16(38), h.u16(40), h.u16(42), data);
      case Reject.OPCODE -> new Reject(h.u8(2), numbers, h.i32(36), data);
      default -> null;
    };
  }

  /** Fills in an all-zero header. */
  default void fill(Header h) {
    h.flags(Header.FINAL);
    h.i32(24, numbers().statSn).i32(28, numbers().expCmdSn).i32(32, numbers().maxCmdSn);
    switch (this) {
      case NopIn p ->
          h.opcode(NopIn.OPCODE, false).i64(8, p.lun).i32(16, p.taskTag).i32(20, p.transferTag);
      case CommandResponse p ->
          h.opcode(CommandResponse.OPCODE, false)
              .flags(Header.FINAL | Header.bits(4, p.overflow, 2, p.underflow))
              .u8(2, p.response)
              .u8(3, p.status)
              .i32(16, p.taskTag)
              .i32(36, p.expDataSn)
              .u32(44, p.residual);
      case TaskManagementResponse p ->
          h.opcode(TaskManagementResponse.OPCODE, false).u8(2, p.response).i32(16, p.taskTag);
      case LoginResponse p ->
          h.opcode(LoginResponse.OPCODE, false)
              .flags(
                  Header.bits(
                          Header.FINAL, p.transit, InitiatorPdu.LoginRequest.CONTINUE, p.continues)
                      | p.currentStage << 2
                      | p.nextStage)
              .u8(2, p.versionMax)
              .u8(3, p.versionActive)
              .i64(8, p.isid << 16 | p.tsih)
              .i32(16, p.taskTag)
              .u16(36, p.status);
      case TextResponse p ->
          h.opcode(TextResponse.OPCODE, false)
              .flags(
                  Header.bits(
                      Header.FINAL, p.last, InitiatorPdu.LoginRequest.CONTINUE, p.continues))
              .i64(8, p.lun)
              .i32(16, p.taskTag)
              .i32(20, p.transferTag);
      case DataIn p ->
          h.opcode(DataIn.OPCODE, false)
              .flags(
                  Header.bits(Header.FINAL, p.last, DataIn.STATUS, p.hasStatus)
                      | Header.bits(4, p.overflow, 2, p.underflow))
              .u8(3, p.status)
              .i64(8, p.lun)
              .i32(16, p.taskTag)
              .i32(20, p.transferTag)
              .i32(36, p.dataSn)
              .u32(40, p.bufferOffset)
              .u32(44, p.residual);
      case LogoutResponse p ->
          h.opcode(LogoutResponse.OPCODE, false)
              .u8(2, p.response)
              .i32(16, p.taskTag)
              .u16(40, p.time2Wait)
              .u16(42, p.time2Retain);
      case ReadyToTransfer p ->
          h.opcode(ReadyToTransfer.OPCODE, false)
              .i64(8, p.lun)
              .i32(16, p.taskTag)
              .i32(20, p.transferTag)
              .i32(36, p.r2tSn)
              .u32(40, p.bufferOffset)
              .u32(44, p.desiredLength);
      case AsyncMessage p ->
          h.opcode(AsyncMessage.OPCODE, false)
              .i64(8, p.lun)
              .i32(16, NO_TAG)
              .u8(36, p.event)
              .u8(37, p.vendorCode)
              .u16(38, p.parameter1)
              .u16(40, p.parameter2)
              .u16(42, p.parameter3);
      case Reject p ->
          h.opcode(Reject.OPCODE, false).u8(2, p.reason).i32(16, NO_TAG).i32(36, p.dataSn);
    }
  }
}
