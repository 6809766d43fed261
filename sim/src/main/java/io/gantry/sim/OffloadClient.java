package io.gantry.sim;

import static io.gantry.sim.BlockClient.bytes;
import static io.gantry.sim.BlockClient.descriptor;
import static io.gantry.sim.OffloadPath.is;
import static io.gantry.sim.OffloadPath.isRefused;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.scsi.WriteUsingTokenList;
import io.gantry.sim.History.Operation;
import io.gantry.sim.OffloadPath.CutOff;
import io.gantry.sim.OffloadToken.Kind;
import io.gantry.target.CopyStatus;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
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
  private static final int MOST_IN_BACKGROUND = 3;
  private static final long DEFAULT_TIMEOUT_MILLIS = 300_000;

  /** What names an operation of this initiator port. */
  private record Name(int lun, int list) {}

  private final OffloadSimulation life;
  private final PoolModel model;
  private final RandomGenerator random;
  private final OffloadPath path;
  private final BlockClient blocks;
  private final WireUnit scratch;
  private final Set<Name> names = new HashSet<>();
  private final Map<Name, OffloadResult> results = new LinkedHashMap<>();
  private int nextList = LISTS;

  /** Whether the last name was never used before. */
  private boolean fresh;

  /** Whether it could not be seen whether a token was there. */
  private boolean unreadable;

  /**
   * An initiator.
   *
   * @param scratch a logical unit that no other uses
   */
  OffloadClient(OffloadSimulation life, OffloadPath path, WireUnit scratch) {
    this.life = life;
    this.model = life.model();
    this.random = life.random();
    this.path = path;
    this.blocks = new BlockClient(life, path);
    this.scratch = scratch;
  }

  OffloadPath path() {
    return path;
  }

  /** One operation. */
  void step() throws CutOff {
    int chance = random.nextInt(100);
    WireUnit unit = life.unit();
    if (chance < 34) {
      blocks.step(unit);
    } else if (chance < 36) {
      life.scheduler().sleep(random.nextInt(2_000_000));
    } else if (chance < 37) {
      life.changeAccess();
    } else if (chance < 40) {
      List<WireUnit> copied = life.inBackground();
      if (!copied.isEmpty()) { // else there are enough reservations already
        blocks.reserve(copied.get(random.nextInt(copied.size())), false);
      }
    } else if (chance < 53) {
      populate(unit);
    } else if (chance < 77) {
      redeem(unit);
    } else if (chance < 87) {
      askAgain();
    } else if (chance < 89) {
      abort();
    } else if (chance < 90) {
      useBusyName();
    } else if (chance < 93) {
      OffloadToken token = life.anyToken();
      if (token != null) {
        compare(token);
      }
    } else if (chance < 96) {
      zero(unit);
    } else if (chance < 98) {
      forge(unit);
    } else {
      redeemNothing(unit);
    }
  }

  /** A list identifier, under which what was there before is forgotten. */
  private Name reuse(WireUnit unit) {
    int list = random.nextInt(3) == 0 ? random.nextInt(LISTS) : nextList++;
    Name used = new Name(unit.lun(), list);
    if (running(used) != null) {
      used = new Name(unit.lun(), nextList++);
    }
    results.remove(used);
    fresh = names.add(used);
    return used;
  }

  /** Keeps the result of the operation that was begun last, under a name. */
  private void keep(Name asked, OffloadResult result) {
    result.isKept = fresh; // those of a name that is used again outlive no restart
    results.put(asked, result);
  }

  /** The copy in the background of a name, if it may go on. */
  private @Nullable BackgroundCopy running(Name name) {
    OffloadResult result = results.get(name);
    BackgroundCopy copy = result == null ? null : result.background;
    return copy == null || copy.isOver ? null : copy;
  }

  /** The names of copies in the background that may go on. */
  private List<Name> running() {
    return results.keySet().stream().filter(name -> running(name) != null).toList();
  }

  /** Where it copies to in the background. */
  Stream<WireUnit> inBackground() {
    return running().stream().map(name -> life.unit(name.lun));
  }

  /** Ranges that do not overlap, in any order; as the blocks of each. */
  private List<int[]> ranges(WireUnit unit, int most) {
    List<int[]> ranges = new ArrayList<>();
    boolean[] taken = new boolean[unit.blocks()];
    int left = most;
    for (int i = random.nextInt(MOST_RANGES); i >= 0 && left > 0; i--) {
      int[] range = blocks.range(unit, Math.min(left, random.nextInt(3) == 0 ? most : 24));
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

  // Making tokens

  private OptionalInt type(Kind kind) {
    return switch (kind) {
      case CHANGE_VULNERABLE -> OptionalInt.of(RodToken.TYPE_POINT_IN_TIME_CHANGE_VULNERABLE);
      case REFERENCE -> OptionalInt.of(RodToken.TYPE_ACCESS_UPON_REFERENCE);
      case POINT_IN_TIME ->
          switch (random.nextInt(8)) {
            case 0, 1 -> OptionalInt.of(RodToken.TYPE_POINT_IN_TIME_PERSISTENT);
            case 2, 3, 4 -> OptionalInt.of(RodToken.TYPE_POINT_IN_TIME);
            default -> OptionalInt.empty();
          };
    };
  }

  private void populate(WireUnit unit) throws CutOff {
    List<int[]> ranges = ranges(unit, MOST_TOKEN_BLOCKS);
    int[] held = blocks(ranges);
    int seconds = random.nextInt(3) == 0 ? 1 + random.nextInt(30) : 0;
    int chance = random.nextInt(10);
    Kind kind =
        chance < 6 ? Kind.POINT_IN_TIME : chance < 8 ? Kind.CHANGE_VULNERABLE : Kind.REFERENCE;
    long timeoutMillis = seconds == 0 ? DEFAULT_TIMEOUT_MILLIS : seconds * 1000L;
    ByteBuffer list =
        new PopulateTokenList(random.nextBoolean(), seconds, type(kind), descriptors(unit, ranges))
            .encode();
    Name made = reuse(unit);
    OffloadResult.Source source =
        new OffloadResult.Source(
            kind, unit, held, ranges.size(), timeoutMillis, life.scheduler().millis());
    Operation operation = model.begin();
    OffloadResult result = new OffloadResult(operation, held.length, source);
    keep(made, result);
    life.counted();
    Cdb cdb = new Cdb.TokenOperation(Command.POPULATE_TOKEN, made.list, list.capacity());
    try {
      ScsiResponse response = path.send(unit, cdb, bytes(list), null);
      if (isRefused(response)) {
        results.remove(made);
        model.failed(operation);
        return;
      }
      path.require(response.isGood(), "got no token", response);
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

  // Results

  private void askAgain() throws CutOff {
    List<Name> background = running();
    List<Name> all =
        background.isEmpty() || random.nextBoolean() ? List.copyOf(results.keySet()) : background;
    if (!all.isEmpty()) {
      Name asked = all.get(random.nextInt(all.size()));
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
    long from = model.now();
    ByteBuffer in = ByteBuffer.allocate(1024);
    Cdb cdb = new Cdb.ReceiveRodTokenInformation(asked.list, in.capacity());
    ScsiResponse response = path.send(unit, cdb, null, in);
    if (isRefused(response)) {
      return;
    }
    if (is(response, Sense.INVALID_FIELD_IN_CDB)) {
      path.require(result.mayBeLost, "misses a result", asked);
      results.remove(asked);
      return;
    }
    path.require(response.isGood(), "cannot ask for a result", response);
    byte[] bytes = Arrays.copyOf(in.array(), (int) response.transferLength());
    RodTokenInformation information = RodTokenInformation.decode(ByteBuffer.wrap(bytes));
    if (result.bytes != null || information == null) {
      path.require(Arrays.equals(bytes, result.bytes), "got another answer", asked);
      return;
    }
    int action = result.source == null ? 0x11 : 0x10;
    path.require(information.serviceAction() == action, "got another's result", information);
    BackgroundCopy background = result.background;
    if (background != null && !background.isOver) {
      heard(background, information, from);
      if (!information.isFinished()) {
        return;
      }
    }
    result.bytes = bytes;
    boolean whole = result.answered && background == null;
    path.require(
        information.isFinished()
            && (information.transferBlocks() == result.blocks
                || (!whole && information.transferBlocks() < result.blocks)),
        "got a result that cannot be",
        information,
        result.blocks);
    OffloadResult.Source source = result.source;
    Image image = result.image;
    byte[] rod = information.token();
    if (source != null && image != null) {
      path.require(rod != null && information.status() == 1, "got no token", information);
    }
    if (source != null && image != null && rod != null) {
      life.add(new OffloadToken(rod, image, source, result.operation));
    }
  }

  // Redeeming

  private void redeem(WireUnit unit) throws CutOff {
    OffloadToken token = life.anyToken();
    if (token != null) {
      int offset = random.nextBoolean() ? 0 : random.nextInt(token.blocks);
      boolean rest = random.nextInt(8) > 0; // and not more than there is
      int most = rest ? token.blocks - offset : MOST_TOKEN_BLOCKS;
      boolean drop = random.nextInt(16) == 0 || life.hasManyTokens();
      boolean background = random.nextInt(3) == 0 && running().size() < MOST_IN_BACKGROUND;
      boolean _ = redeem(unit, token, offset, ranges(unit, most), drop, background);
    }
  }

  /** What the destination of a copy holds when it is done. */
  private Contents[] contents(
      OffloadToken token, int offset, int count, int ranges, Operation operation) {
    Contents[] contents = new Contents[count];
    boolean atOnce = ranges == 1 && token.source.ranges() == 1;
    for (int i = 0; i < count; i++) {
      if (token.is(Kind.REFERENCE)) {
        int block = token.source.blocks()[offset + i];
        History<Contents> source = token.source.unit().volume().blocks.get(block);
        contents[i] = new Copied(model, source, operation, atOnce);
      } else {
        contents[i] = token.image.block(offset + i);
      }
    }
    return contents;
  }

  private static void ended(Contents[] contents) {
    for (Contents each : contents) {
      if (each instanceof Copied copied) {
        copied.ended();
      }
    }
  }

  /**
   * WRITE USING TOKEN.
   *
   * @return whether all of the destination was written
   */
  private boolean redeem(
      WireUnit unit,
      OffloadToken token,
      int offset,
      List<int[]> ranges,
      boolean drop,
      boolean background)
      throws CutOff {
    int[] all = blocks(ranges);
    int count = token.available(offset, all.length);
    int[] written = Arrays.copyOf(all, count);
    ByteBuffer list =
        new WriteUsingTokenList(background, drop, offset, token.rod, descriptors(unit, ranges))
            .encode();
    Name asked = reuse(unit);
    long began = life.scheduler().millis();
    Contents[][] copied = {{}};
    Operation operation = model.begin(_ -> ended(copied[0]));
    copied[0] = contents(token, offset, count, ranges.size(), operation);
    blocks.change(unit, written, copied[0], operation);
    Operation dropping = model.begin();
    if (drop) {
      token.lives.add(false, dropping);
    }
    life.counted();
    ScsiResponse response;
    try {
      Cdb cdb = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, asked.list, list.capacity());
      response = path.send(unit, cdb, bytes(list), null);
    } catch (CutOff e) {
      model.failed(operation);
      model.failed(dropping);
      OffloadResult result = new OffloadResult(operation, count, null);
      keep(asked, result);
      throw e;
    }
    Sense sense = response.sense();
    boolean fellShort =
        is(response, Sense.COPY_UNDERRUN) || is(response, Sense.COPY_UNDERRUN_NOTHING_COPIED);
    if (isRefused(response) || (sense != null && !fellShort)) {
      token.lives.withdraw(dropping);
      blocks.unchanged(unit, written, operation);
      model.failed(operation);
      if (!isRefused(response) && sense != null) {
        notCopied(token, operation, sense);
      }
      return false;
    }
    path.require(
        !token.is(Kind.CHANGE_VULNERABLE)
            || !life.state(token.source.unit())
                .mustHaveChanged(token.source.blocks(), token.creation, operation.begin),
        "copied from a token whose source has changed",
        token);
    path.require(
        !token.is(Kind.REFERENCE) || path.mightDo(token.source.unit(), false, operation.begin),
        "copied what it may not read",
        token);
    if (background) {
      path.require(response.isGood(), "was not answered at once", response);
      OffloadResult result = new OffloadResult(operation, count, null);
      result.answered = true;
      result.background =
          new BackgroundCopy(unit, token, ranges, count, operation, dropping, drop, began);
      keep(asked, result);
      return false;
    }
    token.used(began);
    int done = sense == null ? all.length : count(response);
    // A copy whose time is over stops at a block.
    path.require(
        response.isGood() ? count == all.length : done >= 0 && done <= count,
        "got another count",
        response,
        count,
        all.length);
    ended(unit, token, written, done, operation, drop, dropping);
    OffloadResult result = new OffloadResult(operation, done, null);
    result.answered = true;
    keep(asked, result);
    if (random.nextInt(3) == 0) {
      ask(unit, asked);
    }
    return done == all.length;
  }

  /** Blocks that a copy has written which fell short. */
  private static int count(ScsiResponse response) {
    Sense sense = response.sense();
    return sense == null ? -1 : (int) sense.information().orElse(-1);
  }

  /** A copy has ended, and how many blocks it has written is known. */
  private void ended(
      WireUnit unit,
      OffloadToken token,
      int[] written,
      int done,
      Operation operation,
      boolean drop,
      Operation dropping) {
    blocks.unchanged(unit, Arrays.copyOfRange(written, done, written.length), operation);
    model.succeeded(operation);
    if (drop && done == written.length) {
      model.succeeded(dropping);
      life.remove(token);
    } else {
      model.failed(dropping);
    }
  }

  /** Why nothing was copied from a token. */
  private void notCopied(OffloadToken token, Operation operation, Sense sense) {
    if (token.is(Kind.REFERENCE)
        && (sense.is(Sense.THIRD_PARTY_DEVICE_FAILURE)
            || sense.is(Sense.INVALID_TOKEN_OPERATION))) {
      path.require(
          path.mightNotDo(token.source.unit(), false, operation),
          "may not read what it may read",
          token);
      unreadable = true;
      return;
    }
    path.require(sense.asc() == TOKEN_CODE, "cannot redeem a token", sense);
    boolean ended = token.lives.could(false, operation.begin, model.now());
    boolean over = token.mayBeOver(life.scheduler().millis());
    boolean changed =
        token.is(Kind.CHANGE_VULNERABLE)
            && life.state(token.source.unit())
                .mayHaveChanged(token.source.blocks(), token.creation);
    path.require(
        (ended && (sense.is(Sense.TOKEN_DELETED) || sense.is(Sense.TOKEN_UNKNOWN)))
            || (over && (sense.is(Sense.TOKEN_EXPIRED) || sense.is(Sense.TOKEN_UNKNOWN)))
            || (changed && (sense.is(Sense.TOKEN_CANCELLED) || sense.is(Sense.TOKEN_UNKNOWN))),
        "misses a token",
        sense,
        token);
    life.remove(token);
  }

  /** Redeems all of a token, and sees whether it holds what it should, all of one instant. */
  void compare(OffloadToken token) throws CutOff {
    int[] all = new int[token.blocks];
    Arrays.setAll(all, i -> i);
    if (!redeem(scratch, token, 0, List.of(all), false, false)) {
      return;
    }
    if (token.is(Kind.REFERENCE)) {
      blocks.readAndCompare(scratch, 0, token.blocks);
      return;
    }
    long[] stamps = blocks.read(scratch, 0, token.blocks);
    if (stamps.length > 0) {
      token.image.read(path.name() + ": token", 0, stamps);
    }
  }

  /** Whether a token is there for sure, and holds what it should. */
  boolean has(OffloadToken token) throws CutOff {
    unreadable = false;
    compare(token);
    return life.knows(token) && !unreadable;
  }

  // In the background

  /** RECEIVE ROD TOKEN INFORMATION has told how a copy in the background stands. */
  private void heard(BackgroundCopy copy, RodTokenInformation information, long from) {
    long done = information.transferBlocks();
    path.require(copy.tells(done), "heard of a count that cannot be", information, copy.count);
    if (!information.isFinished()) {
      path.require(
          information.status() == RodTokenInformation.STATUS_IN_PROGRESS_IN_BACKGROUND
              && !copy.isStopped,
          "heard of a state that cannot be",
          information);
      if (!path.mightDo(copy.unit, true, from)) {
        copy.barred(from, done);
      }
      return;
    }
    boolean stopped = information.status() == RodTokenInformation.STATUS_TERMINATED;
    path.require(
        !stopped || copy.isStopped || mayBeStopped(copy), "was stopped for no reason", information);
    if (information.status() == RodTokenInformation.STATUS_COMPLETED) {
      path.require(done == copy.blocks.length, "did not do all", information);
    }
    if (copy.barredAt() < Operation.NEVER && !path.mightDo(copy.unit, true, copy.barredAt())) {
      path.require(done <= copy.most(), "went on when it might not", information, copy.most());
    }
    if (done > 0) {
      copy.token.used(copy.beganMillis);
    }
    Sense sense = information.sense();
    if (sense != null && sense.asc() == TOKEN_CODE) {
      notCopied(copy.token, copy.operation, sense);
    } else {
      path.require(
          information.status() != RodTokenInformation.STATUS_FAILED || done == 0,
          "failed",
          information);
    }
    int[] written = Arrays.copyOf(copy.blocks, copy.count);
    boolean drops =
        copy.drops && !stopped && information.status() != RodTokenInformation.STATUS_FAILED;
    ended(copy.unit, copy.token, written, (int) done, copy.operation, drops, copy.dropping);
    copy.isOver = true;
  }

  /** From now on this initiator may not write to a logical unit: how far its copies there are. */
  void barred(WireUnit unit, List<CopyStatus> copies) {
    long now = model.begin().begin; // behind the end of whatever bars it
    String volume = unit.volume().name.between(now, now).getFirst().value();
    for (Name name : running()) {
      BackgroundCopy copy = running(name);
      for (CopyStatus each : copies) {
        if (copy != null
            && name.lun == unit.lun()
            && each.state() == CopyStatus.State.RUNNING
            && each.initiator().equals(path.name())
            && each.destination().equals(volume)
            && Long.valueOf(name.list).equals(each.listIdentifier())) {
          long bytes = each.sharedBytes() + each.copiedBytes() + each.zeroedBytes();
          copy.barred(now, bytes / PoolModel.BLOCK);
        }
      }
    }
  }

  private boolean mayBeStopped(BackgroundCopy copy) {
    return path.mightNotDo(copy.unit, true, copy.operation)
        || (copy.token.is(Kind.REFERENCE)
            && path.mightNotDo(copy.token.source.unit(), false, copy.operation));
  }

  /** COPY OPERATION ABORT: when it is answered, the copy has ended. */
  private void abort() throws CutOff {
    List<Name> all = running();
    if (all.isEmpty()) {
      return;
    }
    Name name = all.get(random.nextInt(all.size()));
    WireUnit unit = life.unit(name.lun);
    BackgroundCopy copy = running(name);
    ScsiResponse response = path.send(unit, new Cdb.CopyOperationAbort(name.list), null, null);
    if (copy != null && !isRefused(response)) {
      path.require(
          response.isGood() || is(response, Sense.INVALID_FIELD_IN_CDB), "cannot abort", response);
      copy.isStopped = true; // or had ended
      ask(unit, name);
    }
  }

  /**
   * Uses the name of a copy in the background, which must not do anything as long as it goes on.
   */
  private void useBusyName() throws CutOff {
    List<Name> all = running();
    if (all.isEmpty()) {
      return;
    }
    Name name = all.get(random.nextInt(all.size()));
    WireUnit unit = life.unit(name.lun);
    byte[] rod = new byte[RodToken.LENGTH]; // of no type that there is, nor of the length
    List<int[]> ranges = ranges(unit, 1);
    ByteBuffer list =
        new WriteUsingTokenList(false, false, 0, rod, descriptors(unit, ranges)).encode();
    Cdb cdb = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, name.list, list.capacity());
    ScsiResponse response = path.send(unit, cdb, bytes(list), null);
    if (isRefused(response) || is(response, Sense.OPERATION_IN_PROGRESS)) {
      return;
    }
    path.require(response.status() == ScsiStatus.CHECK_CONDITION, "was not refused", response);
    forget(name); // it had ended, and its result is gone
  }

  /** A copy in the background has ended, and nobody will know how. */
  private void forget(Name name) {
    over(running(name));
    results.remove(name);
  }

  private void over(@Nullable BackgroundCopy copy) {
    if (copy != null) {
      copy.isOver = true;
      model.failed(copy.operation);
      model.failed(copy.dropping);
    }
  }

  /** The target is closed, or gone: nothing goes on. */
  void targetEnded() {
    running().forEach(name -> over(running(name)));
  }

  // What is no token

  /** The token of zeros, which nobody made. */
  private void zero(WireUnit unit) throws CutOff {
    byte[] rod = new byte[RodToken.LENGTH];
    ByteBuffer.wrap(rod).putInt(RodToken.TYPE_ZERO).putShort(6, (short) (RodToken.LENGTH - 8));
    List<int[]> ranges = ranges(unit, MOST_TOKEN_BLOCKS);
    ByteBuffer list =
        new WriteUsingTokenList(false, false, 0, rod, descriptors(unit, ranges)).encode();
    Name asked = reuse(unit);
    int[] all = blocks(ranges);
    Operation operation = model.begin();
    blocks.changeToZeros(unit, all, operation);
    life.counted();
    try {
      Cdb cdb = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, asked.list, list.capacity());
      ScsiResponse response = path.send(unit, cdb, bytes(list), null);
      if (!is(response, Sense.COPY_UNDERRUN)) {
        blocks.end(unit, all, operation, response);
        return;
      }
      int done = count(response); // its time was over
      path.require(0 < done && done < all.length, "got another count", response, all.length);
      blocks.unchanged(unit, Arrays.copyOfRange(all, done, all.length), operation);
      model.succeeded(operation);
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
    ScsiResponse response = path.send(unit, cdb, bytes(list), null);
    if (isRefused(response)) {
      return;
    }
    Sense sense = response.sense();
    path.require(
        response.status() == ScsiStatus.CHECK_CONDITION
            && (!forged || (sense != null && sense.asc() == TOKEN_CODE)),
        "was not refused as it should be",
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
