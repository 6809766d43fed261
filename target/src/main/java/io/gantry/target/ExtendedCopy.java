package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.CopySegment;
import io.gantry.scsi.Cscd;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.ExtendedCopyList;
import io.gantry.scsi.Ipv4CscdDescriptor;
import io.gantry.scsi.Lun;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.CopyResult;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One EXTENDED COPY whose parameter list is well-formed: carries out its segments one after the
 * other (SPC-4 5.17.7). For one thread.
 *
 * <p>Whatever a segment needs of a logical unit is asked of that unit when its turn comes, on
 * behalf of the nexus that sent the command: which volumes it can see, who has reserved them, what
 * is write protected. So the command can do what its initiator could do by READ and WRITE, and no
 * more.
 */
final class ExtendedCopy {
  /*
   * Parts of blocks
   * ---------------
   * Where source and destination have blocks of different lengths, a segment may read more bytes
   * than it is to process, and process more than fill whole blocks. The standard has two kinds of
   * what is left over: source bytes that were read and not processed, and destination bytes that
   * were processed and not written. A segment's data are a stream of both, and then of what it
   * reads; the first bytes of the stream are written, and the rest is left over again. What happens
   * to it is for CAT and PAD to say (SPC-4 table 116). It is never as long as two blocks.
   */
  private static final byte[] NOTHING = {};

  private static final Cdb WRITE = Cdb.Transfer.write(0, 0);

  private static final int NAA = 3;
  private static final int NAA_LENGTH = 16;

  private final Pool pool;
  private final CopyReach.Place here;
  private final ExtendedCopyList list;
  private final CopyOperation operation;
  private final Set<LogicalUnit> written = new HashSet<>();

  private byte[] destinationRest = NOTHING;
  private byte[] sourceRest = NOTHING;
  private int segments;
  private long transferred;

  /** Where bytes go to now: each step asks whether they still may. */
  private CopyReach.@Nullable Place destination;

  ExtendedCopy(Pool pool, CopyReach.Place here, ExtendedCopyList list, CopyOperation operation) {
    this.pool = pool;
    this.here = here;
    this.list = list;
    this.operation = operation;
  }

  /** Segment descriptors begun. */
  int segments() {
    return segments;
  }

  /** Bytes written, counted from the first without a gap. */
  long transferredBytes() {
    return transferred;
  }

  /** Whether the initiator still may write where bytes go to now. */
  boolean mayGoOn() {
    CopyReach.Place now = destination;
    return now == null
        || here.nexus().reach().reach(now.volume().id(), true) instanceof CopyReach.Reached.Open;
  }

  // Who takes part

  /** A copy source or destination. */
  private sealed interface Found {}

  /**
   * One that is there.
   *
   * @param at the byte of the parameter list that names it
   */
  private record End(CopyReach.Place place, boolean pad, int at) implements Found {
    Volume volume() {
      return place.volume();
    }

    int blockBytes() {
      return place.volume().blockBytes();
    }

    long blocks() {
      return place.volume().sizeBytes() / blockBytes();
    }
  }

  private record Missing(Sense sense) implements Found {}

  /**
   * Finds one.
   *
   * @param idAt the byte of the parameter list with its CSCD descriptor ID
   */
  private Found find(int id, int idAt) {
    if (id == CopySegment.THIS_UNIT) {
      return new End(here, false, idAt);
    }
    Cscd cscd = list.cscd(id).orElse(null);
    if (cscd == null) {
      return new Missing(Sense.UNREACHABLE_COPY_TARGET.at(idAt));
    }
    int at = ExtendedCopyList.cscdOffset(id);
    CopyReach.Place place = place(cscd);
    if (place == null) {
      return new Missing(Sense.COPY_TARGET_NOT_REACHABLE.at(at));
    }
    End end = new End(place, cscd.pad(), at);
    boolean fits =
        cscd.peripheralDeviceType() == 0
            && (cscd.blockLengthBytes() == 0 || cscd.blockLengthBytes() == end.blockBytes());
    return fits ? end : new Missing(Sense.INCORRECT_COPY_TARGET_TYPE.at(at));
  }

