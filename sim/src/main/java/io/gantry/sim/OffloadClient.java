package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.scsi.UnmapList;
import io.gantry.scsi.WriteUsingTokenList;
import io.gantry.sim.History.Operation;
import io.gantry.target.TargetPath;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * An initiator that copies by tokens, its own and those of others, while it and others write: one
 * command after the other, at random, all of it told to the model.
 */
final class OffloadClient {
  static final int MOST_TOKEN_BLOCKS = 96;

  private static final int LISTS = 6;
  private static final int MOST_RANGES = 4;
  private static final int TOKEN_CODE = 0x23;
  private static final int MOST_ATTENTIONS = 20;
  private static final long DEFAULT_TIMEOUT_MILLIS = 300_000;

  /** The target is gone, under this client's feet. */
  static final class CutOff extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** Who has reserved a logical unit, and whether others may not even read it. */
  record Holder(String name, boolean exclusive) {
    static final Holder NOBODY = new Holder("", false);

    /** Whether another may not do something. */
    boolean conflicts(String other, boolean writes) {
      return !equals(NOBODY) && !name.equals(other) && (writes || exclusive);
    }
  }

  /** What names an operation of this initiator port. */
  private record Name(int lun, int list) {}

  private final OffloadSimulation life;
  private final PoolModel model;
  private final RandomGenerator random;
  private final String name;
  private final boolean readOnly;
  private final WireUnit scratch;
  private final Set<Name> names = new HashSet<>();
  private final Map<Name, OffloadResult> results = new LinkedHashMap<>();
  private int nextList = LISTS;

  /** Whether the last name was never used before. */
  private boolean fresh;

  private TargetPath path;

  /**
   * An initiator.
   *
   * @param readOnly whether the target lets it read and no more
   * @param scratch a logical unit that no other uses
   */
  OffloadClient(
      OffloadSimulation life, String name, boolean readOnly, WireUnit scratch, TargetPath path) {
    this.life = life;
    this.model = life.model();
    this.random = life.random();
    this.name = name;
    this.readOnly = readOnly;
    this.scratch = scratch;
    this.path = path;
  }

  String name() {
    return name;
  }

  /** It goes on with a new target. */
  void reconnect(TargetPath to) {
    path = to;
  }

  private AssertionError wrong(String what, Object... about) {
    return new AssertionError("%s %s: %s".formatted(name, what, List.of(about)));
  }

  private void require(boolean condition, String what, Object... about) {
    if (!condition) {
      throw wrong(what, about);
    }
  }

  /** One operation. */
  void step() throws CutOff {
    int chance = random.nextInt(100);
    WireUnit unit = life.unit();
    if (chance < 16) {
      write(unit);
    } else if (chance < 22) {
      read(unit);
    } else if (chance < 25) {
      unmap(unit);
    } else if (chance < 27) {
      flush(unit);
    } else if (chance < 29 && random.nextInt(2) == 0) {
      reserve(unit);
    } else if (chance < 29) {
      life.scheduler().sleep(random.nextInt(2_000_000));
    } else if (chance < 48) {
      populate(unit);
    } else if (chance < 76) {
      redeem(unit);
    } else if (chance < 88) {
      askAgain();
    } else if (chance < 92) {
      OffloadToken token = life.anyToken();
      if (token != null) {
        compare(token);
      }
    } else if (chance < 95) {
      zero(unit);
    } else if (chance < 97) {
      forge(unit);
    } else {
      redeemNothing(unit);
    }
  }

  // Commands

  private ScsiResponse send(WireUnit unit, Cdb cdb, byte @Nullable [] out, @Nullable ByteBuffer in)
      throws CutOff {
    ByteBuffer data = out == null ? null : ByteBuffer.wrap(out);
    for (int i = 0; i < MOST_ATTENTIONS; i++) {
      long from = model.now();
      ScsiResponse response;
      try {
        response = path.submit(unit.address(), new ScsiRequest(cdb.encode(), data, in)).get();
      } catch (ExecutionException | InterruptedException e) {
        requireThere();
        throw new IllegalStateException(e);
      }
      requireThere();
      Sense sense = response.sense();
      if (sense == null || sense.key() != Sense.UNIT_ATTENTION_KEY) {
        requireReservation(unit, cdb, response, from);
        return response;
      }
    }
    throw wrong("meets unit attentions without end", cdb);
  }

