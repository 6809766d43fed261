package io.gantry.scsi;

/**
 * Command descriptor blocks of block devices (SBC-3), beyond the few that every initiator uses,
 * which are in {@link Cdb}.
 */
public sealed interface BlockCdb extends Cdb {

  /** As {@link Cdb#dataOutBytes}. */
  default long blockDataOutBytes(int blockBytes) {
    return switch (this) {
      case Verify c ->
          switch (c.check) {
            case READABLE, RESERVED -> 0;
            case EACH_BLOCK -> c.blocks * blockBytes;
            case ONE_BLOCK -> blockBytes;
          };
      case WriteAndVerify c -> c.blocks * blockBytes;
      case WriteSame c -> c.noDataOut ? 0 : blockBytes;
      case CompareAndWrite c -> 2L * c.blocks * blockBytes;
      case OrWrite c -> c.blocks * blockBytes;
      case WriteAtomic c -> (long) c.blocks * blockBytes;
      case FormatUnit c -> c.formatData ? Long.MAX_VALUE : 0; // the list says how long it is
      case Sanitize c -> c.parameterListLength;
      case PreFetch _, ReadDefectData _, StartStopUnit _, PreventAllow _ -> 0;
    };
  }

  /** What a VERIFY or WRITE AND VERIFY compares (BYTCHK). */
  enum ByteCheck {
    /** Nothing; the blocks can be read. */
    READABLE(0),
    /** As many blocks as are sent. */
    EACH_BLOCK(1),
    /** Not defined. */
    RESERVED(2),
    /** The one block that is sent with each. */
    ONE_BLOCK(3);

    private static final ByteCheck[] VALUES = values();
    private final int code;

    ByteCheck(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static ByteCheck of(int code) {
      return VALUES[code];
    }
  }

  /**
   * VERIFY(10), (12) and (16) (SBC-3 5.34 onwards).
   *
   * @param command which of the three
   * @param lba first block
   * @param blocks number of blocks
   * @param check what is compared
   */
  record Verify(Command command, long lba, long blocks, ByteCheck check) implements BlockCdb {}

  /**
   * WRITE AND VERIFY(10), (12) and (16) (SBC-3 5.42 onwards).
   *
   * @param command which of the three
   * @param lba first block
   * @param blocks number of blocks
   * @param check how what was written is looked at
   */
  record WriteAndVerify(Command command, long lba, long blocks, ByteCheck check)
      implements BlockCdb {}

  /**
   * WRITE SAME(10) and (16) (SBC-3 5.46, 5.47).
   *
   * @param command which of the two
   * @param lba first block
   * @param blocks number of blocks; 0 for all up to the end
   * @param unmap the blocks may be unmapped if they read as the block that is sent
   * @param noDataOut NDOB: no block is sent; it is zeros
   */
  record WriteSame(Command command, long lba, long blocks, boolean unmap, boolean noDataOut)
      implements BlockCdb {}

  /**
   * COMPARE AND WRITE (SBC-3 5.3). The data are the blocks to compare and then those to write.
   *
   * @param lba first block
   * @param blocks number of blocks, up to 255
   * @param forceUnitAccess FUA: on stable storage before GOOD
   */
  record CompareAndWrite(long lba, int blocks, boolean forceUnitAccess) implements BlockCdb {
    @Override
    public Command command() {
      return Command.COMPARE_AND_WRITE;
    }
  }

  /**
   * ORWRITE(16) (SBC-3 5.8).
   *
   * @param lba first block
   * @param blocks number of blocks
   * @param forceUnitAccess FUA: on stable storage before GOOD
   */
  record OrWrite(long lba, long blocks, boolean forceUnitAccess) implements BlockCdb {
    @Override
    public Command command() {
      return Command.ORWRITE_16;
    }
  }

  /**
   * WRITE ATOMIC(16) (SBC-4 5.48), without an atomic boundary.
   *
   * @param lba first block
   * @param blocks number of blocks, up to 65,535
   * @param forceUnitAccess FUA: on stable storage before GOOD
   */
  record WriteAtomic(long lba, int blocks, boolean forceUnitAccess) implements BlockCdb {
    @Override
    public Command command() {
      return Command.WRITE_ATOMIC_16;
    }
  }

  /**
   * PRE-FETCH(10) and (16) (SBC-3 5.9, 5.10).
   *
   * @param command which of the two
   * @param lba first block
   * @param blocks number of blocks; 0 for all up to the end
   * @param immediate answer before the work is done
   */
  record PreFetch(Command command, long lba, long blocks, boolean immediate) implements BlockCdb {}

  /**
   * READ DEFECT DATA(10) and (12) (SBC-3 5.17, 5.18).
   *
   * @param command which of the two
   * @param primary REQ_PLIST: the list of defects from manufacturing
   * @param grown REQ_GLIST: the list of those found since
   * @param format format of the descriptors
   * @param allocation bytes of room for the answer
   */
  record ReadDefectData(Command command, boolean primary, boolean grown, int format, int allocation)
      implements BlockCdb {}

  /**
   * FORMAT UNIT (SBC-3 5.4).
   *
   * @param formatData FMTDATA: a parameter list follows
   * @param longList LONGLIST: its header has 8 bytes instead of 4
   */
  record FormatUnit(boolean formatData, boolean longList) implements BlockCdb {
    @Override
    public Command command() {
      return Command.FORMAT_UNIT;
    }
  }

  /**
   * START STOP UNIT (SBC-3 5.28).
   *
   * @param immediate answer before the work is done
   * @param powerCondition 0: the next ones say what to do
   * @param noFlush leave what is in the cache there
   * @param loadEject LOEJ: load or eject the medium
   * @param start start or load; else stop or eject
   */
  record StartStopUnit(
      boolean immediate, int powerCondition, boolean noFlush, boolean loadEject, boolean start)
      implements BlockCdb {
    @Override
    public Command command() {
      return Command.START_STOP_UNIT;
    }

    @Override
    public Command.Access access() {
      return start && powerCondition == 0 ? Command.Access.ALWAYS : Command.Access.WRITE;
    }
  }

  /**
   * PREVENT ALLOW MEDIUM REMOVAL (SBC-3 5.11).
   *
   * @param prevent PREVENT, 0 to 3: 0 allows removal
   */
  record PreventAllow(int prevent) implements BlockCdb {
    @Override
    public Command command() {
      return Command.PREVENT_ALLOW_MEDIUM_REMOVAL;
    }

    @Override
    public Command.Access access() {
      return prevent == 0 ? Command.Access.ALWAYS : Command.Access.WRITE;
    }
  }

  /**
   * SANITIZE (SBC-3 5.26).
   *
   * @param command which service action
   * @param immediate answer before the work is done
   * @param unrestrictedExit AUSE: EXIT FAILURE MODE may end the failure of this one
   * @param parameterListLength bytes of {@link SanitizeOverwriteList} that follow an overwrite
   */
  record Sanitize(
      Command command, boolean immediate, boolean unrestrictedExit, int parameterListLength)
      implements BlockCdb {}
}
