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
import io.gantry.store.CopyResult;
import io.gantry.store.Extent;
import io.gantry.store.NoSpaceException;
import io.gantry.store.Pool;
import io.gantry.store.Results;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
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
  private static final int MAX_RANGES = 256;
  private static final long MAX_BYTES = 64L << 30;
  private static final long MAX_INACTIVITY_SECONDS = 24 * 60 * 60;
  private static final long DEFAULT_INACTIVITY_SECONDS = 5 * 60;

  private final Pool pool;
  private final RodTokens rodTokens;
  private final Results results;

  /** Service actions of the operations that run. */
  private final Map<OperationId, Integer> running = new ConcurrentHashMap<>();

  private final LongAdder tokens = new LongAdder();
  private final LongAdder copies = new LongAdder();
  private final LongAdder sharedBytes = new LongAdder();
  private final LongAdder copiedBytes = new LongAdder();
  private final LongAdder zeroedBytes = new LongAdder();

  /** What names an operation. */
  private record OperationId(Nexus nexus, int volume, int listIdentifier) {
    /** The owner of its result. */
    String owner() {
      return nexus.initiatorPort() + ' ' + nexus.targetPort();
    }

    /** What names its result among those of the owner. */
    long number() {
      return (long) volume << 32 | Integer.toUnsignedLong(listIdentifier);
    }
  }

  CopyManager(Pool pool, RodTokens rodTokens) {
    this.pool = pool;
    this.rodTokens = rodTokens;
    this.results = pool.results();
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

  CopyStatistics statistics() {
    return new CopyStatistics(
        tokens.sum(), copies.sum(), sharedBytes.sum(), copiedBytes.sum(), zeroedBytes.sum());
  }

  private static int action(Command command) {
    return command.serviceAction().orElseThrow();
  }

  /** How an operation ended: the answer to its command, and its result if there is one. */
  private record Outcome(ScsiResponse response, @Nullable RodTokenInformation result) {
    static Outcome refused(Sense sense) {
      return new Outcome(ScsiResponse.check(sense), null);
    }
  }

  /** POPULATE TOKEN and WRITE USING TOKEN. */
  ScsiResponse execute(Nexus nexus, Volume volume, Cdb.TokenOperation c, ScsiRequest request) {
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
    OperationId id = new OperationId(nexus, volume.id(), c.listIdentifier());
    if (running.putIfAbsent(id, action(c.command())) != null) {
      return ScsiResponse.check(Sense.OPERATION_IN_PROGRESS);
    }
    RodTokenInformation result = null;
    try {
      results.reuse(id.owner(), id.number());
      Outcome outcome =
          c.command() == Command.POPULATE_TOKEN ? populate(volume, list) : write(volume, list);
      result = outcome.result;
      ScsiResponse response = outcome.response;
      return new ScsiResponse(response.status(), response.sense(), list.remaining());
    } catch (IOException e) {
      // Windows asks for the result before it believes the sense.
      Sense sense = LogicalUnit.sense(c, volume, e);
      result = failed(c.command(), sense);
      return ScsiResponse.check(sense);
    } finally {
      if (result != null) {
        results.keep(id.owner(), id.number(), result.encode());
      }
      running.remove(id);
    }
  }

  private Outcome populate(Volume volume, ByteBuffer list) throws IOException {
    return switch (PopulateTokenList.decode(list)) {
      case Decoded.Invalid<PopulateTokenList>(Sense sense) -> Outcome.refused(sense);
      case Decoded.Valid<PopulateTokenList>(PopulateTokenList valid) -> populate(volume, valid);
    };
  }

  private Outcome populate(Volume volume, PopulateTokenList list) throws IOException {
    Sense refusal = refuse(volume, list);
    if (refusal != null) {
      return Outcome.refused(refusal);
    }
    int blockBytes = volume.blockBytes();
    List<Extent> extents =
        list.ranges().stream()
            .map(range -> new Extent(range.lba() * blockBytes, range.blocks() * blockBytes))
            .toList();
    long seconds =
        list.inactivityTimeoutSeconds() == 0
            ? DEFAULT_INACTIVITY_SECONDS
            : list.inactivityTimeoutSeconds();
    Optional<Token> token = pool.freeze(volume, extents, seconds * 1000);
    if (token.isEmpty()) {
      return Outcome.refused(Sense.INSUFFICIENT_RESOURCES_TO_CREATE_ROD_TOKEN);
    }
    tokens.increment();
    byte[] rodToken = rodTokens.encode(token.get(), id -> VitalProductData.naa(pool.id(), id));
    return new Outcome(
        ScsiResponse.good(0),
        new RodTokenInformation(
            action(Command.POPULATE_TOKEN),
            RodTokenInformation.STATUS_COMPLETED,
            ScsiStatus.GOOD.code(),
            BlockRange.totalBlocks(list.ranges()),
            null,
            rodToken));
  }

  private static @Nullable Sense refuse(Volume volume, PopulateTokenList list) {
    if (list.immediate()) {
      // Background operations need COPY OPERATION ABORT and RECEIVE COPY STATUS beside them.
      return Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(2);
    }
    if (list.inactivityTimeoutSeconds() > MAX_INACTIVITY_SECONDS) {
      return Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(4);
    }
    int type = list.rodType().orElse(RodToken.TYPE_POINT_IN_TIME_ANY);
    if (type != RodToken.TYPE_POINT_IN_TIME && type != RodToken.TYPE_POINT_IN_TIME_ANY) {
      return Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(8);
    }
    return refuse(volume, list.ranges(), PopulateTokenList.LAYOUT.sizeBytes());
  }

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
    List<BlockRange> sorted =
        ranges.stream()
            .filter(range -> range.blocks() > 0)
            .sorted(Comparator.comparingLong(BlockRange::lba))
            .toList();
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i - 1).lba() + sorted.get(i - 1).blocks() > sorted.get(i).lba()) {
        return Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(position);
      }
    }
    if (BlockRange.totalBlocks(ranges) > MAX_BYTES / volume.blockBytes()) {
      return Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(position);
    }
    return null;
  }

  private Outcome write(Volume volume, ByteBuffer list) throws IOException {
    return switch (WriteUsingTokenList.decode(list)) {
      case Decoded.Invalid<WriteUsingTokenList>(Sense sense) -> Outcome.refused(sense);
      case Decoded.Valid<WriteUsingTokenList>(WriteUsingTokenList valid) -> write(volume, valid);
    };
  }

  private Outcome write(Volume volume, WriteUsingTokenList list) throws IOException {
    if (list.immediate()) {
      return Outcome.refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(2));
    }
    Sense refusal = refuse(volume, list.ranges(), WriteUsingTokenList.LAYOUT.sizeBytes());
    if (refusal != null) {
      return Outcome.refused(refusal);
    }
    return switch (rodTokens.resolve(list.token())) {
      case RodTokens.Resolved.Refused(Sense sense) -> Outcome.refused(sense);
      case RodTokens.Resolved.Zero() -> {
        for (BlockRange range : list.ranges()) {
          long length = range.blocks() * volume.blockBytes();
          volume.zero(range.lba() * volume.blockBytes(), length);
          zeroedBytes.add(length);
        }
        copies.increment();
        yield written(BlockRange.totalBlocks(list.ranges()), list.ranges());
      }
      case RodTokens.Resolved.Live(Token token) -> {
        long tokenBlocks = Math.ceilDiv(token.lengthBytes(), volume.blockBytes());
        if (Long.compareUnsigned(list.offsetBlocks(), tokenBlocks) >= 0) {
          yield Outcome.refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(8));
        }
        copies.increment();
        long blocks = copy(token, list, volume);
        if (blocks == 0
            && rodTokens.resolve(list.token()) instanceof RodTokens.Resolved.Refused r) {
          yield Outcome.refused(r.sense()); // it ended a moment ago
        }
        if (list.deleteToken()) {
          pool.end(token, Token.End.DELETED);
        }
        yield written(blocks, list.ranges());
      }
    };
  }

  /** Copies what the token has; whole blocks done, counted from the first without a gap. */
  private long copy(Token token, WriteUsingTokenList list, Volume volume) throws IOException {
    long blockBytes = volume.blockBytes();
    long offset = list.offsetBlocks() * blockBytes;
    long done = 0;
    for (BlockRange range : list.ranges()) {
      long wanted = range.blocks() * blockBytes;
      long available = Math.clamp(token.lengthBytes() - offset, 0, wanted);
      long copied;
      try {
        copied = copy(token, offset, volume, range.lba() * blockBytes, available);
      } catch (NoSpaceException e) {
        if (done == 0) {
          throw e;
        }
        break;
      }
      done += copied;
      offset += copied;
      if (copied < wanted) {
        break;
      }
    }
    return done / blockBytes;
  }

  private long copy(Token token, long offset, Volume volume, long start, long length)
      throws IOException {
    CopyResult result = pool.copy(token, offset, volume, start, length);
    sharedBytes.add(result.sharedBytes());
    copiedBytes.add(result.copiedBytes());
    zeroedBytes.add(result.zeroedBytes());
    long ragged = length % volume.blockBytes();
    if (ragged == 0 || result.totalBytes() < length) {
      return result.totalBytes();
    }
    // The token ends within a block of the destination: zeros complete it (SBC-4).
    long rest = volume.blockBytes() - ragged;
    volume.zero(start + length, rest);
    return length + rest;
  }

  private static Outcome written(long blocks, List<BlockRange> ranges) {
    int action = action(Command.WRITE_USING_TOKEN);
    if (blocks == BlockRange.totalBlocks(ranges)) {
      return new Outcome(
          ScsiResponse.good(0),
          new RodTokenInformation(
              action,
              RodTokenInformation.STATUS_COMPLETED,
              ScsiStatus.GOOD.code(),
              blocks,
              null,
              null));
    }
    Sense sense =
        blocks == 0
            ? Sense.COPY_UNDERRUN_NOTHING_COPIED
            : Sense.COPY_UNDERRUN.withInformation(blocks);
    return new Outcome(
        ScsiResponse.check(sense),
        new RodTokenInformation(
            action,
            blocks == 0
                ? RodTokenInformation.STATUS_FAILED
                : RodTokenInformation.STATUS_COMPLETED_PARTIALLY,
            ScsiStatus.CHECK_CONDITION.code(),
            blocks,
            sense,
            null));
  }

  private static RodTokenInformation failed(Command command, Sense sense) {
    return new RodTokenInformation(
        action(command),
        RodTokenInformation.STATUS_FAILED,
        ScsiStatus.CHECK_CONDITION.code(),
        0,
        sense,
        null);
  }

  /** RECEIVE ROD TOKEN INFORMATION. */
  ScsiResponse receiveInformation(
      Nexus nexus, Volume volume, Cdb.ReceiveRodTokenInformation c, ScsiRequest request) {
    OperationId id = new OperationId(nexus, volume.id(), c.listIdentifier());
    Integer action = running.get(id);
    byte[] result =
        action == null
            ? results.find(id.owner(), id.number()).orElse(null)
            : new RodTokenInformation(
                    action, RodTokenInformation.STATUS_IN_PROGRESS, 0, 0, null, null)
                .encode();
    if (result == null) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    if (c.allocation() == 0 && action == null) {
      results.drop(id.owner(), id.number());
    }
    return CommandData.answer(request, c.allocation(), result);
  }
}
