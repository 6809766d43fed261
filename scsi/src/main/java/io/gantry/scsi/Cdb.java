package io.gantry.scsi;

import java.nio.ByteBuffer;

/**
 * Command descriptor blocks, decoded. Each record is what one row (or one family of rows) of {@link
 * Command} says; {@link #encode} gives the bytes and {@link #decode} reads them back.
 */
public sealed interface Cdb
    permits BlockCdb,
        Cdb.TestUnitReady,
        Cdb.RequestSense,
        Cdb.Inquiry,
        Cdb.ModeSense,
        Cdb.ReadCapacity10,
        Cdb.ReadCapacity16,
        Cdb.Transfer,
        Cdb.SynchronizeCache,
        Cdb.Unmap,
        Cdb.GetLbaStatus,
        Cdb.ReportLuns,
        Cdb.ExtendedCopy,
        Cdb.ReceiveCopyResults,
        Cdb.TokenOperation,
        Cdb.ReceiveRodTokenInformation,
        Cdb.ReportAllRodTokens,
        Cdb.CopyOperationAbort,
        PrimaryCdb {

  /** The row of the command table. */
  Command command();

  /** How the command counts for a persistent reservation that another nexus holds. */
  default Command.Access access() {
    return command().access();
  }

  /**
   * How many bytes the command takes from the initiator, as far as the CDB says: blocks, or a
   * parameter list. 0 if it takes none.
   *
   * @param blockBytes length of a logical block
   */
  default long dataOutBytes(int blockBytes) {
    return switch (this) {
      case Transfer c -> c.isWrite() ? c.blocks * blockBytes : 0;
      case Unmap c -> c.parameterListLength;
      case TokenOperation c -> Integer.toUnsignedLong(c.parameterListLength);
      case ExtendedCopy c -> Integer.toUnsignedLong(c.parameterListLength);
      case BlockCdb c -> c.blockDataOutBytes(blockBytes);
      case PrimaryCdb c -> Integer.toUnsignedLong(c.parameterListBytes());
      case TestUnitReady _,
          RequestSense _,
          Inquiry _,
          ModeSense _,
          ReadCapacity10 _,
          ReadCapacity16 _,
          SynchronizeCache _,
          GetLbaStatus _,
          ReportLuns _,
          ReceiveCopyResults _,
          ReceiveRodTokenInformation _,
          ReportAllRodTokens _,
          CopyOperationAbort _ ->
          0;
    };
  }

  /** Fills in everything behind the operation code and service action. */
  private void fill(ByteBuffer b) {
    switch (this) {
      case BlockCdb c -> BlockCdbCodec.fill(c, b);
      case TestUnitReady _ -> {}
      case RequestSense c -> b.put(1, (byte) (c.descriptor ? 1 : 0)).put(4, (byte) c.allocation);
      case Inquiry c ->
          b.put(1, (byte) (c.vitalProductData ? 1 : 0))
              .put(2, (byte) c.page)
              .putShort(3, (short) c.allocation);
      case ModeSense c -> {
        b.put(1, (byte) ((c.disableBlockDescriptors ? 8 : 0) | (c.longAddresses ? 0x10 : 0)))
            .put(2, (byte) (c.pageControl << 6 | c.page))
            .put(3, (byte) c.subpage);
        if (c.command == Command.MODE_SENSE_6) {
          b.put(4, (byte) c.allocation);
        } else {
          b.putShort(7, (short) c.allocation);
        }
      }
      case ReadCapacity10 c -> b.putInt(2, (int) c.lba).put(8, (byte) (c.partial ? 1 : 0));
      case ReadCapacity16 c ->
          b.putLong(2, c.lba).putInt(10, c.allocation).put(14, (byte) (c.partial ? 1 : 0));
      case Transfer c -> {
        b.put(1, (byte) (c.forceUnitAccess ? 8 : 0));
        BlockCdbCodec.range(b, c.lba, c.blocks);
      }
      case SynchronizeCache c ->
          BlockCdbCodec.range(b, c.lba, c.blocks).put(1, (byte) (c.immediate ? 2 : 0));
      case Unmap c -> b.putShort(7, (short) c.parameterListLength);
      case GetLbaStatus c ->
          b.putLong(2, c.lba).putInt(10, c.allocation).put(14, (byte) c.reportType);
      case ReportLuns c -> b.put(2, (byte) c.selectReport).putInt(6, c.allocation);
      case ExtendedCopy c -> b.putInt(10, c.parameterListLength);
      case ReceiveCopyResults c -> {
        if (ReceiveCopyResults.hasLongIdentifier(c.command)) {
          b.putInt(2, c.listIdentifier);
        } else {
          b.put(2, (byte) c.listIdentifier);
        }
        b.putInt(10, c.allocation);
      }
      case TokenOperation c -> b.putInt(6, c.listIdentifier).putInt(10, c.parameterListLength);
      case ReceiveRodTokenInformation c -> b.putInt(2, c.listIdentifier).putInt(10, c.allocation);
      case ReportAllRodTokens c -> b.putInt(10, c.allocation);
      case CopyOperationAbort c -> b.putInt(2, c.listIdentifier);
      case PrimaryCdb c -> c.fillPrimary(b);
    }
  }

  /** The bytes of the CDB, as long as the command table says. */
  default byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(command().cdbLength());
    fill(b);
    b.put(0, (byte) command().opcode());
    command().serviceAction().ifPresent(action -> b.put(1, (byte) (b.get(1) | action)));
    return b.array();
  }

  /**
   * Reads a CDB.
   *
   * @param bytes the CDB, with or without padding behind it
   */
  static Decoded<Cdb> decode(byte[] bytes) {
    return switch (Command.of(bytes)) {
      case Decoded.Invalid<Command>(Sense sense) -> new Decoded.Invalid<>(sense);
      case Decoded.Valid<Command>(Command command) ->
          new Decoded.Valid<>(decode(command, ByteBuffer.wrap(bytes)));
    };
  }

  private static Cdb decode(Command command, ByteBuffer b) {
    return switch (command) {
      case TEST_UNIT_READY -> new TestUnitReady();
      case REQUEST_SENSE -> new RequestSense((b.get(1) & 1) != 0, b.get(4) & 0xff);
      case INQUIRY -> new Inquiry((b.get(1) & 1) != 0, b.get(2) & 0xff, b.getShort(3) & 0xffff);
      case MODE_SENSE_6 -> modeSense(command, b, b.get(4) & 0xff);
      case MODE_SENSE_10 -> modeSense(command, b, b.getShort(7) & 0xffff);
      case READ_CAPACITY_10 -> new ReadCapacity10(b.getInt(2) & 0xffff_ffffL, (b.get(8) & 1) != 0);
      case READ_CAPACITY_16 -> new ReadCapacity16(b.getLong(2), b.getInt(10), (b.get(14) & 1) != 0);
      case READ_6, WRITE_6 ->
          new Transfer(
              command, BlockCdbCodec.lba(b, command), BlockCdbCodec.blocks(b, command), false);
      case READ_10, WRITE_10, READ_12, WRITE_12, READ_16, WRITE_16 ->
          new Transfer(
              command,
              BlockCdbCodec.lba(b, command),
              BlockCdbCodec.blocks(b, command),
              (b.get(1) & 8) != 0);
      case SYNCHRONIZE_CACHE_10, SYNCHRONIZE_CACHE_16 ->
          new SynchronizeCache(
              command,
              BlockCdbCodec.lba(b, command),
              BlockCdbCodec.blocks(b, command),
              (b.get(1) & 2) != 0);
      case UNMAP -> new Unmap(b.getShort(7) & 0xffff);
      case GET_LBA_STATUS -> new GetLbaStatus(b.getLong(2), b.getInt(10), b.get(14) & 0xff);
      case REPORT_LUNS -> new ReportLuns(b.get(2) & 0xff, b.getInt(6));
      case EXTENDED_COPY_LID1, EXTENDED_COPY_LID4 -> new ExtendedCopy(command, b.getInt(10));
      case RECEIVE_COPY_STATUS_LID1,
          RECEIVE_COPY_DATA_LID1,
          RECEIVE_COPY_OPERATING_PARAMETERS,
          RECEIVE_COPY_FAILURE_DETAILS_LID1,
          RECEIVE_COPY_STATUS_LID4,
          RECEIVE_COPY_DATA_LID4 ->
          new ReceiveCopyResults(
              command,
              ReceiveCopyResults.hasLongIdentifier(command) ? b.getInt(2) : b.get(2) & 0xff,
              b.getInt(10));
      case POPULATE_TOKEN, WRITE_USING_TOKEN ->
          new TokenOperation(command, b.getInt(6), b.getInt(10));
      case RECEIVE_ROD_TOKEN_INFORMATION ->
          new ReceiveRodTokenInformation(b.getInt(2), b.getInt(10));
      case REPORT_ALL_ROD_TOKENS -> new ReportAllRodTokens(b.getInt(10));
      case COPY_OPERATION_ABORT -> new CopyOperationAbort(b.getInt(2));
      case FORMAT_UNIT,
          START_STOP_UNIT,
          PREVENT_ALLOW_MEDIUM_REMOVAL,
          WRITE_AND_VERIFY_10,
          WRITE_AND_VERIFY_12,
          WRITE_AND_VERIFY_16,
          VERIFY_10,
          VERIFY_12,
          VERIFY_16,
          PRE_FETCH_10,
          PRE_FETCH_16,
          READ_DEFECT_DATA_10,
          READ_DEFECT_DATA_12,
          WRITE_SAME_10,
          WRITE_SAME_16,
          SANITIZE_OVERWRITE,
          SANITIZE_BLOCK_ERASE,
          SANITIZE_EXIT_FAILURE_MODE,
          COMPARE_AND_WRITE,
          ORWRITE_16,
          WRITE_ATOMIC_16 ->
          BlockCdbCodec.decode(command, b);
      case MODE_SELECT_6,
          RESERVE_6,
          RELEASE_6,
          RECEIVE_DIAGNOSTIC_RESULTS,
          SEND_DIAGNOSTIC,
          WRITE_BUFFER,
          READ_BUFFER,
          LOG_SENSE,
          MODE_SELECT_10,
          RESERVE_10,
          RELEASE_10,
          PR_READ_KEYS,
          PR_READ_RESERVATION,
          PR_REPORT_CAPABILITIES,
          PR_READ_FULL_STATUS,
          PR_REGISTER,
          PR_RESERVE,
          PR_RELEASE,
          PR_CLEAR,
          PR_PREEMPT,
          PR_PREEMPT_AND_ABORT,
          PR_REGISTER_AND_IGNORE,
          PR_REGISTER_AND_MOVE,
          REPORT_IDENTIFYING_INFORMATION,
          REPORT_TARGET_PORT_GROUPS,
          REPORT_SUPPORTED_OPERATION_CODES,
          REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS,
          REPORT_TIMESTAMP,
          SET_IDENTIFYING_INFORMATION,
          SET_TARGET_PORT_GROUPS,
          SET_TIMESTAMP ->
          PrimaryCdb.decode(command, b);
    };
  }

  private static Cdb modeSense(Command command, ByteBuffer b, int allocation) {
    int page = b.get(2) & 0xff;
    return new ModeSense(
        command,
        (b.get(1) & 8) != 0,
        (b.get(1) & 0x10) != 0,
        page >> 6,
        page & 0x3f,
        b.get(3) & 0xff,
        allocation);
  }

  /** TEST UNIT READY (SPC-4 6.47). */
  record TestUnitReady() implements Cdb {
    @Override
    public Command command() {
      return Command.TEST_UNIT_READY;
    }
  }

  /**
   * REQUEST SENSE (SPC-4 6.39).
   *
   * @param descriptor ask for descriptor format
   * @param allocation bytes of room for the answer
   */
  record RequestSense(boolean descriptor, int allocation) implements Cdb {
    @Override
    public Command command() {
      return Command.REQUEST_SENSE;
    }
  }

  /**
   * INQUIRY (SPC-4 6.6).
   *
   * @param vitalProductData EVPD: ask for a vital product data page
   * @param page page code; 0 without EVPD
   * @param allocation bytes of room for the answer
   */
  record Inquiry(boolean vitalProductData, int page, int allocation) implements Cdb {
    @Override
    public Command command() {
      return Command.INQUIRY;
    }
  }

  /**
   * MODE SENSE(6) and (10) (SPC-4 6.13, 6.14).
   *
   * @param command which of the two
   * @param disableBlockDescriptors DBD
   * @param longAddresses LLBAA: the block descriptor may be a long one; only in (10)
   * @param pageControl 0 current, 1 changeable, 2 default, 3 saved values
   * @param page page code; 3Fh for all
   * @param subpage subpage code; FFh for all
   * @param allocation bytes of room for the answer
   */
  record ModeSense(
      Command command,
      boolean disableBlockDescriptors,
      boolean longAddresses,
      int pageControl,
      int page,
      int subpage,
      int allocation)
      implements Cdb {}

  /**
   * READ CAPACITY(10) (SBC-3 5.15).
   *
   * @param lba obsolete: not 0 only with the next one
   * @param partial obsolete PMI bit
   */
  record ReadCapacity10(long lba, boolean partial) implements Cdb {
    @Override
    public Command command() {
      return Command.READ_CAPACITY_10;
    }
  }

  /**
   * READ CAPACITY(16) (SBC-3 5.16).
   *
   * @param lba obsolete: not 0 only with {@code partial}
   * @param allocation bytes of room for the answer
   * @param partial obsolete PMI bit
   */
  record ReadCapacity16(long lba, int allocation, boolean partial) implements Cdb {
    @Override
    public Command command() {
      return Command.READ_CAPACITY_16;
    }
  }

  /**
   * READ and WRITE, (6), (10), (12) and (16) (SBC-3 5.13 onwards).
   *
   * @param command which of the eight
   * @param lba first block
   * @param blocks number of blocks; 0 transfers nothing
   * @param forceUnitAccess FUA: on stable storage before GOOD
   */
  record Transfer(Command command, long lba, long blocks, boolean forceUnitAccess) implements Cdb {

    /** A READ(16). */
    public static Transfer read(long lba, long blocks) {
      return new Transfer(Command.READ_16, lba, blocks, false);
    }

    /** A WRITE(16). */
    public static Transfer write(long lba, long blocks) {
      return new Transfer(Command.WRITE_16, lba, blocks, false);
    }

    /** Whether data go to the device. */
    public boolean isWrite() {
      return command.access() == Command.Access.WRITE;
    }
  }

  /**
   * SYNCHRONIZE CACHE(10) and (16) (SBC-3 5.29).
   *
   * @param command which of the two
   * @param lba first block
   * @param blocks number of blocks; 0 for all up to the end
   * @param immediate answer before the work is done
   */
  record SynchronizeCache(Command command, long lba, long blocks, boolean immediate)
      implements Cdb {

    /** Everything, and wait for it. */
    public static SynchronizeCache all() {
      return new SynchronizeCache(Command.SYNCHRONIZE_CACHE_16, 0, 0, false);
    }
  }

  /**
   * UNMAP (SBC-3 5.31).
   *
   * @param parameterListLength bytes of {@link UnmapList} that follow
   */
  record Unmap(int parameterListLength) implements Cdb {
    @Override
    public Command command() {
      return Command.UNMAP;
    }
  }

  /**
   * GET LBA STATUS (SBC-3 5.6).
   *
   * @param lba first block
   * @param allocation bytes of room for the answer
   * @param reportType 0: blocks of any state (SBC-4)
   */
  record GetLbaStatus(long lba, int allocation, int reportType) implements Cdb {
    @Override
    public Command command() {
      return Command.GET_LBA_STATUS;
    }
  }

  /**
   * REPORT LUNS (SPC-4 6.33).
   *
   * @param selectReport 0 logical units, 1 well-known ones, 2 all
   * @param allocation bytes of room for the answer
   */
  record ReportLuns(int selectReport, int allocation) implements Cdb {
    @Override
    public Command command() {
      return Command.REPORT_LUNS;
    }
  }

  /**
   * EXTENDED COPY, both (SPC-4 6.4, 6.5). The list identifier is in the parameter list.
   *
   * @param command which of the two
   * @param parameterListLength bytes of {@link ExtendedCopyList} that follow; 0 does nothing
   */
  record ExtendedCopy(Command command, int parameterListLength) implements Cdb {}

  /**
   * RECEIVE COPY STATUS, DATA, OPERATING PARAMETERS and FAILURE DETAILS (SPC-4 6.20 to 6.25).
   *
   * @param command which of the six
   * @param listIdentifier the operation that is asked about: 0 to 255 but for those named LID4, and
   *     0 for OPERATING PARAMETERS
   * @param allocation bytes of room for the answer
   */
  record ReceiveCopyResults(Command command, int listIdentifier, int allocation) implements Cdb {
    private static boolean hasLongIdentifier(Command command) {
      return command == Command.RECEIVE_COPY_STATUS_LID4
          || command == Command.RECEIVE_COPY_DATA_LID4;
    }
  }

  /**
   * POPULATE TOKEN and WRITE USING TOKEN (SBC-4). The list identifier is in bytes 6 to 9 here and
   * in bytes 2 to 5 of the command that asks for the result.
   *
   * @param command which of the two
   * @param listIdentifier names the operation on its I_T nexus
   * @param parameterListLength bytes that follow; 0 does nothing
   */
  record TokenOperation(Command command, int listIdentifier, int parameterListLength)
      implements Cdb {}

  /**
   * RECEIVE ROD TOKEN INFORMATION (SPC-4 6.28).
   *
   * @param listIdentifier the operation that is asked about
   * @param allocation bytes of room for the answer
   */
  record ReceiveRodTokenInformation(int listIdentifier, int allocation) implements Cdb {
    @Override
    public Command command() {
      return Command.RECEIVE_ROD_TOKEN_INFORMATION;
    }
  }

  /**
   * REPORT ALL ROD TOKENS (SPC-4 6.36).
   *
   * @param allocation bytes of room for the answer
   */
  record ReportAllRodTokens(int allocation) implements Cdb {
    @Override
    public Command command() {
      return Command.REPORT_ALL_ROD_TOKENS;
    }
  }

  /**
   * COPY OPERATION ABORT (SPC-4 6.3).
   *
   * @param listIdentifier the operation that is to end
   */
  record CopyOperationAbort(int listIdentifier) implements Cdb {
    @Override
    public Command command() {
      return Command.COPY_OPERATION_ABORT;
    }
  }
}
