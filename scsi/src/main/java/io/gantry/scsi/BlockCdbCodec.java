package io.gantry.scsi;

import io.gantry.scsi.BlockCdb.ByteCheck;
import java.nio.ByteBuffer;

/** The bytes of {@link BlockCdb}s. */
final class BlockCdbCodec {
  private static final int UNMAP = 0x08;
  private static final int NO_DATA_OUT = 0x01;
  private static final int FORCE_UNIT_ACCESS = 0x08;

  private BlockCdbCodec() {}

  private static boolean bit(ByteBuffer b, int at, int mask) {
    return (b.get(at) & mask) != 0;
  }

  /** Reads the CDB of a command of block devices. */
  static BlockCdb decode(Command command, ByteBuffer b) {
    return switch (command) {
      case VERIFY_10, VERIFY_12, VERIFY_16 ->
          new BlockCdb.Verify(command, lba(b, command), blocks(b, command), check(b));
      case WRITE_AND_VERIFY_10, WRITE_AND_VERIFY_12, WRITE_AND_VERIFY_16 ->
          new BlockCdb.WriteAndVerify(command, lba(b, command), blocks(b, command), check(b));
      case WRITE_SAME_10, WRITE_SAME_16 ->
          new BlockCdb.WriteSame(
              command,
              lba(b, command),
              blocks(b, command),
              bit(b, 1, UNMAP),
              bit(b, 1, NO_DATA_OUT));
      case COMPARE_AND_WRITE ->
          new BlockCdb.CompareAndWrite(
              b.getLong(2), b.get(13) & 0xff, bit(b, 1, FORCE_UNIT_ACCESS));
      case ORWRITE_16 ->
          new BlockCdb.OrWrite(lba(b, command), blocks(b, command), bit(b, 1, FORCE_UNIT_ACCESS));
      case WRITE_ATOMIC_16 ->
          new BlockCdb.WriteAtomic(
              b.getLong(2), b.getShort(12) & 0xffff, bit(b, 1, FORCE_UNIT_ACCESS));
      case PRE_FETCH_10, PRE_FETCH_16 ->
          new BlockCdb.PreFetch(command, lba(b, command), blocks(b, command), bit(b, 1, 2));
      case READ_DEFECT_DATA_10 -> defects(command, b.get(2), b.getShort(7) & 0xffff);
      case READ_DEFECT_DATA_12 -> defects(command, b.get(1), b.getInt(6));
      case FORMAT_UNIT -> new BlockCdb.FormatUnit(bit(b, 1, 0x10), bit(b, 1, 0x20));
      case START_STOP_UNIT ->
          new BlockCdb.StartStopUnit(
              bit(b, 1, 1), (b.get(4) & 0xff) >> 4, bit(b, 4, 4), bit(b, 4, 2), bit(b, 4, 1));
      case PREVENT_ALLOW_MEDIUM_REMOVAL -> new BlockCdb.PreventAllow(b.get(4) & 3);
      case SANITIZE_OVERWRITE, SANITIZE_BLOCK_ERASE, SANITIZE_EXIT_FAILURE_MODE ->
          new BlockCdb.Sanitize(command, bit(b, 1, 0x80), bit(b, 1, 0x20), b.getShort(7) & 0xffff);
      default -> throw new IllegalArgumentException(command + " is no command of block devices");
    };
  }

  private static ByteCheck check(ByteBuffer b) {
    return ByteCheck.of(b.get(1) >> 1 & 3);
  }

  private static BlockCdb defects(Command command, int flags, int allocation) {
    return new BlockCdb.ReadDefectData(
        command, (flags & 0x10) != 0, (flags & 8) != 0, flags & 7, allocation);
  }

