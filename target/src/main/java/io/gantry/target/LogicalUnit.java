package io.gantry.target;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.scsi.UnmapList;
import io.gantry.store.NoSpaceException;
import io.gantry.store.OutOfRangeException;
import io.gantry.store.ReadOnlyVolumeException;
import io.gantry.store.Volume;
import io.gantry.store.VolumeGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A logical unit: one volume, seen as a SCSI direct access block device (SBC-3).
 *
 * <p>Carries commands out in the caller's thread, but for waiting until data are on stable storage.
 */
final class LogicalUnit {
  private static final System.Logger LOG = System.getLogger(LogicalUnit.class.getName());

  /** UNMAP of any length takes as long: no limit. Initiators' tests allow this or up to 2^20. */
  private static final long MAX_UNMAP_BLOCKS = 0xFFFF_FFFFL;

  private static final int MAX_UNMAP_RANGES = 256;
  private static final int MAX_STATUS_DESCRIPTORS = 256;

  /** INVALID FIELD IN COMMAND INFORMATION UNIT: a write that comes as a read. */
  private static final Sense WRONG_DIRECTION = Sense.of(Sense.ILLEGAL_REQUEST_KEY, 0x0E, 0x03);

  private final Volume volume;
  private final VitalProductData pages;
  private final CopyManager copyManager;
  private final Supplier<CompletableFuture<Void>> flush;
  private final int maximumTransferBytes;

  private final Set<UnitNexus> nexuses = ConcurrentHashMap.newKeySet();

  LogicalUnit(
      Volume volume,
      VitalProductData pages,
      CopyManager copyManager,
      Supplier<CompletableFuture<Void>> flush,
      int maximumTransferBytes) {
    this.volume = volume;
    this.pages = pages;
    this.copyManager = copyManager;
    this.flush = flush;
    this.maximumTransferBytes = maximumTransferBytes;
  }

  Volume volume() {
    return volume;
  }

  /** A nexus begins to use the logical unit. */
  UnitNexus attach(Nexus nexus) {
    UnitNexus state = new UnitNexus(nexus);
    nexuses.add(state);
    return state;
  }

  /** The nexus is lost. */
  void detach(UnitNexus state) {
    nexuses.remove(state);
  }

  /** A reset, by whomever: all commands have ended. */
  void reset() {
    nexuses.forEach(state -> state.reset(Sense.BUS_DEVICE_RESET));
  }

  private long blocks() {
    return volume.sizeBytes() / volume.blockBytes();
  }

  /**
   * Carries a command out.
   *
   * @param cdb the request's CDB
   */
  CompletableFuture<ScsiResponse> execute(UnitNexus nexus, Cdb cdb, ScsiRequest request) {
    // INQUIRY neither reports nor clears one; REQUEST SENSE reports it as its data.
    if (!(cdb instanceof Cdb.Inquiry) && !(cdb instanceof Cdb.RequestSense)) {
      Sense attention = nexus.takeAttention();
      if (attention != null) {
        return done(ScsiResponse.check(attention));
      }
    }
    boolean changes =
        cdb.access() == Command.Access.WRITE && !(cdb instanceof Cdb.SynchronizeCache);
    if (changes && nexus.isReadOnly()) {
      return done(ScsiResponse.check(Sense.WRITE_PROTECTED));
    }
    try {
      return carryOut(nexus, cdb, request);
    } catch (IOException e) {
      return done(ScsiResponse.check(sense(cdb, volume, e)));
    }
  }

  /** What an initiator hears when the pool could not carry a command out. */
  static Sense sense(Cdb cdb, Volume volume, IOException e) {
    if (e instanceof NoSpaceException) {
      return Sense.SPACE_ALLOCATION_FAILED;
    }
    if (e instanceof ReadOnlyVolumeException) {
      return Sense.WRITE_PROTECTED;
    }
    if (e instanceof OutOfRangeException) {
      return Sense.LBA_OUT_OF_RANGE;
    }
    if (e instanceof VolumeGoneException) {
      return Sense.LOGICAL_UNIT_NOT_SUPPORTED;
    }
    LOG.log(System.Logger.Level.ERROR, "volume %s: %s failed".formatted(volume.name(), cdb), e);
    boolean read = cdb instanceof Cdb.Transfer transfer && !transfer.isWrite();
    return read ? Sense.UNRECOVERED_READ_ERROR : Sense.WRITE_ERROR;
  }

  private static CompletableFuture<ScsiResponse> done(ScsiResponse response) {
    return CompletableFuture.completedFuture(response);
  }

