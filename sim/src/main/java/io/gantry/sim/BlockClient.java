package io.gantry.sim;

import static io.gantry.sim.OffloadPath.is;
import static io.gantry.sim.OffloadPath.isConflict;
import static io.gantry.sim.OffloadPath.isRefused;
import static io.gantry.sim.PoolModel.BLOCK;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.CopySegment;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.DeviceIdentification;
import io.gantry.scsi.ExtendedCopyList;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.scsi.UnmapList;
import io.gantry.sim.History.Operation;
import io.gantry.sim.OffloadPath.CutOff;
import io.gantry.sim.OffloadUnit.Holder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What an initiator does to blocks without tokens, and to reservations; told to the model. */
final class BlockClient {
  private static final int PAGE_BYTES = 255;

  private final OffloadSimulation life;
  private final PoolModel model;
  private final RandomGenerator random;
  private final OffloadPath path;

  BlockClient(OffloadSimulation life, OffloadPath path) {
    this.life = life;
    this.model = life.model();
    this.random = life.random();
    this.path = path;
  }

  /** One operation on a logical unit. */
  void step(WireUnit unit) throws CutOff {
    int chance = random.nextInt(100);
    if (chance < 45) {
      write(unit);
    } else if (chance < 59) {
      read(unit);
    } else if (chance < 66) {
      unmap(unit);
    } else if (chance < 80) {
      flush(unit);
    } else if (chance < 84) {
      reserve(unit, random.nextInt(3) > 0);
    } else if (chance < 98) {
      extendedCopy(life.unit(), unit);
    } else {
      sanitize(unit);
    }
  }

  static byte[] bytes(ByteBuffer list) {
    byte[] bytes = new byte[list.capacity()];
    list.get(0, bytes);
    return bytes;
  }

  /** Blocks from one on, most often few. */
  int[] range(WireUnit unit, int most) {
    int first = random.nextInt(unit.blocks());
    return range(first, 1 + random.nextInt(Math.min(unit.blocks() - first, most)));
  }

  private static int[] range(int first, int count) {
    int[] blocks = new int[count];
    Arrays.setAll(blocks, i -> first + i);
    return blocks;
  }

  static BlockRange descriptor(WireUnit unit, int[] blocks) {
    return new BlockRange(unit.base() + blocks[0], blocks.length);
  }

  /** An operation begins to give blocks other contents. */
  void change(WireUnit unit, int[] blocks, Contents[] contents, Operation operation) {
    for (int i = 0; i < blocks.length; i++) {
      unit.volume().blocks.get(blocks[i]).add(contents[i], operation);
    }
    life.state(unit).changing(blocks, operation, false);
  }

  /** An operation begins to make blocks zeros. */
  void changeToZeros(WireUnit unit, int[] blocks, Operation operation) {
    Contents[] zeros = new Contents[blocks.length];
    Arrays.fill(zeros, Contents.ZERO);
    change(unit, blocks, zeros, operation);
  }

  /** An operation has not changed some blocks, and will not any more. */
  void unchanged(WireUnit unit, int[] blocks, Operation operation) {
    for (int block : blocks) {
      unit.volume().blocks.get(block).withdraw(operation);
    }
  }

  /** Ends a command that changes blocks: it has succeeded, or was not let in. */
  void end(WireUnit unit, int[] blocks, Operation operation, ScsiResponse response) {
    if (isRefused(response)) {
      unchanged(unit, blocks, operation);
      model.failed(operation);
    } else {
      path.require(response.isGood(), "saw a command fail", response);
      model.succeeded(operation);
    }
  }

