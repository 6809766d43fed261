package io.gantry.target;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.RodTokenLimits;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.scsi.WriteUsingTokenList;
import io.gantry.store.Extent;
import io.gantry.store.Pool;
import io.gantry.store.Results;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The copy manager of a target: makes tokens, copies from them, and keeps the results until they
 * are asked for (SPC-4 5.17).
 *
 * <p>A result belongs to the I_T nexus, logical unit and list identifier of its command. It can be
 * asked for any number of times, since an answer may get lost, and also by an initiator that
 * reconnects, after a restart of the target as well. It goes when its list identifier is used
 * again, when it is asked for with an allocation length of 0, and when the pool's {@link Results}
 * let go of it.
 */
final class CopyManager {
  /*
   * A command in the foreground (IMMED=0) is carried out by the thread that calls execute. One in
   * the background gets a thread of its own, and is answered when all checks have passed; that it
   * was answered is noted first, so whoever asks for its result never finds none. Making a token
   * takes no time, so its result is there when POPULATE TOKEN is answered, whatever IMMED says.
   *
   * A background copy keeps the logical unit's lock of writers from before the answer to its end. It
   * asks at each step whether its initiator still could write there, and read what the token names
   * if it only names it: a reservation that somebody has taken meanwhile, or protection of the
   * volume, ends it. When the target is closed it ends
   * where it is, and the result says so; after a crash there is no result, as if the command had
   * never come.
   */
  private static final System.Logger LOG = System.getLogger(CopyManager.class.getName());

  private static final int MAX_RANGES = 256;
  private static final long MAX_BYTES = 64L << 30;
  private static final long MAX_INACTIVITY_SECONDS = 24 * 60 * 60;
  private static final long DEFAULT_INACTIVITY_SECONDS = 5 * 60;

  /** Copy operations that run at a time: TOTAL CONCURRENT COPIES of VPD page 8Fh. */
  static final int MOST_COPIES = 256;

  private static final int TOKENS_STEP = 256;
  private static final int RANGES_AT_POPULATE = PopulateTokenList.LAYOUT.sizeBytes();
  private static final int RANGES_AT_WRITE = WriteUsingTokenList.LAYOUT.sizeBytes();

  private final Pool pool;
  private final RodTokens rodTokens;
  private final Results results;
  private final CopyOperations operations;
  private final CopyGovernor governor;
  private volatile CopyOptions options;
  private final FaultSwitches faults;
  private final ExtendedCopies extended;

  CopyManager(
      Pool pool,
      RodTokens rodTokens,
      CopyOperations operations,
      CopyOptions options,
      FaultSwitches faults) {
    this.pool = pool;
    this.rodTokens = rodTokens;
    this.results = pool.results();
    this.operations = operations;
    this.governor = new CopyGovernor(options);
    this.options = options;
    this.faults = faults;
    this.extended = new ExtendedCopies(pool, operations, governor, options);
  }

  /** Copies by other redeemers and another pace from now on. */
  void change(CopyOptions newOptions) {
    options = newOptions;
    governor.change(newOptions);
  }

  /** The limits of VPD page 8Fh for a logical unit with these blocks. */
  static RodTokenLimits limits(int blockBytes) {
    return new RodTokenLimits(
        MAX_RANGES,
        MAX_INACTIVITY_SECONDS,
        DEFAULT_INACTIVITY_SECONDS,
        MAX_BYTES / blockBytes,
        MAX_BYTES / blockBytes);
  }

  /** EXTENDED COPY, which has no tokens. */
  ExtendedCopies extended() {
    return extended;
  }

  private static int action(Command command) {
    return command.serviceAction().orElseThrow();
  }

  /**
   * How an operation ended.
   *
   * @param response the answer to its command, if that waits for it
   * @param result what can be asked for later, if anything
   */
  private record Outcome(
      CopyStatus.State state, ScsiResponse response, @Nullable RodTokenInformation result) {
    /** Before it began: there is no result. */
    static Outcome refused(Sense sense) {
      return new Outcome(CopyStatus.State.FAILED, ScsiResponse.check(sense), null);
    }
  }