  /** A conflict needs a reservation of another, and such a reservation makes one. */
  private void requireReservation(WireUnit unit, Cdb cdb, ScsiResponse response, long from) {
    if (cdb instanceof PrimaryCdb
        || cdb instanceof Cdb.ReceiveRodTokenInformation
        || cdb instanceof Cdb.SynchronizeCache) {
      return;
    }
    boolean writes = !isOf(cdb, Command.POPULATE_TOKEN) && !isOf(cdb, Command.READ_16);
    List<Boolean> conflicts =
        life.holder(unit).between(from, model.now()).stream()
            .map(seen -> seen.value().conflicts(name, writes))
            .toList();
    require(
        conflicts.contains(isConflict(response)),
        "was treated otherwise than its reservations say",
        cdb,
        response,
        life.holder(unit).between(from, model.now()));
  }

  private static boolean isOf(Cdb cdb, Command command) {
    return cdb.command() == command;
  }

  private static boolean isConflict(ScsiResponse response) {
    return response.status() == ScsiStatus.RESERVATION_CONFLICT;
  }

  private static byte[] bytes(ByteBuffer list) {
    byte[] bytes = new byte[list.capacity()];
    list.get(0, bytes);
    return bytes;
  }

  private void requireThere() throws CutOff {
    if (life.isOver()) {
      throw new CutOff();
    }
  }

  private static boolean is(ScsiResponse response, Sense what) {
    Sense sense = response.sense();
    return sense != null && sense.is(what);
  }

  /** Blocks from one on, most often few. */
  private int[] range(WireUnit unit, int most) {
    int first = random.nextInt(unit.blocks());
    int count = 1 + random.nextInt(Math.min(unit.blocks() - first, most));
    int[] blocks = new int[count];
    Arrays.setAll(blocks, i -> first + i);
    return blocks;
  }

  private static BlockRange descriptor(WireUnit unit, int[] blocks) {
    return new BlockRange(unit.base() + blocks[0], blocks.length);
  }

  private void withdraw(WireUnit unit, int[] blocks, Operation operation) {
    for (int block : blocks) {
      unit.volume().blocks.get(block).withdraw(operation);
    }
    model.failed(operation);
  }