  private CompletableFuture<ScsiResponse> carryOut(UnitNexus nexus, Cdb cdb, ScsiRequest request)
      throws IOException {
    return switch (cdb) {
      case BlockCdb _ -> done(ScsiResponse.check(Sense.INVALID_OPERATION_CODE));
      case Cdb.TestUnitReady _ -> done(ScsiResponse.good(0));
      case Cdb.RequestSense c ->
          done(CommandData.answer(request, c.allocation(), requestSense(c, nexus)));
      case Cdb.Inquiry c -> done(inquiry(c, request));
      case Cdb.ModeSense c -> done(ModePages.sense(c, request, volume, nexus.isReadOnly()));
      case Cdb.ReadCapacity10 c -> done(readCapacity(c, request));
      case Cdb.ReadCapacity16 c -> done(readCapacity(c, request));
      case Cdb.Transfer c -> c.isWrite() ? write(c, request) : read(c, request);
      case Cdb.SynchronizeCache c -> synchronizeCache(c);
      case Cdb.Unmap c -> done(unmap(c, request));
      case Cdb.GetLbaStatus c -> done(lbaStatus(c, request));
      case Cdb.TokenOperation c -> done(copyManager.execute(nexus.nexus(), volume, c, request));
      case Cdb.ReceiveRodTokenInformation c ->
          done(copyManager.receiveInformation(nexus.nexus(), volume, c, request));
      case Cdb.ReportLuns _ -> throw new IllegalStateException("the target answers REPORT LUNS");
    };
  }

  private static byte[] requestSense(Cdb.RequestSense c, UnitNexus nexus) {
    Sense attention = nexus.takeAttention();
    Sense sense = attention == null ? Sense.NO_SENSE : attention;
    return c.descriptor() ? sense.encodeDescriptor() : sense.encode();
  }

  private ScsiResponse inquiry(Cdb.Inquiry c, ScsiRequest request) {
    byte[] data = c.vitalProductData() ? pages.page(c.page()) : pages.standard();
    boolean valid = data.length > 0 && (c.vitalProductData() || c.page() == 0);
    return valid
        ? CommandData.answer(request, c.allocation(), data)
        : ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
  }

  private ScsiResponse readCapacity(Cdb.ReadCapacity10 c, ScsiRequest request) {
    if (c.lba() != 0 && !c.partial()) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    ByteBuffer data = ByteBuffer.allocate(8);
    data.putInt((int) Math.min(blocks() - 1, 0xffff_ffffL)).putInt(volume.blockBytes());
    return CommandData.answer(request, data.capacity(), data.array());
  }

  private ScsiResponse readCapacity(Cdb.ReadCapacity16 c, ScsiRequest request) {
    if (c.lba() != 0 && !c.partial()) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    Capacity capacity = new Capacity(blocks(), volume.blockBytes(), 0, true, true);
    return CommandData.answer(request, c.allocation(), capacity.encode());
  }

  /** Why a range of blocks cannot be served, or null. */
  private @Nullable Sense checkRange(long lba, long count) {
    boolean inside =
        Long.compareUnsigned(lba, blocks()) <= 0
            && Long.compareUnsigned(count, blocks() - lba) <= 0;
    return inside ? null : Sense.LBA_OUT_OF_RANGE;
  }

  private @Nullable Sense checkTransfer(Cdb.Transfer c) {
    if (c.blocks() * volume.blockBytes() > maximumTransferBytes) {
      return Sense.INVALID_FIELD_IN_CDB.at(c.command().cdbLength() == 10 ? 7 : 10);
    }
    return checkRange(c.lba(), c.blocks());
  }

  private CompletableFuture<ScsiResponse> read(Cdb.Transfer c, ScsiRequest request)
      throws IOException {
    Sense refusal = checkTransfer(c);
    if (refusal != null) {
      return done(ScsiResponse.check(refusal));
    }
    long length = c.blocks() * volume.blockBytes();
    if (request.dataIn() != null) {
      ByteBuffer target = request.dataIn().slice();
      target.limit((int) Math.min(target.remaining(), length));
      volume.read(c.lba() * volume.blockBytes(), target);
    }
    // FUA on a read: what is returned is on stable storage by then (SBC-3 5.11).
    ScsiResponse good = ScsiResponse.good(length);
    return c.forceUnitAccess() ? flushed(good) : done(good);
  }

