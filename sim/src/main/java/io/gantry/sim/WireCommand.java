package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.UnmapList;
import io.gantry.sim.History.Operation;
import java.util.List;
import java.util.random.RandomGenerator;

/** A SCSI command of a simulated initiator, and how it goes. */
final class WireCommand {
  /** Half of the commands meet here. */
  private static final int HOT_BLOCKS = 32;

  /** What it does. */
  enum Kind {
    WRITE,
    ZERO,
    READ,
    SYNCHRONIZE,
    TEST
  }

  final Kind kind;
  final WireUnit unit;
  final Operation operation;
  final int block;
  final int count;
  final byte[] cdb;

  /** What it sends. */
  final byte[] out;

  /** Room for what it returns. */
  final byte[] in;

  final boolean forceUnitAccess;

  // How it goes.
  int tag;
  int sent;
  int received;
  int dataSn;
  int r2tSn;
  boolean answered;
  boolean toldAborted;

  private WireCommand(
      Kind kind,
      WireUnit unit,
      Operation operation,
      int block,
      int count,
      Cdb cdb,
      byte[] out,
      int inBytes) {
    this.kind = kind;
    this.unit = unit;
    this.operation = operation;
    this.block = block;
    this.count = count;
    this.cdb = cdb.encode();
    this.out = out;
    this.in = new byte[inBytes];
    this.forceUnitAccess = cdb instanceof Cdb.Transfer c && c.forceUnitAccess();
  }

  /** A command at random, which the model knows from now on. */
  static WireCommand random(PoolModel model, RandomGenerator random, WireUnit unit) {
    int within = random.nextBoolean() ? Math.min(HOT_BLOCKS, unit.blocks()) : unit.blocks();
    int block = random.nextInt(within);
    int most = Math.min(unit.blocks() - block, random.nextInt(4) == 0 ? 64 : 8);
    int count = 1 + random.nextInt(most);
    long lba = unit.base() + block;
    Operation operation = model.begin();
    return switch (random.nextInt(20)) {
      case 0, 1, 2, 3, 4, 5, 6, 7, 8 -> {
        long[] stamps = new long[count];
        for (int i = 0; i < count; i++) {
          stamps[i] = model.newStamp();
          unit.volume().blocks.get(block + i).add(new Contents(stamps[i]), operation);
        }
        Command command = random.nextBoolean() ? Command.WRITE_10 : Command.WRITE_16;
        Cdb cdb = new Cdb.Transfer(command, lba, count, random.nextInt(6) == 0);
        yield new WireCommand(
            Kind.WRITE, unit, operation, block, count, cdb, Stamps.encode(stamps).array(), 0);
      }
      case 9 -> {
        for (int i = 0; i < count; i++) {
          unit.volume().blocks.get(block + i).add(Contents.ZERO, operation);
        }
        byte[] list = UnmapList.encode(List.of(new BlockRange(lba, count))).array();
        yield new WireCommand(
            Kind.ZERO, unit, operation, block, count, new Cdb.Unmap(list.length), list, 0);
      }
      case 10, 11, 12, 13, 14, 15, 16 -> {
        Command command = random.nextBoolean() ? Command.READ_10 : Command.READ_16;
        Cdb cdb = new Cdb.Transfer(command, lba, count, random.nextInt(10) == 0);
        yield new WireCommand(
            Kind.READ, unit, operation, block, count, cdb, new byte[0], count * BLOCK);
      }
      case 17, 18 ->
          new WireCommand(
              Kind.SYNCHRONIZE, unit, operation, 0, 0, Cdb.SynchronizeCache.all(), new byte[0], 0);
      default ->
          new WireCommand(
              Kind.TEST, unit, operation, 0, 0, new Cdb.TestUnitReady(), new byte[0], 0);
    };
  }

  boolean changes() {
    return kind == Kind.WRITE || kind == Kind.ZERO;
  }

  /** Bytes that it moves. */
  int length() {
    return out.length + in.length;
  }

  /** It was not carried out. */
  void withdraw(PoolModel model) {
    if (changes()) {
      for (int i = 0; i < count; i++) {
        unit.volume().blocks.get(block + i).withdraw(operation);
      }
    }
    model.failed(operation);
  }

  @Override
  public String toString() {
    return "%s of %d blocks at %d of LUN %d, tag %d".formatted(kind, count, block, unit.lun(), tag);
  }
}