  /** The logical unit of that name; null if there is none here, as far as the nexus can see. */
  private CopyReach.@Nullable Place place(Cscd cscd) {
    return switch (cscd) {
      case CscdDescriptor named -> place(named);
      case Ipv4CscdDescriptor addressed -> place(addressed);
    };
  }

  /** By its NAA designator, the only short one, which ends in its number. */
  private CopyReach.@Nullable Place place(CscdDescriptor cscd) {
    byte[] name = cscd.designator();
    if (cscd.designatorType() != NAA || name.length != NAA_LENGTH) {
      return null;
    }
    CopyReach.Place place =
        here.nexus().reach().find(ByteBuffer.wrap(name).getInt(NAA_LENGTH - Integer.BYTES));
    return place != null && place.unit().isNamed(cscd) ? place : null;
  }

  /** By its LUN, if the portal is one of this target: nothing is asked of other machines. */
  private CopyReach.@Nullable Place place(Ipv4CscdDescriptor cscd) {
    InetSocketAddress portal = new InetSocketAddress(cscd.address(), cscd.port());
    boolean isHere =
        cscd.protocol() == Ipv4CscdDescriptor.TCP && here.nexus().reach().hasPortal(portal);
    int volume = Lun.decode(cscd.lun());
    return isHere && volume >= 0 ? here.nexus().reach().find(volume) : null;
  }

  /** Why the nexus cannot read or write there, or null. */
  private static @Nullable Sense refuse(CopyReach.Reached reached, End end, boolean write) {
    return switch (reached) {
      case CopyReach.Reached.Open _ -> null;
      case CopyReach.Reached.Absent _ -> Sense.COPY_TARGET_NOT_REACHABLE.at(end.at);
      case CopyReach.Reached.Conflict _ ->
          failure(write, ScsiStatus.RESERVATION_CONFLICT, Sense.NO_SENSE).at(end.at);
      case CopyReach.Reached.Refused(Sense sense) ->
          failure(write, ScsiStatus.CHECK_CONDITION, sense).at(end.at);
    };
  }

  private static Sense failure(boolean byDestination, ScsiStatus status, Sense sense) {
    return Sense.THIRD_PARTY_DEVICE_FAILURE.forwarding(
        new Sense.Forwarded(byDestination, status.code(), sense));
  }

  /**
   * A range that is not there. This is the sense that libiscsi's suite takes for it; what the
   * logical unit would have said of such a READ or WRITE comes with it.
   */
  private static Sense outOfRange(boolean byDestination, int at) {
    return Sense.COPY_ABORTED
        .forwarding(
            new Sense.Forwarded(
                byDestination, ScsiStatus.CHECK_CONDITION.code(), Sense.LBA_OUT_OF_RANGE))
        .at(at);
  }

  // The segments

  /** Says what is going to be copied, as far as that can be told. */
  void plan() {
    String from = "";
    String to = "";
    long bytes = 0;
    for (CopySegment segment : list.segments()) {
      switch (segment) {
        case CopySegment.Blocks s -> {
          if (find(s.source(), 0) instanceof End source
              && find(s.destination(), 0) instanceof End target) {
            int blockBytes = (s.countsDestination() ? target : source).blockBytes();
            bytes += (long) s.blocks() * blockBytes;
            from = source.volume().name();
            to = target.volume().name();
          }
        }
        case CopySegment.Bytes s -> {
          if (find(s.source(), 0) instanceof End source
              && find(s.destination(), 0) instanceof End target) {
            bytes += s.bytes();
            from = source.volume().name();
            to = target.volume().name();
          }
        }
        case CopySegment.Image s -> {
          if (find(s.source(), 0) instanceof End source
              && find(s.destination(), 0) instanceof End target) {
            bytes += Math.max(0, imageBlocks(s, source, target)) * source.blockBytes();
            from = source.volume().name();
            to = target.volume().name();
          }
        }
        case CopySegment.Verify _, CopySegment.RegisterKey _ -> {}
      }
    }
    operation.plan(from, to, bytes);
  }