  /** Fills in everything behind the operation code and service action. */
  static void fill(BlockCdb cdb, ByteBuffer b) {
    switch (cdb) {
      case BlockCdb.Verify c -> range(b, c.lba(), c.blocks()).put(1, flags(c.check()));
      case BlockCdb.WriteAndVerify c -> range(b, c.lba(), c.blocks()).put(1, flags(c.check()));
      case BlockCdb.WriteSame c ->
          range(b, c.lba(), c.blocks())
              .put(1, (byte) ((c.unmap() ? UNMAP : 0) | (c.noDataOut() ? NO_DATA_OUT : 0)));
      case BlockCdb.CompareAndWrite c ->
          b.put(1, access(c.forceUnitAccess())).putLong(2, c.lba()).put(13, (byte) c.blocks());
      case BlockCdb.OrWrite c -> range(b, c.lba(), c.blocks()).put(1, access(c.forceUnitAccess()));
      case BlockCdb.WriteAtomic c ->
          b.put(1, access(c.forceUnitAccess()))
              .putLong(2, c.lba())
              .putShort(12, (short) c.blocks());
      case BlockCdb.PreFetch c ->
          range(b, c.lba(), c.blocks()).put(1, (byte) (c.immediate() ? 2 : 0));
      case BlockCdb.ReadDefectData c -> {
        int flags = (c.primary() ? 0x10 : 0) | (c.grown() ? 8 : 0) | c.format();
        if (c.command() == Command.READ_DEFECT_DATA_10) {
          b.put(2, (byte) flags).putShort(7, (short) c.allocation());
        } else {
          b.put(1, (byte) flags).putInt(6, c.allocation());
        }
      }
      case BlockCdb.FormatUnit c ->
          b.put(1, (byte) ((c.formatData() ? 0x10 : 0) | (c.longList() ? 0x20 : 0)));
      case BlockCdb.StartStopUnit c ->
          b.put(1, (byte) (c.immediate() ? 1 : 0))
              .put(
                  4,
                  (byte)
                      (c.powerCondition() << 4
                          | (c.noFlush() ? 4 : 0)
                          | (c.loadEject() ? 2 : 0)
                          | (c.start() ? 1 : 0)));
      case BlockCdb.PreventAllow c -> b.put(4, (byte) c.prevent());
      case BlockCdb.Sanitize c ->
          b.put(1, (byte) ((c.immediate() ? 0x80 : 0) | (c.unrestrictedExit() ? 0x20 : 0)))
              .putShort(7, (short) c.parameterListLength());
    }
  }

  private static byte flags(ByteCheck check) {
    return (byte) (check.code() << 1);
  }

  private static byte access(boolean forceUnitAccess) {
    return (byte) (forceUnitAccess ? FORCE_UNIT_ACCESS : 0);
  }

  /** The LOGICAL BLOCK ADDRESS of a CDB where it usually is. */
  static long lba(ByteBuffer b, Command command) {
    return switch (command.cdbLength()) {
      case 6 -> b.getInt(0) & 0x1F_FFFF;
      case 10, 12 -> b.getInt(2) & 0xffff_ffffL;
      default -> b.getLong(2);
    };
  }

  /** The TRANSFER LENGTH or NUMBER OF BLOCKS of a CDB where it usually is. */
  static long blocks(ByteBuffer b, Command command) {
    return switch (command.cdbLength()) {
      case 6 -> b.get(4) == 0 ? 256 : b.get(4) & 0xff; // SBC-3 5.13
      case 10 -> b.getShort(7) & 0xffff;
      case 12 -> b.getInt(6) & 0xffff_ffffL;
      default -> b.getInt(10) & 0xffff_ffffL;
    };
  }

  /** Puts a range of blocks where it usually is in a CDB of the buffer's size. */
  static ByteBuffer range(ByteBuffer b, long lba, long blocks) {
    return switch (b.capacity()) {
      case 6 -> b.putInt(0, (int) lba & 0x1F_FFFF).put(4, (byte) blocks);
      case 10 -> b.putInt(2, (int) lba).putShort(7, (short) blocks);
      case 12 -> b.putInt(2, (int) lba).putInt(6, (int) blocks);
      default -> b.putLong(2, lba).putInt(10, (int) blocks);
    };
  }
}