  /** A command under way: who asked for it, where it came to, and what of it others can see. */
  private record Job(
      LogicalUnit unit, UnitNexus nexus, Cdb.TokenOperation cdb, CopyOperation operation) {
    Volume volume() {
      return unit.volume();
    }
  }

  /** POPULATE TOKEN and WRITE USING TOKEN. */
  ScsiResponse execute(
      LogicalUnit unit, UnitNexus nexus, Cdb.TokenOperation c, ScsiRequest request) {
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    if (operations.count() >= MOST_COPIES) {
      return new ScsiResponse(ScsiStatus.TASK_SET_FULL, null, 0);
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
    CopyOperation operation =
        operations.begin(
            nexus.nexus(), unit.volume(), OptionalInt.of(c.listIdentifier()), c.command());
    if (operation == null) {
      return ScsiResponse.check(Sense.OPERATION_IN_PROGRESS);
    }
    operation.request(request);
    Job job = new Job(unit, nexus, c, operation);
    Outcome outcome = null;
    try {
      faults.delay(operation, unit.volume(), options.ticker());
      CopyOperation.Name name = name(job);
      results.reuse(name.owner(), name.number());
      outcome = c.command() == Command.POPULATE_TOKEN ? populate(job, list) : write(job, list);
      ScsiResponse response =
          outcome == null ? ScsiResponse.good(0) : outcome.response; // null: in the background now
      return new ScsiResponse(response.status(), response.sense(), list.remaining());
    } catch (IOException e) {
      outcome = failed(job, e);
      return outcome.response;
    } finally {
      if (outcome != null || !operation.isBackground()) {
        end(job, outcome);
      }
    }
  }

  private static CopyOperation.Name name(Job job) {
    return new CopyOperation.Name(job.nexus.nexus(), job.volume().id(), job.cdb.listIdentifier());
  }

  /** The last thing that happens to an operation: its result can be asked for from now on. */
  private void end(Job job, @Nullable Outcome outcome) {
    if (outcome == null) {
      job.operation.end(CopyStatus.State.FAILED, "the target failed"); // there is an exception
      return;
    }
    if (outcome.result != null) {
      CopyOperation.Name name = name(job);
      results.keep(name.owner(), name.number(), outcome.result.encode());
    }
    job.operation.ends(outcome.response.sense());
    String stopped = job.operation.whyStopped();
    String told = outcome.response.isGood() ? "" : outcome.response.describe();
    job.operation.end(outcome.state, stopped == null ? told : stopped);
  }

  /** What the pool could not do. Windows asks for the result before it believes the sense. */
  private static Outcome failed(Job job, IOException e) {
    return failed(job, LogicalUnit.sense(job.cdb, job.volume(), e));
  }

  private static Outcome failed(Job job, Sense sense) {
    return new Outcome(
        CopyStatus.State.FAILED,
        ScsiResponse.check(sense),
        result(job, RodTokenInformation.STATUS_FAILED, ScsiStatus.CHECK_CONDITION, 0, sense, null));
  }

  private static RodTokenInformation result(
      Job job,
      int status,
      ScsiStatus completion,
      long blocks,
      @Nullable Sense sense,
      byte @Nullable [] token) {
    return new RodTokenInformation(
        action(job.cdb.command()), status, completion.code(), blocks, sense, token);
  }

  // POPULATE TOKEN

  private Outcome populate(Job job, ByteBuffer list) throws IOException {
    return switch (PopulateTokenList.decode(list)) {
      case Decoded.Invalid<PopulateTokenList>(Sense sense) -> Outcome.refused(sense);
      case Decoded.Valid<PopulateTokenList>(PopulateTokenList valid) -> populate(job, valid);
    };
  }

  private Outcome populate(Job job, PopulateTokenList list) throws IOException {
    Volume volume = job.volume();
    int blockBytes = volume.blockBytes();
    long wanted = BlockRange.totalBlocks(list.ranges());
    job.operation.plan(volume.name(), "a token", wanted * blockBytes);
    if (list.inactivityTimeoutSeconds() > MAX_INACTIVITY_SECONDS) {
      return Outcome.refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(4));
    }
    Token.Terms terms = terms(list, job.nexus.reach().initiator());
    if (terms == null) {
      return Outcome.refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(8));
    }
    Sense refusal = refuse(volume, list.ranges(), RANGES_AT_POPULATE);
    if (refusal != null) {
      return Outcome.refused(refusal);
    }
    long blocks = Math.min(wanted, faults.of(volume).truncateBlocks().orElse(wanted));
    Token token =
        pool.freeze(volume, extents(list.ranges(), blocks, blockBytes), terms).orElse(null);
    if (token == null) {
      return Outcome.refused(Sense.INSUFFICIENT_RESOURCES_TO_CREATE_ROD_TOKEN);
    }
    byte[] rodToken = rodTokens.encode(token);
    if (blocks == wanted) {
      return new Outcome(
          CopyStatus.State.COMPLETED,
          ScsiResponse.good(0),
          result(
              job, RodTokenInformation.STATUS_COMPLETED, ScsiStatus.GOOD, blocks, null, rodToken));
    }
    return new Outcome(
        CopyStatus.State.PARTIAL,
        ScsiResponse.good(0),
        result(
            job,
            RodTokenInformation.STATUS_COMPLETED_PARTIALLY,
            ScsiStatus.CHECK_CONDITION,
            blocks,
            Sense.COPY_UNDERRUN.withInformation(blocks),
            rodToken));
  }

  /** What a token is to be; null if the type asked for is none that can be made. */
  private static Token.@Nullable Terms terms(PopulateTokenList list, String owner) {
    long seconds =
        list.inactivityTimeoutSeconds() == 0
            ? DEFAULT_INACTIVITY_SECONDS
            : list.inactivityTimeoutSeconds();
    Token.Terms terms = Token.Terms.idle(seconds * 1000).ofOwner(owner);
    return switch (list.rodType().orElse(RodToken.TYPE_POINT_IN_TIME)) {
      case RodToken.TYPE_POINT_IN_TIME -> terms;
      // Of the types of a point in time, persistent is to be preferred (SPC-4 5.17.6.2).
      case RodToken.TYPE_POINT_IN_TIME_PERSISTENT, RodToken.TYPE_POINT_IN_TIME_ANY ->
          terms.asPersistent();
      case RodToken.TYPE_POINT_IN_TIME_CHANGE_VULNERABLE ->
          terms.withKind(Token.Kind.CHANGE_VULNERABLE);
      case RodToken.TYPE_ACCESS_UPON_REFERENCE -> terms.withKind(Token.Kind.REFERENCE);
      default -> null;
    };
  }

  private static List<Extent> extents(List<BlockRange> ranges, long mostBlocks, int blockBytes) {
    List<Extent> extents = new ArrayList<>();
    long left = mostBlocks;
    for (BlockRange range : ranges) {
      long blocks = Math.min(range.blocks(), left);
      extents.add(new Extent(range.lba() * blockBytes, blocks * blockBytes));
      left -= blocks;
    }
    return extents;
  }

  /**
   * Why ranges cannot be used, or null.
   *
   * @param position of the first descriptor in the parameter list
   */
  private static @Nullable Sense refuse(Volume volume, List<BlockRange> ranges, int position) {
    if (ranges.size() > MAX_RANGES) {
      return Sense.TOO_MANY_SEGMENT_DESCRIPTORS;
    }
    long blocks = volume.sizeBytes() / volume.blockBytes();
    for (BlockRange range : ranges) {
      if (Long.compareUnsigned(range.lba(), blocks) > 0 || range.blocks() > blocks - range.lba()) {
        return Sense.LBA_OUT_OF_RANGE;
      }
    }
    List<Integer> byLba =
        IntStream.range(0, ranges.size())
            .filter(i -> ranges.get(i).blocks() > 0)
            .boxed()
            .sorted(Comparator.comparingLong(i -> ranges.get(i).lba()))
            .toList();
    for (int i = 1; i < byLba.size(); i++) {
      BlockRange before = ranges.get(byLba.get(i - 1));
      if (before.lba() + before.blocks() > ranges.get(byLba.get(i)).lba()) {
        return at(position, Math.max(byLba.get(i - 1), byLba.get(i)));
      }
    }
    long left = MAX_BYTES / volume.blockBytes();
    for (int i = 0; i < ranges.size(); i++) {
      left -= ranges.get(i).blocks();
      if (left < 0) {
        return at(position, i);
      }
    }
    return null;
  }

  private static Sense at(int position, int descriptor) {
    return Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(
        position + descriptor * BlockRange.DESCRIPTOR_LENGTH);
  }

  // WRITE USING TOKEN

  private @Nullable Outcome write(Job job, ByteBuffer list) throws IOException {
    return switch (WriteUsingTokenList.decode(list)) {
      case Decoded.Invalid<WriteUsingTokenList>(Sense sense) -> Outcome.refused(sense);
      case Decoded.Valid<WriteUsingTokenList>(WriteUsingTokenList valid) -> write(job, valid);
    };
  }

  /** Checks, and copies; null if the copy goes on in the background. */
  private @Nullable Outcome write(Job job, WriteUsingTokenList list) throws IOException {
    Volume volume = job.volume();
    long bytes = BlockRange.totalBlocks(list.ranges()) * volume.blockBytes();
    job.operation.plan("", volume.name(), bytes);
    Sense refusal = refuse(volume, list.ranges(), RANGES_AT_WRITE);
    if (refusal != null) {
      return Outcome.refused(refusal);
    }
    Token token;
    switch (resolve(job.nexus, list.token())) {
      case RodTokens.Resolved.Refused(Sense sense) -> {
        return Outcome.refused(sense);
      }
      case RodTokens.Resolved.Zero() -> {
        token = null;
        job.operation.plan("zeros", volume.name(), bytes);
      }
      case RodTokens.Resolved.Live(Token live) -> {
        token = live;
        String source =
            pool.volume(live.volumeId()).map(Volume::name).orElse("a volume that is gone");
        job.operation.plan(source, volume.name(), bytes);
        long tokenBlocks = Math.ceilDiv(live.lengthBytes(), volume.blockBytes());
        if (Long.compareUnsigned(list.offsetBlocks(), tokenBlocks) >= 0) {
          return Outcome.refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(8));
        }
      }
    }
    if (!list.immediate()) {
      return copy(job, list, token);
    }
    inBackground(job, list, token);
    return null;
  }

  /** What a ROD token stands for, for one who wants to copy from it. */
  private RodTokens.Resolved resolve(UnitNexus nexus, byte[] rodToken) {
    RodTokens.Resolved resolved = rodTokens.resolve(rodToken);
    if (!(resolved instanceof RodTokens.Resolved.Live(Token token))) {
      return resolved;
    }
    Volume source = pool.volume(token.volumeId()).orElse(null);
    if (source != null && faults.of(source).expireTokens()) {
      pool.end(token, Token.End.EXPIRED);
      return new RodTokens.Resolved.Refused(Sense.TOKEN_EXPIRED);
    }
    if (options.redeemers() == CopyOptions.Redeemers.CREATOR
        && !token.terms().owner().equals(nexus.reach().initiator())) {
      return new RodTokens.Resolved.Refused(Sense.INVALID_TOKEN_OPERATION);
    }
    if (token.terms().kind() != Token.Kind.REFERENCE) {
      return resolved; // who made it had the right to read, and it holds what he could read
    }
    return switch (nexus.reach().reach(token.volumeId(), false)) {
      case CopyReach.Reached.Open _ -> resolved;
      case CopyReach.Reached.Absent _ ->
          new RodTokens.Resolved.Refused(Sense.INVALID_TOKEN_OPERATION);
      case CopyReach.Reached.Conflict _, CopyReach.Reached.Refused _ ->
          new RodTokens.Resolved.Refused(Sense.THIRD_PARTY_DEVICE_FAILURE);
    };
  }

  private void inBackground(Job job, WriteUsingTokenList list, @Nullable Token token) {
    Runnable letGo = job.unit.holdWriting();
    job.operation.toBackground();
    options
        .threads()
        .newThread(() -> {
          Outcome outcome = null;
          try {
            outcome = copy(job, list, token);
          } catch (IOException e) {
            outcome = failed(job, e);
          } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a copy to " + job.volume().name() + " failed", e);
          } finally {
            letGo.run();
            end(job, outcome);
          }
        })
        .start();
  }

  private Outcome copy(Job job, WriteUsingTokenList list, @Nullable Token token)
      throws IOException {
    CopyOperation operation = job.operation;
    Volume volume = job.volume();
    long most = faults.of(volume).truncateBlocks().orElse(Long.MAX_VALUE);
    TokenWrite copy = new TokenWrite(pool, token, list, volume, most);
    long blocks;
    try (CopyGovernor.Pace pace = governor.pace(operation, () -> mayGoOn(job, token))) {
      blocks = copy.run(pace);
      MoveReason moved = pace.moveReason();
      if (moved != null) {
        operation.notOffloaded(moved, pool.chunkBytes());
      }
    }
    if (blocks > 0 && job.unit.writesThrough()) {
      pool.flush(); // also if they are not all: the initiator will go on behind them
    }
    if (operation.isStopped()) {
      return new Outcome(
          CopyStatus.State.ABORTED,
          ScsiResponse.check(Sense.COMMANDS_CLEARED_BY_DEVICE_SERVER),
          result(
              job,
              RodTokenInformation.STATUS_TERMINATED,
              ScsiStatus.TASK_ABORTED,
              blocks,
              null,
              null));
    }
    long wanted = BlockRange.totalBlocks(list.ranges());
    if (blocks == 0
        && wanted > 0
        && rodTokens.resolve(list.token()) instanceof RodTokens.Resolved.Refused r) {
      return failed(job, r.sense()); // it ended a moment ago
    }
    if (list.deleteToken() && token != null && copy.isExhausted()) {
      pool.end(token, Token.End.DELETED); // one that has more is needed to go on
    }
    return written(job, blocks, wanted);
  }

  /** A command that is being carried out was let in; one that was answered has to ask. */
  private static boolean mayGoOn(Job job, @Nullable Token token) {
    if (!job.operation.isBackground()) {
      return true;
    }
    CopyReach reach = job.nexus.reach();
    return reach.reach(job.volume().id(), true) instanceof CopyReach.Reached.Open
        && (token == null
            || token.terms().kind() != Token.Kind.REFERENCE
            || reach.reach(token.volumeId(), false) instanceof CopyReach.Reached.Open);
  }

  private static Outcome written(Job job, long blocks, long wanted) {
    if (blocks == wanted) {
      return new Outcome(
          CopyStatus.State.COMPLETED,
          ScsiResponse.good(0),
          result(job, RodTokenInformation.STATUS_COMPLETED, ScsiStatus.GOOD, blocks, null, null));
    }
    Sense sense =
        blocks == 0
            ? Sense.COPY_UNDERRUN_NOTHING_COPIED.withInformation(0)
            : Sense.COPY_UNDERRUN.withInformation(blocks);
    return new Outcome(
        blocks == 0 ? CopyStatus.State.FAILED : CopyStatus.State.PARTIAL,
        ScsiResponse.check(sense),
        result(
            job,
            blocks == 0
                ? RodTokenInformation.STATUS_FAILED
                : RodTokenInformation.STATUS_COMPLETED_PARTIALLY,
            ScsiStatus.CHECK_CONDITION,
            blocks,
            sense,
            null));
  }

  // What others ask

  /** RECEIVE ROD TOKEN INFORMATION. */
  CompletableFuture<ScsiResponse> receiveInformation(
      Nexus nexus, Volume volume, Cdb.ReceiveRodTokenInformation c, ScsiRequest request) {
    CompletableFuture<ScsiResponse> lost = faults.lose(volume, request);
    if (lost != null) {
      return lost;
    }
    CopyOperation.Name name = new CopyOperation.Name(nexus, volume.id(), c.listIdentifier());
    CopyOperation running = operations.running(name);
    byte[] result =
        running == null
            ? results.find(name.owner(), name.number()).orElse(null)
            : running.progress(volume.blockBytes());
    if (result == null) {
      return UnitBlocks.refused(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    if (c.allocation() == 0 && running == null) {
      results.drop(name.owner(), name.number());
    }
    faults.of(volume).status().ifPresent(status -> result[5] = (byte) status);
    return UnitBlocks.done(CommandData.answer(request, c.allocation(), result));
  }

  /** COPY OPERATION ABORT: answered when the operation has ended. */
  CompletableFuture<ScsiResponse> abort(Nexus nexus, Volume volume, Cdb.CopyOperationAbort c) {
    CopyOperation running =
        operations.running(new CopyOperation.Name(nexus, volume.id(), c.listIdentifier()));
    if (running == null) {
      return UnitBlocks.refused(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    running.stop("stopped by COPY OPERATION ABORT");
    return running.ended().thenApply(_ -> ScsiResponse.good(0));
  }

  /**
   * REPORT ALL ROD TOKENS: those of volumes that are there for the initiator, and of volumes that
   * are gone.
   */
  ScsiResponse reportTokens(UnitNexus nexus, Cdb.ReportAllRodTokens c, ScsiRequest request) {
    long room = Integer.toUnsignedLong(c.allocation());
    Map<Integer, Boolean> visible = new HashMap<>();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[8]);
    long count = 0;
    List<Token> some = pool.tokens(0, TOKENS_STEP);
    while (!some.isEmpty()) {
      for (Token token : some) {
        boolean shown =
            visible.computeIfAbsent(
                    token.volumeId(),
                    id ->
                        pool.volume(id).isEmpty()
                            || !(nexus.reach().reach(id, false)
                                instanceof CopyReach.Reached.Absent))
                && rodTokens.isValid(token);
        if (shown) {
          count++;
          if (out.size() < room) {
            out.writeBytes(rodTokens.management(token));
          }
        }
      }
      some = pool.tokens(some.getLast().serial() + 1, TOKENS_STEP);
    }
    byte[] data = out.toByteArray();
    ByteBuffer.wrap(data).putInt((int) (4 + count * RodToken.MANAGEMENT_LENGTH));
    return CommandData.answer(request, c.allocation(), data);
  }

  /**
   * Ends copies to a volume that go on in the background; completes when they have ended.
   *
   * @param initiatorPorts whose
   */
  CompletableFuture<Void> stopBackground(
      Volume volume, Predicate<String> initiatorPorts, String reason) {
    return operations.stop(
        operation ->
            operation.isBackground()
                && operation.volume() == volume.id()
                && initiatorPorts.test(operation.nexus().initiatorPort()),
        reason);
  }

  /** Ends all copies where they are, and waits until they have. */
  void stopAll() {
    operations.stop(_ -> true, "the target was closed").join();
  }
}