  /**
   * Carries out the segments.
   *
   * @return why a segment could not be, which ends the command; null if all were
   */
  @Nullable Sense run(CopyGovernor.Pace pace) {
    Sense failure = carryOut(pace);
    Sense undurable = flush(); // also if not all was done: the initiator may count on what was
    Sense sense = failure == null ? undurable : failure;
    return sense == null ? null : sense.inSegment(Math.max(0, segments - 1));
  }

  private @Nullable Sense carryOut(CopyGovernor.Pace pace) {
    int at = list.segmentOffset(0);
    for (CopySegment segment : list.segments()) {
      segments++;
      operation.inSegment(segments);
      Sense sense = pace.mayGoOn() ? carryOut(segment, at, pace) : ended(pace);
      if (sense != null) {
        return sense;
      }
      at += segment.length();
    }
    return null;
  }

  /** Makes durable what has to be before the command is answered. */
  private @Nullable Sense flush() {
    if (written.stream().noneMatch(LogicalUnit::writesThrough)) {
      return null;
    }
    try {
      pool.flush();
      return null;
    } catch (IOException e) {
      Sense sense = LogicalUnit.sense(WRITE, here.volume(), e);
      return failure(true, ScsiStatus.CHECK_CONDITION, sense);
    }
  }

  private Sense ended(CopyGovernor.Pace pace) {
    return pace.isLate() ? Sense.COPY_OUT_OF_RESOURCES : Sense.COMMANDS_CLEARED_BY_DEVICE_SERVER;
  }

  private @Nullable Sense carryOut(CopySegment segment, int at, CopyGovernor.Pace pace) {
    return switch (segment) {
      case CopySegment.Blocks s -> copyBlocks(s, at, pace);
      case CopySegment.Bytes s -> copyBytes(s, at, pace);
      case CopySegment.Image s -> copyImage(s, at, pace);
      case CopySegment.Verify s -> verify(s, at);
      case CopySegment.RegisterKey s -> register(s, at);
    };
  }

  private @Nullable Sense verify(CopySegment.Verify s, int at) {
    return switch (find(s.cscd(), at + 4)) {
      case Missing(Sense sense) -> sense;
      case End end -> {
        CopyReach.Reached reached = s.testUnitReady() ? end.place.reach(false) : null;
        yield reached instanceof CopyReach.Reached.Refused(Sense sense)
            ? Sense.COPY_TARGET_NOT_REACHABLE
                .forwarding(new Sense.Forwarded(false, ScsiStatus.CHECK_CONDITION.code(), sense))
                .at(end.at)
            : null;
      }
    };
  }

  /** The copy manager acts as the nexus that sent the command, so it is that nexus' key. */
  private @Nullable Sense register(CopySegment.RegisterKey s, int at) {
    return switch (find(s.destination(), at + 6)) {
      case Missing(Sense sense) -> sense;
      case End end -> {
        ScsiResponse response;
        try {
          response = end.place.unit().register(end.place.nexus(), s.key(), s.actionKey()).join();
        } catch (IOException e) {
          response = ScsiResponse.check(LogicalUnit.sense(WRITE, end.volume(), e));
        }
        Sense sense = response.sense() == null ? Sense.NO_SENSE : response.sense();
        yield response.isGood() ? null : failure(true, response.status(), sense).at(end.at);
      }
    };
  }

  // Copying

