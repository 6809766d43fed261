package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A PDU that an initiator sends. */
public sealed interface InitiatorPdu extends Pdu {

  /** The tag by which the initiator knows the task. */
  int taskTag();

  /** The next StatSN that the initiator expects: all before are acknowledged. */
  int expStatSn();

  /** NOP-Out (RFC 7143 11.18). With a task tag it asks for an echo; without, it answers one. */
  record NopOut(
      boolean immediate,
      long lun,
      int taskTag,
      int transferTag,
      int cmdSn,
      int expStatSn,
      ByteBuf data)
      implements InitiatorPdu {
    static final int OPCODE = 0x00;
  }

  /**
   * SCSI Command (RFC 7143 11.3).
   *
   * @param last F: no unsolicited Data-Out follows
   * @param attribute task attribute: 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA
   * @param expectedLength bytes that the initiator expects to move
   * @param cdb 16 bytes
   * @param data immediate data
   */
  record ScsiCommand(
      boolean immediate,
      boolean last,
      boolean read,
      boolean write,
      int attribute,
      long lun,
      int taskTag,
      long expectedLength,
      int cmdSn,
      int expStatSn,
      byte[] cdb,
      ByteBuf data)
      implements InitiatorPdu {
    static final int OPCODE = 0x01;
    static final int READ = 0x40;
    static final int WRITE = 0x20;
    public static final int SIMPLE = 1;
    public static final int ORDERED = 2;
    public static final int HEAD_OF_QUEUE = 3;
  }

  /** Task Management Function Request (RFC 7143 11.5, RFC 7144 4.1). */
  record TaskManagementRequest(
      boolean immediate,
      int function,
      long lun,
      int taskTag,
      int referencedTag,
      int cmdSn,
      int expStatSn,
      int refCmdSn,
      int expDataSn)
      implements InitiatorPdu {
    static final int OPCODE = 0x02;
    public static final int ABORT_TASK = 1;
    public static final int ABORT_TASK_SET = 2;
    public static final int CLEAR_ACA = 3;
    public static final int CLEAR_TASK_SET = 4;
    public static final int LOGICAL_UNIT_RESET = 5;
    public static final int TARGET_WARM_RESET = 6;
    public static final int TARGET_COLD_RESET = 7;
    public static final int TASK_REASSIGN = 8;
    public static final int QUERY_TASK = 9;
    public static final int QUERY_TASK_SET = 10;
    public static final int NEXUS_RESET = 11;
    public static final int QUERY_ASYNCHRONOUS_EVENT = 12;

    @Override
    public ByteBuf data() {
      return NO_DATA;
    }
  }

  /**
   * Login Request (RFC 7143 11.12).
   *
   * @param transit T: ready to go to {@code nextStage}
   * @param continues C: the text goes on in the next PDU
   * @param isid initiator's part of the session identifier, 48 bits
   * @param tsih target's part, 0 for a new session
   * @param data text, see {@link KeyValueText}
   */
  record LoginRequest(
      boolean transit,
      boolean continues,
      int currentStage,
      int nextStage,
      int versionMax,
      int versionMin,
      long isid,
      int tsih,
      int taskTag,
      int connectionId,
      int cmdSn,
      int expStatSn,
      ByteBuf data)
      implements InitiatorPdu {
    static final int OPCODE = 0x03;
    static final int CONTINUE = 0x40;
  }

  /** Text Request (RFC 7143 11.10). */
  record TextRequest(
      boolean immediate,
      boolean last,
      boolean continues,
      long lun,
      int taskTag,
      int transferTag,
      int cmdSn,
      int expStatSn,
      ByteBuf data)
      implements InitiatorPdu {
    static final int OPCODE = 0x04;
  }

  /**
   * SCSI Data-Out (RFC 7143 11.7).
   *
   * @param last F: ends the unsolicited burst, or the answer to one R2T
   * @param transferTag the R2T's, or {@link #NO_TAG} if unsolicited
   */
  record DataOut(
      boolean last,
      long lun,
      int taskTag,
      int transferTag,
      int expStatSn,
      int dataSn,
      long bufferOffset,
      ByteBuf data)
      implements InitiatorPdu {
    static final int OPCODE = 0x05;
  }

  /** Logout Request (RFC 7143 11.14). */
  record LogoutRequest(
      boolean immediate, int reason, int taskTag, int connectionId, int cmdSn, int expStatSn)
      implements InitiatorPdu {
    static final int OPCODE = 0x06;
    public static final int CLOSE_SESSION = 0;
    public static final int CLOSE_CONNECTION = 1;
    public static final int REMOVE_FOR_RECOVERY = 2;

    @Override
    public ByteBuf data() {
      return NO_DATA;
    }
  }

