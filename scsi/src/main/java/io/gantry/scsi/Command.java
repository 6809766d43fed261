package io.gantry.scsi;

import java.util.HexFormat;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The command table: every command that Gantry speaks, one row each.
 *
 * <p>A row gives the operation code, the service action where there is one, and the CDB usage data:
 * for each CDB byte the bits that mean something, as REPORT SUPPORTED OPERATION CODES returns them
 * (SPC-4 6.35). The length of the usage data is the length of the CDB. A CDB with a bit set outside
 * its row's usage data is refused, so a row cannot claim less than the command accepts.
 */
public enum Command {
  TEST_UNIT_READY(0x00, "00 00 00 00 00 00"),
  REQUEST_SENSE(0x03, "03 01 00 00 ff 00"),
  INQUIRY(0x12, "12 01 ff ff ff 00"),
  MODE_SENSE_6(0x1A, "1a 08 ff ff ff 00"),
  READ_CAPACITY_10(0x25, "25 00 ff ff ff ff 00 00 01 00"),
  READ_10(0x28, "28 18 ff ff ff ff 3f ff ff 00"),
  WRITE_10(0x2A, "2a 18 ff ff ff ff 3f ff ff 00"),
  SYNCHRONIZE_CACHE_10(0x35, "35 06 ff ff ff ff 3f ff ff 00"),
  UNMAP(0x42, "42 00 00 00 00 00 3f ff ff 00"),
  MODE_SENSE_10(0x5A, "5a 18 ff ff 00 00 00 ff ff 00"),
  POPULATE_TOKEN(0x83, 0x10, "83 10 00 00 00 00 ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_USING_TOKEN(0x83, 0x11, "83 11 00 00 00 00 ff ff ff ff ff ff ff ff 3f 00"),
  RECEIVE_ROD_TOKEN_INFORMATION(0x84, 0x07, "84 07 ff ff ff ff 00 00 00 00 ff ff ff ff 00 00"),
  READ_16(0x88, "88 18 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  WRITE_16(0x8A, "8a 18 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  SYNCHRONIZE_CACHE_16(0x91, "91 06 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00"),
  READ_CAPACITY_16(0x9E, 0x10, "9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 00"),
  GET_LBA_STATUS(0x9E, 0x12, "9e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 00"),
  REPORT_LUNS(0xA0, "a0 00 ff 00 00 00 ff ff ff ff 00 00");

  private static final Command[] VALUES = values();

  private final int opcode;
  private final OptionalInt serviceAction;

  @SuppressWarnings("ImmutableEnumChecker") // never handed out or written
  private final byte[] usage;

  Command(int opcode, String usage) {
    this(opcode, OptionalInt.empty(), usage);
  }

  Command(int opcode, int serviceAction, String usage) {
    this(opcode, OptionalInt.of(serviceAction), usage);
  }

  Command(int opcode, OptionalInt serviceAction, String usage) {
    this.opcode = opcode;
    this.serviceAction = serviceAction;
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