  private void write(WireUnit unit) throws CutOff {
    int[] blocks = range(unit, 24);
    Operation operation = model.begin();
    long[] stamps = new long[blocks.length];
    for (int i = 0; i < stamps.length; i++) {
      stamps[i] = model.newStamp();
      unit.volume().blocks.get(blocks[i]).add(new Contents(stamps[i]), operation);
    }
    life.state(unit).changing(blocks, operation, true);
    try {
      Cdb cdb = Cdb.Transfer.write(unit.base() + blocks[0], blocks.length);
      ScsiResponse response = path.send(unit, cdb, Stamps.encode(stamps).array(), null);
      end(unit, blocks, operation, response);
      if (response.isGood()) {
        life.state(unit).wrote(blocks, operation);
      }
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  private void unmap(WireUnit unit) throws CutOff {
    int[] blocks = range(unit, 64);
    Operation operation = model.begin();
    changeToZeros(unit, blocks, operation);
    try {
      byte[] list = UnmapList.encode(List.of(descriptor(unit, blocks))).array();
      end(unit, blocks, operation, path.send(unit, new Cdb.Unmap(list.length), list, null));
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  private void read(WireUnit unit) throws CutOff {
    int[] blocks = range(unit, 64);
    readAndCompare(unit, blocks[0], blocks.length);
  }

  /** Reads blocks, which must hold what they may; if they can be read. */
  void readAndCompare(WireUnit unit, int first, int count) throws CutOff {
    Operation operation = model.begin();
    long[] stamps = read(unit, first, count);
    if (stamps.length > 0) {
      model.succeeded(operation);
      new Comparison(model).blocks(unit.volume(), first, stamps, operation);
    }
  }

  /** What blocks hold; nothing if they cannot be read by this initiator. */
  long[] read(WireUnit unit, int first, int count) throws CutOff {
    ByteBuffer in = ByteBuffer.allocate(count * BLOCK);
    ScsiResponse response =
        path.send(unit, Cdb.Transfer.read(unit.base() + first, count), null, in);
    path.require(response.isGood() || isRefused(response), "cannot read", response);
    return response.isGood() ? Stamps.decode(in.clear()) : new long[0];
  }

  private void flush(WireUnit unit) throws CutOff {
    Operation operation = model.begin();
    ScsiResponse response = path.send(unit, Cdb.SynchronizeCache.all(), null, null);
    path.require(response.isGood() || isRefused(response), "cannot flush", response);
    if (response.isGood()) {
      model.succeededDurably(operation);
    }
  }

  // EXTENDED COPY

  /** Copies blocks by one segment, over themselves perhaps: what they held at one instant. */
  private void extendedCopy(WireUnit from, WireUnit to) throws CutOff {
    CscdDescriptor source = descriptor(from);
    CscdDescriptor target = descriptor(to);
    if (source == null || target == null) {
      return;
    }
    int[] blocks = range(to, Math.min(96, from.blocks()));
    int first = random.nextInt(from.blocks() - blocks.length + 1);
    List<Copied> copied = new ArrayList<>();
    Operation operation = model.begin(_ -> copied.forEach(Copied::ended));
    for (int i = 0; i < blocks.length; i++) {
      copied.add(new Copied(model, from.volume().blocks.get(first + i), operation, true));
    }
    change(to, blocks, copied.toArray(Contents[]::new), operation);
    CopySegment segment =
        new CopySegment.Blocks(
            0, 1, false, false, blocks.length, from.base() + first, to.base() + blocks[0]);
    byte[] list =
        new ExtendedCopyList(
                ExtendedCopyList.Format.LID1,
                0,
                ExtendedCopyList.Usage.NONE,
                1,
                false,
                false,
                false,
                List.of(source, target),
                List.of(segment))
            .encode()
            .array();
    life.counted();
    int done;
    try {
      Cdb cdb = new Cdb.ExtendedCopy(Command.EXTENDED_COPY_LID1, list.length);
      done = copied(from, to, blocks.length, operation, path.send(to, cdb, list, null));
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
    unchanged(to, Arrays.copyOfRange(blocks, done, blocks.length), operation);
    model.succeeded(operation);
  }

  /** How many blocks an EXTENDED COPY has copied. */
  private int copied(
      WireUnit from, WireUnit to, int count, Operation operation, ScsiResponse response) {
    boolean kept = path.mightNotDo(from, false, operation) || path.mightNotDo(to, true, operation);
    Sense sense = response.sense();
    if (response.isGood()) {
      path.require(
          path.mightDo(from, false, operation.begin) && path.mightDo(to, true, operation.begin),
          "copied what it may not",
          from,
          to);
      return count;
    }
    boolean expected =
        isRefused(response)
            || is(response, Sense.COPY_OUT_OF_RESOURCES) // its time was over
            || (kept
                && (is(response, Sense.THIRD_PARTY_DEVICE_FAILURE)
                    || is(response, Sense.COMMANDS_CLEARED_BY_DEVICE_SERVER)))
            || (is(response, Sense.COPY_TARGET_NOT_REACHABLE) && path.mightNotSee(operation));
    path.require(expected, "cannot copy by EXTENDED COPY", response);
    return sense == null || sense.information().isEmpty()
        ? 0
        : count - (int) sense.information().orElseThrow();
  }

  /** What a logical unit calls itself; null if it does not say. */
  private @Nullable CscdDescriptor descriptor(WireUnit unit) throws CutOff {
    OffloadUnit state = life.state(unit);
    if (state.descriptor == null) {
      ByteBuffer in = ByteBuffer.allocate(PAGE_BYTES);
      Cdb cdb = new Cdb.Inquiry(true, DeviceIdentification.PAGE, PAGE_BYTES);
      ScsiResponse response = path.send(unit, cdb, null, in);
      if (response.isGood()) {
        byte[] page = Arrays.copyOf(in.array(), (int) response.transferLength());
        state.descriptor = CscdDescriptor.of(page, BLOCK).orElseThrow();
      }
    }
    return state.descriptor;
  }

  // SANITIZE

  private void sanitize(WireUnit unit) throws CutOff {
    int[] all = range(0, unit.blocks());
    OffloadUnit state = life.state(unit);
    Operation operation = model.begin();
    changeToZeros(unit, all, operation);
    state.sanitize(operation);
    try {
      Cdb cdb = new BlockCdb.Sanitize(Command.SANITIZE_BLOCK_ERASE, random.nextBoolean(), false, 0);
      ScsiResponse response = path.send(unit, cdb, null, null);
      path.require(response.isGood() || isRefused(response), "cannot sanitize", response);
      if (response.isGood()) {
        model.succeededDurably(operation);
      } else {
        unchanged(unit, all, operation);
        model.failed(operation);
      }
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    } finally {
      state.sanitizeAnswered();
    }
  }

  // Reservations

  /** Reserves a logical unit, or gives it up; either outlives a crash. */
  void reserve(WireUnit unit, boolean release) throws CutOff {
    Operation operation = model.begin();
    try {
      ScsiResponse response = reserve(unit, Command.PR_REGISTER_AND_IGNORE, 0, 0, key());
      if (isRefused(response)) {
        model.failed(operation);
        return;
      }
      path.require(response.isGood(), "cannot register", response);
      reserve(unit, release, operation);
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  private void reserve(WireUnit unit, boolean release, Operation operation) throws CutOff {
    boolean exclusive = random.nextBoolean();
    History<Holder> holder = life.state(unit).holder;
    if (release) {
      release(unit, holder, operation);
      return;
    }
    holder.add(new Holder(path.name(), exclusive), operation);
    ScsiResponse response = reserve(unit, Command.PR_RESERVE, exclusive ? 3 : 1, key(), 0);
    if (response.isGood()) {
      model.succeededItselfDurably(operation);
      life.reserved(unit, path);
    } else {
      path.require(isRefused(response), "cannot reserve", response);
      holder.withdraw(operation);
      model.failed(operation);
    }
  }

  /** Releases a reservation of whatever type it is, and if it is its own. */
  private void release(WireUnit unit, History<Holder> holder, Operation operation) throws CutOff {
    boolean mayBeOwn = false;
    boolean heard = true;
    for (History.Seen<Holder> seen : holder.between(operation.begin, operation.begin)) {
      mayBeOwn |= seen.value().name().equals(path.name());
      heard &= !seen.value().conflicts(path.name(), true); // else it may be another's still
    }
    if (mayBeOwn) {
      holder.add(Holder.NOBODY, operation);
    }
    for (int type : new int[] {1, 3}) {
      ScsiResponse response = reserve(unit, Command.PR_RELEASE, type, key(), 0);
      heard &= !is(response, Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    }
    if (heard) {
      model.succeededItselfDurably(operation);
    } else {
      model.failed(operation);
    }
  }

  private long key() {
    return 1L + path.name().hashCode();
  }

  private ScsiResponse reserve(WireUnit unit, Command command, int type, long key, long actionKey)
      throws CutOff {
    ByteBuffer list = ByteBuffer.allocate(24).putLong(key).putLong(actionKey);
    list.put(20, (byte) 1); // APTPL
    Cdb cdb = new PrimaryCdb.PersistentReserveOut(command, 0, type, list.capacity());
    ScsiResponse response = path.send(unit, cdb, bytes(list), null);
    path.require(!isConflict(response) || command == Command.PR_RESERVE, "is not registered");
    return response;
  }
}