  /** Reads a header; null if no initiator's PDU has its opcode. Takes {@code data} if it does. */
  static @Nullable InitiatorPdu decode(Header h, ByteBuf data) {
    boolean last = h.flag(Header.FINAL);
    return switch (h.opcode()) {
      case NopOut.OPCODE ->
          new NopOut(h.immediate(), h.i64(8), h.i32(16), h.i32(20), h.i32(24), h.i32(28), data);
      case ScsiCommand.OPCODE ->
          new ScsiCommand(
              h.immediate(),
              last,
              h.flag(ScsiCommand.READ),
              h.flag(ScsiCommand.WRITE),
              h.u8(1) & 7,
              h.i64(8),
              h.i32(16),
              h.u32(20),
              h.i32(24),
              h.i32(28),
              Arrays.copyOfRange(h.bytes(), 32, 48),
              data);
      case TaskManagementRequest.OPCODE -> {
        data.release();
        yield new TaskManagementRequest(
            h.immediate(),
            h.u8(1) & 0x7f,
            h.i64(8),
            h.i32(16),
            h.i32(20),
            h.i32(24),
            h.i32(28),
            h.i32(32),
            h.i32(36));
      }
      case LoginRequest.OPCODE ->
          new LoginRequest(
              last,
              h.flag(LoginRequest.CONTINUE),
              h.u8(1) >> 2 & 3,
              h.u8(1) & 3,
              h.u8(2),
              h.u8(3),
              h.i64(8) >>> 16,
              h.u16(14),
              h.i32(16),
              h.u16(20),
              h.i32(24),
              h.i32(28),
              data);
      case TextRequest.OPCODE ->
          new TextRequest(
              h.immediate(),
              last,
              h.flag(LoginRequest.CONTINUE),
              h.i64(8),
              h.i32(16),
              h.i32(20),
              h.i32(24),
              h.i32(28),
              data);
      case DataOut.OPCODE ->
          new DataOut(last, h.i64(8), h.i32(16), h.i32(20), h.i32(28), h.i32(36), h.u32(40), data);
      case LogoutRequest.OPCODE -> {
        data.release();
        yield new LogoutRequest(
            h.immediate(), h.u8(1) & 0x7f, h.i32(16), h.u16(20), h.i32(24), h.i32(28));
      }
      default -> null;
    };
  }

  /** Fills in an all-zero header. */
  default void fill(Header h) {
    h.i32(16, taskTag()).i32(28, expStatSn());
    switch (this) {
      case NopOut p ->
          h.opcode(NopOut.OPCODE, p.immediate)
              .flags(Header.FINAL)
              .i64(8, p.lun)
              .i32(20, p.transferTag)
              .i32(24, p.cmdSn);
      case ScsiCommand p -> {
        h.opcode(ScsiCommand.OPCODE, p.immediate)
            .flags(
                (p.last ? Header.FINAL : 0)
                    | Header.bits(ScsiCommand.READ, p.read, ScsiCommand.WRITE, p.write)
                    | p.attribute)
            .i64(8, p.lun)
            .u32(20, p.expectedLength)
            .i32(24, p.cmdSn);
        System.arraycopy(p.cdb, 0, h.bytes(), 32, p.cdb.length);
      }
      case TaskManagementRequest p ->
          h.opcode(TaskManagementRequest.OPCODE, p.immediate)
              .flags(Header.FINAL | p.function)
              .i64(8, p.lun)
              .i32(20, p.referencedTag)
              .i32(24, p.cmdSn)
              .i32(32, p.refCmdSn)
              .i32(36, p.expDataSn);
      case LoginRequest p ->
          h.opcode(LoginRequest.OPCODE, true)
              .flags(
                  Header.bits(Header.FINAL, p.transit, LoginRequest.CONTINUE, p.continues)
                      | p.currentStage << 2
                      | p.nextStage)
              .u8(2, p.versionMax)
              .u8(3, p.versionMin)
              .i64(8, p.isid << 16 | p.tsih)
              .u16(20, p.connectionId)
              .i32(24, p.cmdSn);
      case TextRequest p ->
          h.opcode(TextRequest.OPCODE, p.immediate)
              .flags(Header.bits(Header.FINAL, p.last, LoginRequest.CONTINUE, p.continues))
              .i64(8, p.lun)
              .i32(20, p.transferTag)
              .i32(24, p.cmdSn);
      case DataOut p ->
          h.opcode(DataOut.OPCODE, false)
              .flags(p.last ? Header.FINAL : 0)
              .i64(8, p.lun)
              .i32(20, p.transferTag)
              .i32(36, p.dataSn)
              .u32(40, p.bufferOffset);
      case LogoutRequest p ->
          h.opcode(LogoutRequest.OPCODE, p.immediate)
              .flags(Header.FINAL | p.reason)
              .u16(20, p.connectionId)
              .i32(24, p.cmdSn);
    }
  }
}
