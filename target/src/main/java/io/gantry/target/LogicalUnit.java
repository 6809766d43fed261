package io.gantry.target;

import static io.gantry.target.UnitBlocks.done;
import static io.gantry.target.UnitBlocks.refused;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.NoSpaceException;
import io.gantry.store.OutOfRangeException;
import io.gantry.store.ReadOnlyVolumeException;
import io.gantry.store.Volume;
import io.gantry.store.VolumeGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A logical unit: one volume, seen as a SCSI direct access block device (SBC-3).
 *
 * <p>Carries commands out in the caller's thread, but for waiting until data are on stable storage.
 */
final class LogicalUnit {
  private static final System.Logger LOG = System.getLogger(LogicalUnit.class.getName());

  private final Volume volume;
  private final VitalProductData pages;
  private final CopyManager copyManager;
  private final UnitBlocks blocks;
  private final BlockCommands block;
  private final ProvisioningCommands provisioning;
  private final MediumCommands medium;
  private final Sanitizer sanitizer;

  /** Held shared by commands that write, so that a sanitize can wait for their end. */
  private final StampedLock writing = new StampedLock();

  private final Set<UnitNexus> nexuses = ConcurrentHashMap.newKeySet();

  LogicalUnit(
      Volume volume,
      VitalProductData pages,
      CopyManager copyManager,
      Sanitizer sanitizer,
      Supplier<CompletableFuture<Void>> flush,
      int maximumTransferBytes) {
    this.volume = volume;
    this.pages = pages;
    this.copyManager = copyManager;
    this.sanitizer = sanitizer;
    this.blocks = new UnitBlocks(volume, flush);
    this.block = new BlockCommands(volume, blocks, maximumTransferBytes);
    this.provisioning = new ProvisioningCommands(volume, blocks);
    this.medium = new MediumCommands(volume, blocks);
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
    Sense refusal = refuse(nexus, cdb);
    if (refusal != null) {
      return refused(refusal);
    }
    try {
      boolean writes = cdb.command().needs() == Command.Needs.WRITABLE_MEDIUM;
      return writes && !(cdb instanceof BlockCdb.Sanitize)
          ? write(nexus, cdb, request)
          : carryOut(nexus, cdb, request);
    } catch (IOException e) {
      return refused(sense(cdb, volume, e));
    }
  }

  /** Why a command cannot be carried out in the state in which the medium is, or null. */
  private @Nullable Sense refuse(UnitNexus nexus, Cdb cdb) {
    Sense refusal = sanitizer.refuse(volume, cdb);
    boolean writes = cdb.command().needs() == Command.Needs.WRITABLE_MEDIUM;
    return refusal == null && writes && (volume.readOnly() || nexus.isReadOnly())
        ? Sense.WRITE_PROTECTED
        : refusal;
  }

  /** Carries out a command that changes the medium, unless a sanitize has just begun. */
  private CompletableFuture<ScsiResponse> write(UnitNexus nexus, Cdb cdb, ScsiRequest request)
      throws IOException {
    long stamp = writing.readLock();
    try {
      Sense refusal = sanitizer.refuse(volume, cdb);
      return refusal == null ? carryOut(nexus, cdb, request) : refused(refusal);
    } finally {
      writing.unlockRead(stamp);
    }
  }

  private void awaitWrites() {
    writing.unlockWrite(writing.writeLock());
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
    return cdb.access() == Command.Access.READ ? Sense.UNRECOVERED_READ_ERROR : Sense.WRITE_ERROR;
  }

  private CompletableFuture<ScsiResponse> carryOut(UnitNexus nexus, Cdb cdb, ScsiRequest request)
      throws IOException {
    return switch (cdb) {
      case BlockCdb.Verify c -> block.verify(c, request);
      case BlockCdb.WriteAndVerify c -> block.writeAndVerify(c, request);
      case BlockCdb.CompareAndWrite c -> block.compareAndWrite(c, request);
      case BlockCdb.OrWrite c -> block.orWrite(c, request);
      case BlockCdb.WriteAtomic c -> block.writeAtomic(c, request);
      case BlockCdb.PreFetch c -> block.preFetch(c);
      case BlockCdb.WriteSame c -> done(provisioning.writeSame(c, request));
      case BlockCdb.ReadDefectData c -> done(MediumCommands.defects(c, request));
      case BlockCdb.FormatUnit c -> medium.format(c, request);
      case BlockCdb.StartStopUnit c -> medium.startStop(c);
      case BlockCdb.PreventAllow c -> done(MediumCommands.preventAllow(c));
      case BlockCdb.Sanitize c -> sanitizer.execute(volume, c, request, this::awaitWrites);
      case Cdb.TestUnitReady _ -> done(ScsiResponse.good(0));
      case Cdb.RequestSense c ->
          done(CommandData.answer(request, c.allocation(), requestSense(c, nexus)));
      case Cdb.Inquiry c -> done(inquiry(c, request));
      case Cdb.ModeSense c -> done(ModePages.sense(c, request, volume, nexus.isReadOnly()));
      case Cdb.ReadCapacity10 c -> done(readCapacity(c, request));
      case Cdb.ReadCapacity16 c -> done(readCapacity(c, request));
      case Cdb.Transfer c -> c.isWrite() ? block.write(c, request) : block.read(c, request);
      case Cdb.SynchronizeCache c -> block.synchronizeCache(c);
      case Cdb.Unmap c -> done(provisioning.unmap(c, request));
      case Cdb.GetLbaStatus c -> done(provisioning.lbaStatus(c, request));
      case Cdb.TokenOperation c -> done(copyManager.execute(nexus.nexus(), volume, c, request));
      case Cdb.ReceiveRodTokenInformation c ->
          done(copyManager.receiveInformation(nexus.nexus(), volume, c, request));
      case Cdb.ReportLuns _ -> throw new IllegalStateException("the target answers REPORT LUNS");
    };
  }

  private byte[] requestSense(Cdb.RequestSense c, UnitNexus nexus) {
    Sense sense = nexus.takeAttention();
    if (sense == null) {
      Sense state = sanitizer.state(volume);
      sense = state == null ? Sense.NO_SENSE : state;
    }
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
    data.putInt((int) Math.min(blocks.count() - 1, 0xffff_ffffL)).putInt(blocks.bytes());
    return CommandData.answer(request, data.capacity(), data.array());
  }

  private ScsiResponse readCapacity(Cdb.ReadCapacity16 c, ScsiRequest request) {
    return c.lba() != 0 && !c.partial()
        ? ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2))
        : CommandData.answer(request, c.allocation(), blocks.capacity().encode());
  }
}