  private @Nullable Sense copyBlocks(CopySegment.Blocks s, int at, CopyGovernor.Pace pace) {
    return between(
        s.source(),
        s.destination(),
        at,
        (from, to) -> {
          long wanted = (long) s.blocks() * (s.countsDestination() ? to : from).blockBytes();
          long processed =
              s.countsDestination() ? Math.max(0, wanted - destinationRest.length) : wanted;
          long missing = Math.max(0, processed - sourceRest.length);
          Amounts amounts =
              new Amounts(
                  Math.ceilDiv(missing, from.blockBytes()) * from.blockBytes(),
                  processed,
                  s.countsDestination()
                      ? wanted
                      : (destinationRest.length + processed) / to.blockBytes() * to.blockBytes(),
                  s.concatenate(),
                  s.countsDestination(),
                  at + 10);
          long target = amounts.written + (pads(to, amounts) ? to.blockBytes() : 0);
          return range(s.sourceLba(), 0, amounts.read, from) < 0
              ? outOfRange(false, at + 12)
              : range(s.destinationLba(), 0, target, to) < 0
                  ? outOfRange(true, at + 20)
                  : copy(
                      from,
                      s.sourceLba() * from.blockBytes(),
                      to,
                      s.destinationLba() * to.blockBytes(),
                      amounts,
                      pace);
        });
  }

  private @Nullable Sense copyBytes(CopySegment.Bytes s, int at, CopyGovernor.Pace pace) {
    return between(
        s.source(),
        s.destination(),
        at,
        (from, to) -> {
          long source = range(s.sourceLba(), s.sourceOffset(), s.bytes(), from);
          long target = range(s.destinationLba(), s.destinationOffset(), s.bytes(), to);
          Amounts amounts =
              new Amounts(s.bytes(), s.bytes(), s.bytes(), s.concatenate(), true, at + 8);
          return source < 0
              ? outOfRange(false, at + 12)
              : target < 0
                  ? outOfRange(true, at + 20)
                  : copy(from, source, to, target, amounts, pace);
        });
  }

  private @Nullable Sense copyImage(CopySegment.Image s, int at, CopyGovernor.Pace pace) {
    return between(
        s.source(),
        s.destination(),
        at,
        (from, to) -> {
          if (from.blockBytes() != to.blockBytes()) {
            return Sense.INCORRECT_COPY_TARGET_TYPE.at(to.at);
          }
          long source = range(s.sourceLba(), 0, 0, from);
          long target = range(s.destinationLba(), 0, 0, to);
          return source < 0
              ? outOfRange(false, at + 8)
              : target < 0
                  ? outOfRange(true, at + 16)
                  : move(
                      from, source, to, target, imageBlocks(s, from, to) * from.blockBytes(), pace);
        });
  }

  /** As many as are asked for and both have; negative if one of them has none there. */
  private static long imageBlocks(CopySegment.Image s, End from, End to) {
    if (s.sourceLba() < 0 || s.destinationLba() < 0) {
      return -1; // unsigned, and so beyond any volume
    }
    long both = Math.min(from.blocks() - s.sourceLba(), to.blocks() - s.destinationLba());
    return s.blocks() <= 0 ? both : Math.min(s.blocks(), both);
  }

  /** The byte at which a range begins; -1 if it is not within the volume. */
  private static long range(long lba, int offset, long length, End end) {
    if (Long.compareUnsigned(lba, end.blocks()) > 0) {
      return -1;
    }
    long start = lba * end.blockBytes() + offset;
    return length > end.blocks() * end.blockBytes() - start ? -1 : start;
  }

  private interface Copying {
    @Nullable Sense run(End from, End to);
  }

  /** Finds both ends, and copies if the nexus can read the one and write the other. */
  private @Nullable Sense between(int sourceId, int destinationId, int at, Copying copying) {
    Found source = find(sourceId, at + 4);
    Found target = find(destinationId, at + 6);
    if (source instanceof Missing(Sense sense)) {
      return sense;
    }
    if (target instanceof Missing(Sense sense)) {
      return sense;
    }
    return between((End) source, (End) target, copying);
  }

  private @Nullable Sense between(End from, End to, Copying copying) {
    Sense refusal = refuse(from.place.reach(false), from, false);
    if (refusal != null) {
      return refusal;
    }
    @Nullable Sense[] outcome = new @Nullable Sense[1];
    destination = to.place;
    CopyReach.Reached reached =
        to.place.unit().write(to.place.nexus(), () -> outcome[0] = copying.run(from, to));
    destination = null;
    written.add(to.place.unit());
    refusal = refuse(reached, to, true);
    return refusal != null ? refusal : outcome[0];
  }