  /** Ends a command that changes blocks: it has succeeded, or this initiator may not change any. */
  private void end(WireUnit unit, int[] blocks, Operation operation, ScsiResponse response) {
    if (isConflict(response)) {
      withdraw(unit, blocks, operation);
    } else if (readOnly) {
      require(is(response, Sense.WRITE_PROTECTED), "may only read", response);
      withdraw(unit, blocks, operation);
    } else {
      require(response.isGood(), "saw a command fail", response);
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
    try {
      Cdb cdb = Cdb.Transfer.write(unit.base() + blocks[0], blocks.length);
      end(unit, blocks, operation, send(unit, cdb, Stamps.encode(stamps).array(), null));
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  private void unmap(WireUnit unit) throws CutOff {
    int[] blocks = range(unit, 64);
    Operation operation = model.begin();
    for (int block : blocks) {
      unit.volume().blocks.get(block).add(Contents.ZERO, operation);
    }
    try {
      byte[] list = UnmapList.encode(List.of(descriptor(unit, blocks))).array();
      end(unit, blocks, operation, send(unit, new Cdb.Unmap(list.length), list, null));
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  private void read(WireUnit unit) throws CutOff {
    int[] blocks = range(unit, 64);
    Operation operation = model.begin();
    long[] stamps = read(unit, blocks[0], blocks.length);
    if (stamps.length > 0) {
      model.succeeded(operation);
      new Comparison(model).blocks(unit.volume(), blocks[0], stamps, operation);
    }
  }

  /** What blocks hold; nothing if another has reserved them. */
  private long[] read(WireUnit unit, int first, int count) throws CutOff {
    ByteBuffer in = ByteBuffer.allocate(count * BLOCK);
    ScsiResponse response = send(unit, Cdb.Transfer.read(unit.base() + first, count), null, in);
    require(response.isGood() || isConflict(response), "cannot read", response);
    return response.isGood() ? Stamps.decode(in.clear()) : new long[0];
  }

  private void flush(WireUnit unit) throws CutOff {
    Operation operation = model.begin();
    ScsiResponse response = send(unit, Cdb.SynchronizeCache.all(), null, null);
    require(response.isGood() || isConflict(response), "cannot flush", response);
    if (response.isGood()) {
      model.succeededDurably(operation);
    }
  }

  // Reservations

  /** Reserves a logical unit, or gives it up; either outlives a crash. */
  private void reserve(WireUnit unit) throws CutOff {
    Operation operation = model.begin();
    try {
      ScsiResponse response = reserve(unit, Command.PR_REGISTER_AND_IGNORE, 0, 0, key());
      require(response.isGood(), "cannot register", response);
      reserve(unit, operation);
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  private void reserve(WireUnit unit, Operation operation) throws CutOff {
    boolean release = random.nextInt(3) > 0;
    boolean exclusive = random.nextBoolean();
    History<Holder> holder = life.holder(unit);
    if (release) {
      // Of whatever type it is, and if it is its own.
      for (int type : new int[] {1, 3}) {
        holder.between(operation.begin, operation.begin).stream()
            .filter(seen -> seen.value().equals(new Holder(name, type == 3)))
            .findFirst()
            .ifPresent(_ -> holder.add(Holder.NOBODY, operation));
      }
      for (int type : new int[] {1, 3}) {
        ScsiResponse _ = reserve(unit, Command.PR_RELEASE, type, key(), 0);
      }
      model.succeededItselfDurably(operation);
      return;
    }
    holder.add(new Holder(name, exclusive), operation);
    ScsiResponse response = reserve(unit, Command.PR_RESERVE, exclusive ? 3 : 1, key(), 0);
    if (response.isGood()) {
      model.succeededItselfDurably(operation);
    } else {
      require(isConflict(response), "cannot reserve", response);
      holder.withdraw(operation);
    }
  }

  private long key() {
    return 1L + name.hashCode();
  }

  private ScsiResponse reserve(WireUnit unit, Command command, int type, long key, long actionKey)
      throws CutOff {
    ByteBuffer list = ByteBuffer.allocate(24).putLong(key).putLong(actionKey);
    list.put(20, (byte) 1); // APTPL
    Cdb cdb = new PrimaryCdb.PersistentReserveOut(command, 0, type, list.capacity());
    return send(unit, cdb, bytes(list), null);
  }

  // Tokens

  /** A list identifier, under which what was there before is forgotten. */
  private Name reuse(WireUnit unit) {
    int list = random.nextInt(3) == 0 ? random.nextInt(LISTS) : nextList++;
    Name used = new Name(unit.lun(), list);
    results.remove(used);
    fresh = names.add(used);
    return used;
  }

  /** Keeps the result of the operation that was begun last, under a name. */
  private void keep(Name asked, OffloadResult result) {
    result.isKept = fresh; // those of a name that is used again outlive no restart
    results.put(asked, result);
  }

  /** Ranges that do not overlap, in any order; as the blocks of each. */
  private List<int[]> ranges(WireUnit unit, int most) {
    List<int[]> ranges = new ArrayList<>();
    boolean[] taken = new boolean[unit.blocks()];
    int left = most;
    for (int i = random.nextInt(MOST_RANGES); i >= 0 && left > 0; i--) {
      int[] range = range(unit, Math.min(left, random.nextInt(3) == 0 ? most : 24));
      if (Arrays.stream(range).noneMatch(block -> taken[block])) {
        Arrays.stream(range).forEach(block -> taken[block] = true);
        ranges.add(range);
        left -= range.length;
      }
    }
    return ranges;
  }

  private static List<BlockRange> descriptors(WireUnit unit, List<int[]> ranges) {
    return ranges.stream().map(range -> descriptor(unit, range)).toList();
  }

  private static int[] blocks(List<int[]> ranges) {
    return ranges.stream().flatMapToInt(Arrays::stream).toArray();
  }

  private void populate(WireUnit unit) throws CutOff {
    List<int[]> ranges = ranges(unit, MOST_TOKEN_BLOCKS);
    int[] blocks = blocks(ranges);
    int seconds = random.nextInt(3) == 0 ? 1 + random.nextInt(30) : 0;
    boolean persistent = random.nextInt(4) == 0;
    OptionalInt type =
        persistent
            ? OptionalInt.of(RodToken.TYPE_POINT_IN_TIME_PERSISTENT)
            : random.nextBoolean()
                ? OptionalInt.of(RodToken.TYPE_POINT_IN_TIME)
                : OptionalInt.empty();
    long timeoutMillis = seconds == 0 ? DEFAULT_TIMEOUT_MILLIS : seconds * 1000L;
    ByteBuffer list =
        new PopulateTokenList(false, seconds, type, descriptors(unit, ranges)).encode();
    Name made = reuse(unit);
    OffloadResult.Source source =
        new OffloadResult.Source(unit, blocks, timeoutMillis, life.scheduler().millis());
    Operation operation = model.begin();
    OffloadResult result = new OffloadResult(operation, blocks.length, source);
    keep(made, result);
    life.counted();
    Cdb cdb = new Cdb.TokenOperation(Command.POPULATE_TOKEN, made.list, list.capacity());
    try {
      ScsiResponse response = send(unit, cdb, bytes(list), null);
      if (isConflict(response)) {
        results.remove(made);
        model.failed(operation);
        return;
      }
      require(response.isGood(), "got no token", response);
      model.succeeded(operation);
      result.answered = true;
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    } finally {
      result.image = source.freeze(operation.begin, model.now());
    }
    if (random.nextInt(8) > 0) {
      ask(unit, made);
    }
  }

  private void askAgain() throws CutOff {
    if (!results.isEmpty()) {
      List<Name> names = List.copyOf(results.keySet());
      Name asked = names.get(random.nextInt(names.size()));
      ask(life.unit(asked.lun), asked);
    }
  }

  /** Asks for the result of an operation; a token that it has made can be used from then on. */
  private void ask(WireUnit unit, Name asked) throws CutOff {
    OffloadResult result = results.get(asked);
    if (result == null) {
      return;
    }
    life.counted();
    ByteBuffer in = ByteBuffer.allocate(1024);
    Cdb cdb = new Cdb.ReceiveRodTokenInformation(asked.list, in.capacity());
    ScsiResponse response = send(unit, cdb, null, in);
    if (is(response, Sense.INVALID_FIELD_IN_CDB)) {
      require(result.mayBeLost, "misses a result", asked);
      results.remove(asked);
      return;
    }
    if (isConflict(response)) {
      return;
    }
    require(response.isGood(), "cannot ask for a result", response);
    byte[] bytes = Arrays.copyOf(in.array(), (int) response.transferLength());
    RodTokenInformation information = RodTokenInformation.decode(ByteBuffer.wrap(bytes));
    if (result.bytes != null || information == null) {
      require(Arrays.equals(bytes, result.bytes), "got another answer", asked);
      return;
    }
    result.bytes = bytes;
    int action = result.source == null ? 0x11 : 0x10;
    require(
        information.serviceAction() == action
            && information.isFinished()
            && (information.transferBlocks() == result.blocks
                || (!result.answered && information.transferBlocks() < result.blocks)),
        "got a result that cannot be",
        information,
        result.blocks);
    OffloadResult.Source source = result.source;
    Image image = result.image;
    byte[] rod = information.token();
    if (source != null && image != null) {
      require(rod != null && information.status() == 1, "got no token", information);
    }
    if (source != null && image != null && rod != null) {
      life.add(
          new OffloadToken(
              rod,
              image,
              result.blocks,
              result.operation,
              source.timeoutMillis(),
              source.beganMillis()));
    }
  }

  private void redeem(WireUnit unit) throws CutOff {
    OffloadToken token = life.anyToken();
    if (token != null) {
      int offset = random.nextBoolean() ? 0 : random.nextInt(token.blocks);
      boolean rest = random.nextInt(8) > 0; // and not more than there is
      int most = rest ? token.blocks - offset : MOST_TOKEN_BLOCKS;
      boolean drop = random.nextInt(16) == 0 || life.hasManyTokens();
      boolean _ = redeem(unit, token, offset, ranges(unit, most), drop);
    }
  }

  /**
   * WRITE USING TOKEN.
   *
   * @return whether all of the destination was written
   */
  private boolean redeem(
      WireUnit unit, OffloadToken token, int offset, List<int[]> ranges, boolean drop)
      throws CutOff {
    int[] blocks = blocks(ranges);
    int count = token.available(offset, blocks.length);
    int[] written = Arrays.copyOf(blocks, count);
    ByteBuffer list =
        new WriteUsingTokenList(false, drop, offset, token.rod, descriptors(unit, ranges)).encode();
    Name asked = reuse(unit);
    long began = life.scheduler().millis();
    Operation operation = model.begin();
    Operation dropping = model.begin();
    for (int i = 0; i < count; i++) {
      unit.volume().blocks.get(blocks[i]).add(token.image.block(offset + i), operation);
    }
    if (drop) {
      token.lives.add(false, dropping);
    }
    life.counted();
    ScsiResponse response;
    try {
      Cdb cdb = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, asked.list, list.capacity());
      response = send(unit, cdb, bytes(list), null);
    } catch (CutOff e) {
      model.failed(operation);
      model.failed(dropping);
      keep(asked, new OffloadResult(operation, count, null));
      throw e;
    }
    Sense sense = response.sense();
    boolean fellShort =
        is(response, Sense.COPY_UNDERRUN) || is(response, Sense.COPY_UNDERRUN_NOTHING_COPIED);
    if (isConflict(response)) {
      token.lives.withdraw(dropping);
      withdraw(unit, written, operation);
      return false;
    }
    if (sense != null && !fellShort) {
      token.lives.withdraw(dropping);
      withdraw(unit, written, operation);
      if (sense.asc() == TOKEN_CODE) {
        gone(token, operation, sense);
      } else {
        require(readOnly && sense.is(Sense.WRITE_PROTECTED), "cannot redeem a token", sense);
      }
      return false;
    }
    require(!readOnly, "may only read", response);
    int done = sense == null ? blocks.length : (int) sense.information().orElse(-1);
    // A copy whose time is over stops at a block.
    require(
        response.isGood() ? count == blocks.length : done >= 0 && done <= count,
        "got another count",
        response,
        count,
        blocks.length);
    for (int i = done; i < count; i++) {
      unit.volume().blocks.get(blocks[i]).withdraw(operation);
    }
    model.succeeded(operation);
    if (done == count) {
      model.succeeded(dropping);
    } else {
      model.failed(dropping);
    }
    token.used(began);
    if (drop && done == count) {
      life.remove(token);
    }
    OffloadResult result = new OffloadResult(operation, done, null);
    result.answered = true;
    keep(asked, result);
    if (random.nextInt(3) == 0) {
      ask(unit, asked);
    }
    return done == blocks.length;
  }

  /** A token was not there when an operation wanted it. */
  private void gone(OffloadToken token, Operation operation, Sense sense) {
    boolean ended = token.lives.could(false, operation.begin, model.now());
    boolean over = token.mayBeOver(life.scheduler().millis());
    require(
        (ended && (sense.is(Sense.TOKEN_DELETED) || sense.is(Sense.TOKEN_UNKNOWN)))
            || (over && (sense.is(Sense.TOKEN_EXPIRED) || sense.is(Sense.TOKEN_UNKNOWN))),
        "misses a token",
        sense,
        token);
    life.remove(token);
  }

  /** Redeems all of a token, and sees whether it holds what it should, all of one instant. */
  void compare(OffloadToken token) throws CutOff {
    int[] all = new int[token.blocks];
    Arrays.setAll(all, i -> i);
    if (redeem(scratch, token, 0, List.of(all), false)) {
      token.image.read(name + ": token", 0, read(scratch, 0, token.blocks));
    }
  }

  /** Whether a token is there, and holds what it should. */
  boolean has(OffloadToken token) throws CutOff {
    compare(token);
    return life.knows(token);
  }

  /** The token of zeros, which nobody made. */
  private void zero(WireUnit unit) throws CutOff {
    byte[] rod = new byte[RodToken.LENGTH];
    ByteBuffer.wrap(rod).putInt(RodToken.TYPE_ZERO).putShort(6, (short) (RodToken.LENGTH - 8));
    List<int[]> ranges = ranges(unit, MOST_TOKEN_BLOCKS);
    ByteBuffer list =
        new WriteUsingTokenList(false, false, 0, rod, descriptors(unit, ranges)).encode();
    Name asked = reuse(unit);
    int[] blocks = blocks(ranges);
    Operation operation = model.begin();
    for (int block : blocks) {
      unit.volume().blocks.get(block).add(Contents.ZERO, operation);
    }
    life.counted();
    try {
      Cdb cdb = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, asked.list, list.capacity());
      end(unit, blocks, operation, send(unit, cdb, bytes(list), null));
    } catch (CutOff e) {
      model.failed(operation);
      throw e;
    }
  }

  /** A token in which a bit is wrong. */
  private void forge(WireUnit unit) throws CutOff {
    OffloadToken token = life.anyToken();
    if (token == null) {
      return;
    }
    byte[] rod = token.rod.clone();
    int at = 8 + random.nextInt(rod.length - 8);
    rod[at] = (byte) (rod[at] ^ 1 << random.nextInt(8));
    refused(unit, rod, 0, true);
  }

  /** What is behind the end of a token. */
  private void redeemNothing(WireUnit unit) throws CutOff {
    OffloadToken token = life.anyToken();
    if (token != null) {
      refused(unit, token.rod, token.blocks + random.nextInt(3), false);
    }
  }

  private void refused(WireUnit unit, byte[] rod, int offset, boolean forged) throws CutOff {
    List<int[]> ranges = ranges(unit, MOST_TOKEN_BLOCKS);
    ByteBuffer list =
        new WriteUsingTokenList(false, false, offset, rod, descriptors(unit, ranges)).encode();
    Name asked = reuse(unit);
    life.counted();
    Cdb cdb = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, asked.list, list.capacity());
    ScsiResponse response = send(unit, cdb, bytes(list), null);
    boolean conflict = isConflict(response);
    require(
        conflict || response.status() == ScsiStatus.CHECK_CONDITION, "was not refused", response);
    Sense sense = response.sense();
    require(
        conflict || readOnly || !forged || (sense != null && sense.asc() == TOKEN_CODE),
        "was refused for another reason",
        response);
  }

  // Restarts

  /** The target is about to be there again: which results may be lost, and which are not known. */
  void restart(boolean crashed) {
    // Under a name that was used before, the answer may be that of the command before.
    results.values().removeIf(result -> !result.answered && !result.isKept);
    for (OffloadResult result : results.values()) {
      boolean durable = result.answered && result.operation.wasOver(model.flushed());
      result.mayBeLost |= !result.isKept || (crashed && !durable);
    }
  }

  /** Asks for all results. */
  void askAll() throws CutOff {
    for (Name asked : List.copyOf(results.keySet())) {
      ask(life.unit(asked.lun), asked);
    }
  }
}
