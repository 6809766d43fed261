package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.CopyCommandStatus;
import io.gantry.scsi.CopyFailureDetails;
import io.gantry.scsi.CopyOperatingParameters;
import io.gantry.scsi.CopySegment;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.ExtendedCopyList;
import io.gantry.scsi.Ipv4CscdDescriptor;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Results;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * EXTENDED COPY, both formats, and the commands that ask for what has come of a copy operation.
 *
 * <p>No data are held for initiators, and there are no tapes, tokens or inline data in the lists.
 * PRIORITY and STR are taken and change nothing: a copy that shares pages is done before it could
 * be overtaken. Results are kept whether their list identifier promises to ask for them or not
 * (LIST ID USAGE 00b and 10b), and as long as those of the token commands.
 */
final class ExtendedCopies {
  private static final System.Logger LOG = System.getLogger(ExtendedCopies.class.getName());

  /** What EXTENDED COPY may ask; VPD page 8Fh says the same. */
  static final CopyOperatingParameters PARAMETERS =
      new CopyOperatingParameters(
          true,
          64,
          256,
          8192,
          0, // a segment may be as long as its descriptor can say
          0,
          0,
          CopyManager.MOST_COPIES,
          255,
          0,
          List.of(
              CopySegment.Blocks.TYPE,
              CopySegment.Verify.TYPE,
              CopySegment.Bytes.TYPE,
              CopySegment.RegisterKey.TYPE,
              CopySegment.Image.TYPE,
              CscdDescriptor.TYPE,
              Ipv4CscdDescriptor.TYPE));

  /** Bytes behind the sense data that only RECEIVE ROD TOKEN INFORMATION and held data have. */
  private static final int TAIL_LENGTH = 4;

  private final Pool pool;
  private final Results results;
  private final CopyOperations operations;
  private final CopyGovernor governor;
  private final CopyOptions options;

  ExtendedCopies(Pool pool, CopyOperations operations, CopyGovernor governor, CopyOptions options) {
    this.pool = pool;
    this.results = pool.results();
    this.operations = operations;
    this.governor = governor;
    this.options = options;
  }

  /** A command under way. */
  private record Job(CopyReach.Place here, ExtendedCopyList list, CopyOperation operation) {}

  /** How one ended: the answer to its command, and what can be asked for later. */
  private record Outcome(
      CopyStatus.State state, ScsiResponse response, RodTokenInformation result) {}

  /**
   * EXTENDED COPY.
   *
   * @param here the logical unit that it came to, and the nexus that it came by
   */
  ScsiResponse execute(CopyReach.Place here, Cdb.ExtendedCopy c, ScsiRequest request) {
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    ByteBuffer bytes = CommandData.parameterList(request, c.parameterListLength());
    ExtendedCopyList.Format format =
        c.command() == Command.EXTENDED_COPY_LID1
            ? ExtendedCopyList.Format.LID1
            : ExtendedCopyList.Format.LID4;
    return switch (ExtendedCopyList.decode(format, bytes, PARAMETERS)) {
      case Decoded.Invalid<ExtendedCopyList>(Sense sense) -> ScsiResponse.check(sense);
      case Decoded.Valid<ExtendedCopyList>(ExtendedCopyList list) ->
          begin(here, c, list, request, bytes.remaining());
    };
  }

  private ScsiResponse begin(
      CopyReach.Place here,
      Cdb.ExtendedCopy c,
      ExtendedCopyList list,
      ScsiRequest request,
      int length) {
    if (operations.count() >= CopyManager.MOST_COPIES) {
      return new ScsiResponse(ScsiStatus.TASK_SET_FULL, null, 0);
    }
    OptionalInt identifier =
        list.usage() == ExtendedCopyList.Usage.NONE
            ? OptionalInt.empty()
            : OptionalInt.of(list.listIdentifier());
    CopyOperation operation =
        operations.begin(here.nexus().nexus(), here.volume(), identifier, c.command());
    if (operation == null) {
      return ScsiResponse.check(Sense.OPERATION_IN_PROGRESS);
    }
    Job job = new Job(here, list, operation);
    operation.request(request);
    Outcome outcome = null;
    try {
      CopyOperation.Name name = operation.name();
      if (name != null) {
        results.reuse(name.owner(), name.number());
      }
      ExtendedCopy copy = new ExtendedCopy(pool, here, list, operation);
      copy.plan();
      if (list.immediate()) {
        inBackground(job, copy);
        return ScsiResponse.good(length);
      }
      outcome = run(job, copy);
      ScsiResponse response = outcome.response;
      return new ScsiResponse(response.status(), response.sense(), length);
    } catch (IOException e) {
      // Nothing was done: the loss of an earlier result could not be made durable.
      return ScsiResponse.check(LogicalUnit.sense(c, here.volume(), e));
    } finally {
      if (outcome != null || !operation.isBackground()) {
        end(job, outcome);
      }
    }
  }

