package io.gantry.scsi;

import static io.gantry.scsi.Command.Access.ALWAYS;
import static io.gantry.scsi.Command.Access.READ;
import static io.gantry.scsi.Command.Access.RESERVATION;
import static io.gantry.scsi.Command.Access.WRITE;
import static io.gantry.scsi.Command.Needs.MEDIUM;
import static io.gantry.scsi.Command.Needs.NOTHING;
import static io.gantry.scsi.Command.Needs.WRITABLE_MEDIUM;
import static io.gantry.scsi.Command.TimeLimit.FLUSH;
import static io.gantry.scsi.Command.TimeLimit.HOURS;
import static io.gantry.scsi.Command.TimeLimit.INSTANT;
import static io.gantry.scsi.Command.TimeLimit.TRANSFER;

import java.util.HexFormat;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The command table: every command that Gantry speaks, one row each.
 *
 * <p>A row gives the operation code, the service action where there is one, how the command counts
 * for reservations, whether it needs the medium, how long it may take, and the CDB usage data: for
 * each CDB byte the bits that mean something, as REPORT SUPPORTED OPERATION CODES returns them
 * (SPC-4 6.35). The length of the usage data is the length of the CDB. A CDB with a bit set outside
 * its row's usage data is refused, so a row cannot claim less than the command accepts.
 */