  private CompletableFuture<ScsiResponse> write(Cdb.Transfer c, ScsiRequest request)
      throws IOException {
    Sense refusal = request.dataIn() == null ? checkTransfer(c) : WRONG_DIRECTION;
    if (refusal != null) {
      return done(ScsiResponse.check(refusal));
    }
    long length = c.blocks() * volume.blockBytes();
    if (request.dataOut() != null) {
      // An initiator that sends less than the CDB says gets the whole blocks of it written.
      ByteBuffer source = request.dataOut().slice();
      int available = (int) Math.min(source.remaining(), length);
      source.limit(available / volume.blockBytes() * volume.blockBytes());
      volume.write(c.lba() * volume.blockBytes(), source);
    }
    ScsiResponse good = ScsiResponse.good(length);
    return c.forceUnitAccess() ? flushed(good) : done(good);
  }

  private CompletableFuture<ScsiResponse> synchronizeCache(Cdb.SynchronizeCache c) {
    Sense refusal = checkRange(c.lba(), c.blocks());
    if (refusal != null) {
      return done(ScsiResponse.check(refusal));
    }
    CompletableFuture<ScsiResponse> flushed = flushed(ScsiResponse.good(0));
    return c.immediate() ? done(ScsiResponse.good(0)) : flushed;
  }

  private CompletableFuture<ScsiResponse> flushed(ScsiResponse good) {
    return flush
        .get()
        .handle((_, failure) -> {
          if (failure == null) {
            return good;
          }
          LOG.log(System.Logger.Level.ERROR, "flush of " + volume.name() + " failed", failure);
          return ScsiResponse.check(
              failure instanceof NoSpaceException
                  ? Sense.SPACE_ALLOCATION_FAILED
                  : Sense.WRITE_ERROR);
        });
  }

  private ScsiResponse unmap(Cdb.Unmap c, ScsiRequest request) throws IOException {
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
    return switch (UnmapList.decode(list)) {
      case Decoded.Invalid<List<BlockRange>>(Sense sense) -> ScsiResponse.check(sense);
      case Decoded.Valid<List<BlockRange>>(List<BlockRange> ranges) -> unmap(ranges, list);
    };
  }

  private ScsiResponse unmap(List<BlockRange> ranges, ByteBuffer list) throws IOException {
    if (ranges.size() > MAX_UNMAP_RANGES) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST);
    }
    for (BlockRange range : ranges) {
      Sense refusal = checkRange(range.lba(), range.blocks());
      if (refusal != null) {
        return ScsiResponse.check(refusal);
      }
    }
    for (BlockRange range : ranges) {
      volume.zero(range.lba() * volume.blockBytes(), range.blocks() * volume.blockBytes());
    }
    return ScsiResponse.good(list.remaining());
  }

  private ScsiResponse lbaStatus(Cdb.GetLbaStatus c, ScsiRequest request) throws IOException {
    if (Long.compareUnsigned(c.lba(), blocks()) >= 0) {
      return ScsiResponse.check(Sense.LBA_OUT_OF_RANGE);
    }
    long room = Math.max(1, (Integer.toUnsignedLong(c.allocation()) - 8) / 16);
    int limit = (int) Math.min(room, MAX_STATUS_DESCRIPTORS);
    ByteBuffer data = ByteBuffer.allocate(8 + 16 * limit).position(8);
    long end = volume.sizeBytes();
    long at = c.lba() * volume.blockBytes();
    while (data.hasRemaining() && at < end) {
      // A descriptor counts at most 2^32 - 1 blocks.
      long furthest = Math.min(end, at + 0xffff_ffffL * volume.blockBytes());
      Volume.Allocation run = volume.allocation(at, furthest);
      data.putLong(at / volume.blockBytes());
      data.putInt((int) ((run.end() - at) / volume.blockBytes()));
      data.put((byte) (run.mapped() ? 0 : 1)).put(new byte[3]);
      at = run.end();
    }
    data.putInt(0, data.position() - 4);
    byte[] bytes = java.util.Arrays.copyOf(data.array(), data.position());
    return CommandData.answer(request, c.allocation(), bytes);
  }

  /** VPD page B0h of any logical unit with these sizes. */
  static BlockLimits limits(int blockBytes, int chunkBytes, int maximumTransferBytes) {
    return new BlockLimits(
        Math.min(chunkBytes / blockBytes, 0xffff),
        maximumTransferBytes / blockBytes,
        (1 << 20) / blockBytes,
        MAX_UNMAP_BLOCKS,
        MAX_UNMAP_RANGES,
        chunkBytes / blockBytes);
  }
}