  private void inBackground(Job job, ExtendedCopy copy) {
    job.operation.toBackground();
    options
        .threads()
        .newThread(() -> {
          Outcome outcome = null;
          try {
            outcome = run(job, copy);
          } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a copy in the background failed", e);
          } finally {
            end(job, outcome);
          }
        })
        .start();
  }

  private Outcome run(Job job, ExtendedCopy copy) {
    CopyOperation operation = job.operation;
    Sense sense;
    try (CopyGovernor.Pace pace = governor.pace(operation, copy::mayGoOn)) {
      sense = copy.run(pace);
      MoveReason moved = pace.moveReason();
      if (moved != null) {
        operation.notOffloaded(moved, pool.chunkBytes());
      }
    }
    boolean stopped = sense != null && operation.isStopped();
    int status =
        stopped
            ? RodTokenInformation.STATUS_TERMINATED
            : sense == null
                ? RodTokenInformation.STATUS_COMPLETED
                : RodTokenInformation.STATUS_FAILED;
    ScsiStatus completion =
        stopped
            ? ScsiStatus.TASK_ABORTED
            : sense == null ? ScsiStatus.GOOD : ScsiStatus.CHECK_CONDITION;
    return new Outcome(
        stopped
            ? CopyStatus.State.ABORTED
            : sense == null ? CopyStatus.State.COMPLETED : CopyStatus.State.FAILED,
        sense == null ? good(job.list) : ScsiResponse.check(sense),
        new RodTokenInformation(
            operation.action(),
            status,
            completion.code(),
            copy.transferredBytes(),
            copy.segments(),
            stopped ? null : sense,
            null));
  }

  private static ScsiResponse good(ExtendedCopyList list) {
    return list.senseWithGood()
        ? new ScsiResponse(
            ScsiStatus.GOOD,
            Sense.EXTENDED_COPY_INFORMATION_AVAILABLE.inSegment(list.segments().size()),
            0)
        : ScsiResponse.good(0);
  }

  private void end(Job job, @Nullable Outcome outcome) {
    if (outcome == null) {
      job.operation.end(CopyStatus.State.FAILED, "the target failed");
      return;
    }
    CopyOperation.Name name = job.operation.name();
    if (name != null) {
      results.keep(name.owner(), name.number(), outcome.result.encode());
    }
    job.operation.ends(outcome.response.sense());
    String stopped = job.operation.whyStopped();
    String told = outcome.response.isGood() ? "" : outcome.response.describe();
    job.operation.end(outcome.state, stopped == null ? told : stopped);
  }

  // What has come of it

  /** RECEIVE COPY STATUS, DATA, OPERATING PARAMETERS and FAILURE DETAILS. */
  ScsiResponse receive(Nexus nexus, Volume volume, Cdb.ReceiveCopyResults c, ScsiRequest request) {
    if (c.command() == Command.RECEIVE_COPY_OPERATING_PARAMETERS) {
      return CommandData.answer(request, c.allocation(), PARAMETERS.encode());
    }
    CopyOperation.Name name = new CopyOperation.Name(nexus, volume.id(), c.listIdentifier());
    CopyOperation running = operations.running(name);
    byte[] kept =
        running == null
            ? results.find(name.owner(), name.number()).orElse(null)
            : running.progress(volume.blockBytes());
    if (kept == null) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    RodTokenInformation known = RodTokenInformation.decode(ByteBuffer.wrap(kept));
    if (known == null) {
      throw new IllegalStateException("a result of %d bytes".formatted(kept.length));
    }
    byte[] answer =
        switch (c.command()) {
          case RECEIVE_COPY_STATUS_LID1 -> CopyCommandStatus.of(known).encode();
          case RECEIVE_COPY_FAILURE_DETAILS_LID1 -> details(known, running == null);
          case RECEIVE_COPY_STATUS_LID4 -> withoutToken(kept, known, 0);
          case RECEIVE_COPY_DATA_LID4 -> withoutToken(kept, known, TAIL_LENGTH);
          default -> null; // RECEIVE COPY DATA(LID1): no data are held
        };
    if (answer == null) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    if (c.command() == Command.RECEIVE_COPY_FAILURE_DETAILS_LID1 && c.allocation() == 0) {
      results.drop(name.owner(), name.number());
    }
    return CommandData.answer(request, c.allocation(), answer);
  }

  /** Null if the command was not an EXTENDED COPY of the short format, or goes on. */
  private static byte @Nullable [] details(RodTokenInformation known, boolean ended) {
    int action = Command.EXTENDED_COPY_LID1.serviceAction().orElseThrow();
    if (!ended || known.serviceAction() != action) {
      return null;
    }
    Sense sense = known.sense();
    return sense == null
        ? CopyFailureDetails.none()
        : new CopyFailureDetails(known.completionStatus(), sense).encode();
  }

  /**
   * What RECEIVE ROD TOKEN INFORMATION returns, up to the sense data and so many zeros behind them:
   * the length of held data, of which there are none.
   */
  private static byte[] withoutToken(byte[] kept, RodTokenInformation known, int tail) {
    int tokens = known.token() == null ? 0 : RodTokenInformation.TOKEN_DESCRIPTOR_LENGTH;
    int end = kept.length - tokens - TAIL_LENGTH;
    byte[] answer = Arrays.copyOf(Arrays.copyOf(kept, end), end + tail);
    ByteBuffer.wrap(answer).putInt(answer.length - Integer.BYTES);
    return answer;
  }
}