public enum Command {
  TEST_UNIT_READY(0x00, ALWAYS, MEDIUM, INSTANT, "00 00 00 00 00 00"),
  REQUEST_SENSE(0x03, ALWAYS, NOTHING, INSTANT, "03 01 00 00 ff 00"),
  FORMAT_UNIT(0x04, WRITE, WRITABLE_MEDIUM, HOURS, "04 38 00 00 00 00"),
  READ_6(0x08, READ, MEDIUM, TRANSFER, "08 1f ff ff ff 00"),
  WRITE_6(0x0A, WRITE, WRITABLE_MEDIUM, TRANSFER, "0a 1f ff ff ff 00"),
  INQUIRY(0x12, ALWAYS, NOTHING, INSTANT, "12 01 ff ff ff 00"),
  MODE_SELECT_6(0x15, WRITE, NOTHING, FLUSH, "15 11 00 00 ff 00"),
  RESERVE_6(0x16, RESERVATION, NOTHING, INSTANT, "16 00 00 00 00 00"),
  RELEASE_6(0x17, RESERVATION, NOTHING, INSTANT, "17 00 00 00 00 00"),
  MODE_SENSE_6(0x1A, ALWAYS, NOTHING, INSTANT, "1a 08 ff ff ff 00"),
  START_STOP_UNIT(0x1B, WRITE, NOTHING, FLUSH, "1b 01 00 0f f7 00"),
  RECEIVE_DIAGNOSTIC_RESULTS(0x1C, READ, NOTHING, INSTANT, "1c 01 ff ff ff 00"),
  SEND_DIAGNOSTIC(0x1D, WRITE, NOTHING, INSTANT, "1d 17 00 ff ff 00"),
  PREVENT_ALLOW_MEDIUM_REMOVAL(0x1E, WRITE, NOTHING, INSTANT, "1e 00 00 00 03 00"),
  READ_CAPACITY_10(0x25, ALWAYS, MEDIUM, INSTANT, "25 00 ff ff ff ff 00 00 01 00"),
  READ_10(0x28, READ, MEDIUM, TRANSFER, "28 18 ff ff ff ff 3f ff ff 00"),
  WRITE_10(0x2A, WRITE, WRITABLE_MEDIUM, TRANSFER, "2a 18 ff ff ff ff 3f ff ff 00"),
  WRITE_AND_VERIFY_10(0x2E, WRITE, WRITABLE_MEDIUM, FLUSH, "2e 16 ff ff ff ff 3f ff ff 00"),
  VERIFY_10(0x2F, READ, MEDIUM, TRANSFER, "2f 16 ff ff ff ff 3f ff ff 00"),
  PRE_FETCH_10(0x34, READ, MEDIUM, TRANSFER, "34 02 ff ff ff ff 3f ff ff 00"),
  SYNCHRONIZE_CACHE_10(0x35, WRITE, MEDIUM, FLUSH, "35 06 ff ff ff ff 3f ff ff 00"),
  READ_DEFECT_DATA_10(0x37, READ, MEDIUM, INSTANT, "37 00 1f 00 00 00 00 ff ff 00"),
  WRITE_BUFFER(0x3B, WRITE, NOTHING, INSTANT, "3b 1f ff ff ff ff ff ff ff 00"),
  READ_BUFFER(0x3C, READ, NOTHING, INSTANT, "3c 1f ff ff ff ff ff ff ff 00"),
  WRITE_SAME_10(0x41, WRITE, WRITABLE_MEDIUM, TRANSFER, "41 08 ff ff ff ff 3f ff ff 00"),
  UNMAP(0x42, WRITE, WRITABLE_MEDIUM, TRANSFER, "42 00 00 00 00 00 3f ff ff 00"),
  SANITIZE_OVERWRITE(0x48, 0x01, WRITE, WRITABLE_MEDIUM, HOURS, "48 a1 00 00 00 00 00 ff ff 00"),
  SANITIZE_BLOCK_ERASE(0x48, 0x02, WRITE, WRITABLE_MEDIUM, HOURS, "48 a2 00 00 00 00 00 00 00 00"),
  SANITIZE_EXIT_FAILURE_MODE(0x48, 0x1F, WRITE, MEDIUM, INSTANT, "48 bf 00 00 00 00 00 00 00 00"),
  LOG_SENSE(0x4D, ALWAYS, NOTHING, INSTANT, "4d 00 ff ff 00 ff ff ff ff 00"),
  MODE_SELECT_10(0x55, WRITE, NOTHING, FLUSH, "55 11 00 00 00 00 00 ff ff 00"),
  RESERVE_10(0x56, RESERVATION, NOTHING, INSTANT, "56 00 00 00 00 00 00 00 00 00"),
  RELEASE_10(0x57, RESERVATION, NOTHING, INSTANT, "57 00 00 00 00 00 00 00 00 00"),
  MODE_SENSE_10(0x5A, ALWAYS, NOTHING, INSTANT, "5a 18 ff ff 00 00 00 ff ff 00"),
  PR_READ_KEYS(0x5E, 0x00, ALWAYS, NOTHING, INSTANT, "5e 00 00 00 00 00 00 ff ff 00"),
  PR_READ_RESERVATION(0x5E, 0x01, ALWAYS, NOTHING, INSTANT, "5e 01 00 00 00 00 00 ff ff 00"),
  PR_REPORT_CAPABILITIES(0x5E, 0x02, ALWAYS, NOTHING, INSTANT, "5e 02 00 00 00 00 00 ff ff 00"),
  PR_READ_FULL_STATUS(0x5E, 0x03, ALWAYS, NOTHING, INSTANT, "5e 03 00 00 00 00 00 ff ff 00"),
  PR_REGISTER(0x5F, 0x00, RESERVATION, NOTHING, FLUSH, "5f 00 ff 00 00 ff ff ff ff 00"),
  PR_RESERVE(0x5F, 0x01, RESERVATION, NOTHING, FLUSH, "5f 01 ff 00 00 ff ff ff ff 00"),
  PR_RELEASE(0x5F, 0x02, RESERVATION, NOTHING, FLUSH, "5f 02 ff 00 00 ff ff ff ff 00"),
  PR_CLEAR(0x5F, 0x03, RESERVATION, NOTHING, FLUSH, "5f 03 ff 00 00 ff ff ff ff 00"),
  PR_PREEMPT(0x5F, 0x04, RESERVATION, NOTHING, FLUSH, "5f 04 ff 00 00 ff ff ff ff 00"),
  PR_PREEMPT_AND_ABORT(0x5F, 0x05, RESERVATION, NOTHING, FLUSH, "5f 05 ff 00 00 ff ff ff ff 00"),
  PR_REGISTER_AND_IGNORE(0x5F, 0x06, RESERVATION, NOTHING, FLUSH, "5f 06 ff 00 00 ff ff ff ff 00"),
  PR_REGISTER_AND_MOVE(0x5F, 0x07, RESERVATION, NOTHING, FLUSH, "5f 07 ff 00 00 ff ff ff ff 00"),
  EXTENDED_COPY_LID1(
      0x83, 0x00, WRITE, MEDIUM, TRANSFER, "83 00 00 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  EXTENDED_COPY_LID4(
      0x83, 0x01, WRITE, MEDIUM, TRANSFER, "83 01 00 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  POPULATE_TOKEN(
      0x83, 0x10, READ, MEDIUM, TRANSFER, "83 10 00 00 00 00 ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_USING_TOKEN(
      0x83,
      0x11,
      WRITE,
      WRITABLE_MEDIUM,
      TRANSFER,
      "83 11 00 00 00 00 ff ff ff ff ff ff ff ff 3f 00"),
  COPY_OPERATION_ABORT(
      0x83, 0x1C, ALWAYS, NOTHING, TRANSFER, "83 1c ff ff ff ff 00 00 00 00 00 00 00 00 00 00"),
  RECEIVE_COPY_STATUS_LID1(
      0x84, 0x00, ALWAYS, NOTHING, INSTANT, "84 00 ff 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  RECEIVE_COPY_DATA_LID1(
      0x84, 0x01, ALWAYS, NOTHING, INSTANT, "84 01 ff 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  RECEIVE_COPY_OPERATING_PARAMETERS(
      0x84, 0x03, ALWAYS, NOTHING, INSTANT, "84 03 00 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  RECEIVE_COPY_FAILURE_DETAILS_LID1(
      0x84, 0x04, ALWAYS, NOTHING, INSTANT, "84 04 ff 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  RECEIVE_COPY_STATUS_LID4(
      0x84, 0x05, ALWAYS, NOTHING, INSTANT, "84 05 ff ff ff ff 00 00 00 00 ff ff ff ff 00 00"),
  RECEIVE_COPY_DATA_LID4(
      0x84, 0x06, ALWAYS, NOTHING, INSTANT, "84 06 ff ff ff ff 00 00 00 00 ff ff ff ff 00 00"),
  RECEIVE_ROD_TOKEN_INFORMATION(
      0x84, 0x07, ALWAYS, NOTHING, INSTANT, "84 07 ff ff ff ff 00 00 00 00 ff ff ff ff 00 00"),
  REPORT_ALL_ROD_TOKENS(
      0x84, 0x08, ALWAYS, NOTHING, INSTANT, "84 08 00 00 00 00 00 00 00 00 ff ff ff ff 00 00"),
  READ_16(0x88, READ, MEDIUM, TRANSFER, "88 18 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  COMPARE_AND_WRITE(
      0x89, WRITE, WRITABLE_MEDIUM, TRANSFER, "89 18 ff ff ff ff ff ff ff ff 00 00 00 ff 3f 00"),
  WRITE_16(
      0x8A, WRITE, WRITABLE_MEDIUM, TRANSFER, "8a 18 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  ORWRITE_16(
      0x8B, WRITE, WRITABLE_MEDIUM, TRANSFER, "8b 18 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_AND_VERIFY_16(
      0x8E, WRITE, WRITABLE_MEDIUM, FLUSH, "8e 16 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  VERIFY_16(0x8F, READ, MEDIUM, TRANSFER, "8f 16 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  PRE_FETCH_16(0x90, READ, MEDIUM, TRANSFER, "90 02 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  SYNCHRONIZE_CACHE_16(
      0x91, WRITE, MEDIUM, FLUSH, "91 06 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_SAME_16(
      0x93, WRITE, WRITABLE_MEDIUM, TRANSFER, "93 09 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_ATOMIC_16(
      0x9C, WRITE, WRITABLE_MEDIUM, TRANSFER, "9c 18 ff ff ff ff ff ff ff ff 00 00 ff ff 3f 00"),
  READ_CAPACITY_16(
      0x9E, 0x10, ALWAYS, MEDIUM, INSTANT, "9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 00"),
  GET_LBA_STATUS(
      0x9E, 0x12, READ, MEDIUM, INSTANT, "9e 12 ff ff ff ff ff ff ff ff ff ff ff ff ff 00"),
  REPORT_LUNS(0xA0, ALWAYS, NOTHING, INSTANT, "a0 00 ff 00 00 00 ff ff ff ff 00 00"),
  REPORT_IDENTIFYING_INFORMATION(
      0xA3, 0x05, ALWAYS, NOTHING, INSTANT, "a3 05 00 00 00 00 ff ff ff ff fe 00"),
  REPORT_TARGET_PORT_GROUPS(
      0xA3, 0x0A, ALWAYS, NOTHING, INSTANT, "a3 2a 00 00 00 00 ff ff ff ff 00 00"),
  REPORT_SUPPORTED_OPERATION_CODES(
      0xA3, 0x0C, ALWAYS, NOTHING, INSTANT, "a3 0c 87 ff ff ff ff ff ff ff 00 00"),
  REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS(
      0xA3, 0x0D, ALWAYS, NOTHING, INSTANT, "a3 0d 80 00 00 00 ff ff ff ff 00 00"),
  REPORT_TIMESTAMP(0xA3, 0x0F, ALWAYS, NOTHING, INSTANT, "a3 0f 00 00 00 00 ff ff ff ff 00 00"),
  SET_IDENTIFYING_INFORMATION(
      0xA4, 0x06, WRITE, NOTHING, FLUSH, "a4 06 00 00 00 00 ff ff ff ff fe 00"),
  SET_TARGET_PORT_GROUPS(
      0xA4, 0x0A, WRITE, NOTHING, INSTANT, "a4 0a 00 00 00 00 ff ff ff ff 00 00"),
  SET_TIMESTAMP(0xA4, 0x0F, WRITE, NOTHING, INSTANT, "a4 0f 00 00 00 00 ff ff ff ff 00 00"),
  READ_12(0xA8, READ, MEDIUM, TRANSFER, "a8 18 ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_12(0xAA, WRITE, WRITABLE_MEDIUM, TRANSFER, "aa 18 ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_AND_VERIFY_12(0xAE, WRITE, WRITABLE_MEDIUM, FLUSH, "ae 16 ff ff ff ff ff ff ff ff 3f 00"),
  VERIFY_12(0xAF, READ, MEDIUM, TRANSFER, "af 16 ff ff ff ff ff ff ff ff 3f 00"),
  READ_DEFECT_DATA_12(0xB7, READ, MEDIUM, INSTANT, "b7 1f ff ff ff ff ff ff ff ff 00 00");

  /**
   * How a command counts for a persistent reservation that another nexus holds (SPC-4 5.13.1, SBC-3
   * 4.15). Some commands say it in their CDB: {@link Cdb#access}.
   */
  public enum Access {
    /** Allowed, whatever is reserved. */
    ALWAYS,
    /** Allowed where others may read. */
    READ,
    /** Allowed where others may write. */
    WRITE,
    /** Makes or ends reservations, and has rules of its own. */
    RESERVATION
  }

  /** What a command cannot do without. */
  public enum Needs {
    NOTHING,
    /** A medium that is there and ready: not ejected, not being sanitized. */
    MEDIUM,
    /** One that may be written, too: the command changes what is on it. */
    WRITABLE_MEDIUM
  }

  /** How long a command takes. */
  public enum TimeLimit {
    /** Answered from memory. */
    INSTANT(1, 30),
    /** As many bytes as one command may move. */
    TRANSFER(1, 60),
    /** Waits for stable storage, behind what others have written. */
    FLUSH(5, 180),
    /** All of the medium. */
    HOURS(3600, 24 * 3600);

    private final int nominalSeconds;
    private final int recommendedSeconds;

    TimeLimit(int nominalSeconds, int recommendedSeconds) {
      this.nominalSeconds = nominalSeconds;
      this.recommendedSeconds = recommendedSeconds;
    }

    /** How long it takes at least before an initiator should begin to wonder. */
    public int nominalSeconds() {
      return nominalSeconds;
    }

    /** After what time an initiator should give it up. */
    public int recommendedSeconds() {
      return recommendedSeconds;
    }
  }

  private static final Command[] VALUES = values();

  private final int opcode;
  private final OptionalInt serviceAction;
  private final Access access;
  private final Needs needs;
  private final TimeLimit timeLimit;

  @SuppressWarnings("ImmutableEnumChecker") // never handed out or written
  private final byte[] usage;

  Command(int opcode, Access access, Needs needs, TimeLimit timeLimit, String usage) {
    this(opcode, OptionalInt.empty(), access, needs, timeLimit, usage);
  }

  Command(
      int opcode,
      int serviceAction,
      Access access,
      Needs needs,
      TimeLimit timeLimit,
      String usage) {
    this(opcode, OptionalInt.of(serviceAction), access, needs, timeLimit, usage);
  }

  Command(
      int opcode,
      OptionalInt serviceAction,
      Access access,
      Needs needs,
      TimeLimit timeLimit,
      String usage) {
    this.opcode = opcode;
    this.serviceAction = serviceAction;
    this.access = access;
    this.needs = needs;
    this.timeLimit = timeLimit;
    this.usage = HexFormat.ofDelimiter(" ").parseHex(usage);
  }

  /** Operation code, 0 to 255. */
  public int opcode() {
    return opcode;
  }

  /** Service action (byte 1 bits 4 to 0), for operation codes that carry several commands. */
  public OptionalInt serviceAction() {
    return serviceAction;
  }

  /** How it counts for reservations, unless its CDB says otherwise. */
  public Access access() {
    return access;
  }

  /** What it cannot do without. */
  public Needs needs() {
    return needs;
  }

  /** How long it takes. */
  public TimeLimit timeLimit() {
    return timeLimit;
  }

  /** Bytes of the CDB. */
  public int cdbLength() {
    return usage.length;
  }

  /** CDB usage data: a copy. */
  public byte[] usage() {
    return usage.clone();
  }

  /**
   * The row for a CDB, or the sense that refuses it: unknown operation code, unknown service
   * action, a CDB that is too short, or a bit set that the command does not define.
   *
   * @param cdb at least as long as the command's CDB; longer is fine (iSCSI pads to 16)
   */
  static Decoded<Command> of(byte[] cdb) {
    if (cdb.length == 0) {
      return new Decoded.Invalid<>(Sense.INVALID_OPERATION_CODE);
    }
    boolean opcodeKnown = false;
    for (Command command : VALUES) {
      if (command.opcode == (cdb[0] & 0xff)) {
        opcodeKnown = true;
        if (cdb.length >= 2 && command.serviceAction.orElse(cdb[1] & 0x1f) == (cdb[1] & 0x1f)) {
          Sense refusal = command.refuse(cdb);
          return refusal == null ? new Decoded.Valid<>(command) : new Decoded.Invalid<>(refusal);
        }
      }
    }
    return new Decoded.Invalid<>(
        opcodeKnown ? Sense.INVALID_FIELD_IN_CDB.at(1) : Sense.INVALID_OPERATION_CODE.at(0));
  }

  private @Nullable Sense refuse(byte[] cdb) {
    if (cdb.length < usage.length) {
      return Sense.INVALID_FIELD_IN_CDB.at(cdb.length);
    }
    for (int i = 1; i < usage.length; i++) {
      // Usage data hold a service action's literal value, not a mask (SPC-4 6.35.3).
      int mask = usage[i] | (i == 1 && serviceAction.isPresent() ? 0x1F : 0);
      if ((cdb[i] & ~mask) != 0) {
        return Sense.INVALID_FIELD_IN_CDB.at(i);
      }
    }
    return null;
  }
}