  /**
   * How many bytes a segment is about.
   *
   * @param read whole blocks, or what is asked for by bytes
   * @param processed of what was left over at the source, and of what is read
   * @param written of what was left over at the destination, and of what is processed
   * @param concatenate CAT: what is left over goes on to the next segment
   * @param exact whether no more than that may be written
   * @param at the byte of the parameter list that says how many
   */
  private record Amounts(
      long read, long processed, long written, boolean concatenate, boolean exact, int at) {}

  /** Whether a part of a block is left over at the destination, to be completed with zeros. */
  private boolean pads(End to, Amounts a) {
    return !a.concatenate && to.pad && destinationRest.length + a.processed > a.written;
  }

  private @Nullable Sense copy(
      End from, long source, End to, long target, Amounts a, CopyGovernor.Pace pace) {
    long available = destinationRest.length + a.processed;
    long end = destinationRest.length + sourceRest.length + a.read;
    boolean left = end > a.written;
    boolean pads = pads(to, a);
    if ((left && !a.concatenate && !from.pad && !to.pad) || (pads && a.exact)) {
      return Sense.UNEXPECTED_INEXACT_SEGMENT.at(a.at);
    }
    if (!left && destinationRest.length + sourceRest.length == 0) {
      return move(from, source, to, target, a.written, pace); // the usual case
    }
    byte[] before = join(destinationRest, sourceRest);
    try {
      byte[] nextDestinationRest = stream(before, from, source, a.written, available);
      byte[] nextSourceRest = stream(before, from, source, available, end);
      int head = (int) Math.min(before.length, a.written);
      Sense sense = move(from, source, to, target + head, a.written - head, pace);
      if (sense != null) {
        return sense;
      }
      write(to, target, Arrays.copyOf(before, head));
      if (pads) {
        write(to, target + a.written, Arrays.copyOf(nextDestinationRest, to.blockBytes()));
      }
      destinationRest = a.concatenate ? nextDestinationRest : NOTHING;
      sourceRest = a.concatenate || (to.pad && !from.pad) ? nextSourceRest : NOTHING;
      return null;
    } catch (IOException e) {
      Sense sense = LogicalUnit.sense(WRITE, to.volume(), e);
      return failure(true, ScsiStatus.CHECK_CONDITION, sense).at(to.at);
    }
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** Some bytes of what was left over, followed by the source from a byte on. */
  private static byte[] stream(byte[] before, End from, long source, long start, long end)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) (end - start));
    if (start < before.length) {
      bytes.put(before, (int) start, (int) (Math.min(before.length, end) - start));
    }
    if (bytes.hasRemaining()) {
      from.volume().read(source + Math.max(start, before.length) - before.length, bytes);
    }
    return bytes.array();
  }

  private void write(End to, long position, byte[] bytes) throws IOException {
    to.volume().write(position, ByteBuffer.wrap(bytes));
    operation.did(new CopyResult(0, bytes.length, 0));
    transferred += bytes.length;
  }

  /** Copies bytes, by sharing what lies alike. */
  private @Nullable Sense move(
      End from, long source, End to, long target, long length, CopyGovernor.Pace pace) {
    if (length <= 0) {
      return null;
    }
    long done;
    Sense sense;
    try {
      done = pool.copy(from.volume(), source, to.volume(), target, length, pace).totalBytes();
      if (done == length) {
        transferred += done;
        return null;
      }
      boolean full = !pace.isLate() && !operation.isStopped();
      sense =
          full
              ? failure(true, ScsiStatus.CHECK_CONDITION, Sense.SPACE_ALLOCATION_FAILED).at(to.at)
              : ended(pace);
    } catch (IOException e) {
      done = 0;
      Sense why = LogicalUnit.sense(WRITE, to.volume(), e);
      sense = failure(true, ScsiStatus.CHECK_CONDITION, why).at(to.at);
    }
    transferred += done;
    // The residual counts blocks of the destination (SPC-4 5.17.7.4).
    return done == 0 ? sense : sense.withInformation(Math.ceilDiv(length - done, to.blockBytes()));
  }
}
