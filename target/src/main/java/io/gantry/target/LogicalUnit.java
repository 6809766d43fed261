package io.gantry.target;

import static io.gantry.target.UnitBlocks.done;
import static io.gantry.target.UnitBlocks.refused;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.DeviceIdentification;
import io.gantry.scsi.PersistentReserveOutList;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.NoSpaceException;
import io.gantry.store.OutOfRangeException;
import io.gantry.store.Pool;
import io.gantry.store.ReadOnlyVolumeException;
import io.gantry.store.Volume;
import io.gantry.store.VolumeGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.StampedLock;
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

  private final UnitAttentions nexuses;
  private final Reservations reservations;
  private final ModePages modes;
  private final PrimaryCommands primary;

  LogicalUnit(
      Pool pool,
      Volume volume,
      VitalProductData pages,
      CopyManager copyManager,
      Sanitizer sanitizer,
      int maximumTransferBytes) {
    this.volume = volume;
    this.pages = pages;
    this.copyManager = copyManager;
    this.sanitizer = sanitizer;
    this.blocks = new UnitBlocks(pool, volume);
    this.block = new BlockCommands(volume, blocks, maximumTransferBytes);
    this.provisioning = new ProvisioningCommands(volume, blocks);
    this.medium = new MediumCommands(volume, blocks);
    this.modes = new ModePages(pool, volume);
    this.nexuses = new UnitAttentions(pool, volume, modes);
    this.reservations =
        new Reservations(
            pool,
            volume,
            nexuses::of,
            ports ->
                copyManager.stopBackground(volume, ports::contains, "the initiator was preempted"));
    this.primary =
        new PrimaryCommands(
            pool, volume, reservations, modes, nexuses::tellOthers, this::whenFlushed);
  }

  Volume volume() {
    return volume;
  }

  /** A nexus begins to use the logical unit. */
  UnitNexus attach(Nexus nexus, PathTasks tasks, CopyReach reach) {
    return nexuses.attach(nexus, tasks, reach);
  }

  /** The nexus is lost. */
  void detach(UnitNexus state) {
    nexuses.detach(state);
    reservations.ended(state.nexus());
  }

  /** Whether a nexus still uses the logical unit. */
  boolean isAttached(UnitNexus state) {
    return nexuses.contains(state);
  }

  /** As {@link CopyReach#reach}, for a nexus that has access to this logical unit. */
  CopyReach.Reached reach(UnitNexus nexus, boolean write) {
    Cdb cdb = write ? Cdb.Transfer.write(0, 0) : Cdb.Transfer.read(0, 0);
    if (!reservations.allow(nexus.nexus(), cdb)) {
      return new CopyReach.Reached.Conflict();
    }
    Sense refusal = refuse(nexus, cdb);
    return refusal == null
        ? new CopyReach.Reached.Open(volume)
        : new CopyReach.Reached.Refused(refusal);
  }

  /** As {@link TargetPath#readNow}. */
  boolean readNow(UnitNexus nexus, long lba, int blocks, ByteBuffer target) {
    return isPlain(nexus, lba, blocks, target)
        && !modes.readThrough()
        && volume.readNow(lba * volume.blockBytes(), target);
  }

  /** As {@link TargetPath#writeNow}. */
  @Nullable ScsiResponse writeNow(UnitNexus nexus, long lba, int blocks, ByteBuffer source) {
    int length = source.remaining();
    if (!isPlain(nexus, lba, blocks, source)
        || modes.writeThrough()
        || modes.softwareProtected()
        || nexus.isReadOnly()) {
      return null;
    }
    long stamp = writing.tryReadLock();
    if (stamp == 0) {
      return null;
    }
    try {
      boolean written = sanitizer.isIdle() && volume.writeNow(lba * volume.blockBytes(), source);
      return written ? ScsiResponse.good(length) : null;
    } catch (IOException e) {
      return refuse(sense(Cdb.Transfer.write(lba, blocks), volume, e));
    } finally {
      writing.unlockRead(stamp);
    }
  }

  /** Whether nothing has to be looked at but the blocks themselves. */
  private boolean isPlain(UnitNexus nexus, long lba, int blocks, ByteBuffer data) {
    return nexuses.isClear(nexus)
        && reservations.isOpen()
        && sanitizer.isIdle()
        && (long) blocks * volume.blockBytes() == data.remaining()
        && lba >= 0
        && lba < this.blocks.count();
  }

  /** A reset, by whomever: all commands have ended. */
  void reset() {
    reservations.reset();
    nexuses.reset();
  }

  /**
   * Carries a command out.
   *
   * @param cdb the request's CDB
   */
  CompletableFuture<ScsiResponse> execute(UnitNexus nexus, Cdb cdb, ScsiRequest request) {
    CompletableFuture<ScsiResponse> answer = answer(nexus, cdb, request);
    return modes.descriptorSense() ? answer.thenApply(ScsiResponse::withDescriptorSense) : answer;
  }

  /** The answer to a command that ends with this. */
  ScsiResponse refuse(Sense sense) {
    ScsiResponse response = ScsiResponse.check(sense);
    return modes.descriptorSense() ? response.withDescriptorSense() : response;
  }

  private CompletableFuture<ScsiResponse> answer(UnitNexus nexus, Cdb cdb, ScsiRequest request) {
    Sense attention = nexuses.take(nexus, cdb);
    if (attention != null) {
      return done(ScsiResponse.check(attention));
    }
    if (!reservations.allow(nexus.nexus(), cdb)) {
      return done(Reservations.conflict());
    }
    Sense refusal = refuse(nexus, cdb);
    if (refusal != null) {
      return refused(refusal);
    }
    try {
      boolean writes = writesMedium(cdb);
      CompletableFuture<ScsiResponse> answer =
          writes && !(cdb instanceof BlockCdb.Sanitize)
              ? write(nexus, cdb, request)
              : carryOut(nexus, cdb, request);
      boolean waits = writes ? modes.writeThrough() : modes.readThrough() && readsMedium(cdb);
      return waits ? whenFlushed(answer) : answer;
    } catch (IOException e) {
      return refused(sense(cdb, volume, e));
    }
  }

  private static boolean writesMedium(Cdb cdb) {
    return cdb.command().needs() == Command.Needs.WRITABLE_MEDIUM;
  }

  private static boolean readsMedium(Cdb cdb) {
    return cdb.access() == Command.Access.READ && cdb.command().needs() == Command.Needs.MEDIUM;
  }

  /** Whether one who may only read may not do this: changing the mode pages is for others, too. */
  private static boolean changes(Cdb cdb) {
    // What EXTENDED COPY changes may be elsewhere: it asks there.
    return cdb.access() == Command.Access.WRITE
        && !(cdb instanceof Cdb.SynchronizeCache)
        && !(cdb instanceof Cdb.ExtendedCopy);
  }

  /** Why a command cannot be carried out in the state in which the medium is, or null. */
  private @Nullable Sense refuse(UnitNexus nexus, Cdb cdb) {
    Sense refusal = sanitizer.refuse(volume, cdb);
    if (refusal != null) {
      return refusal;
    }
    boolean writes = writesMedium(cdb);
    if (writes && modes.softwareProtected()) {
      return Sense.SOFTWARE_WRITE_PROTECTED;
    }
    return (writes && volume.readOnly()) || (nexus.isReadOnly() && changes(cdb))
        ? Sense.WRITE_PROTECTED
        : null;
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

  /**
   * Keeps a sanitize waiting, until what this returns is run. For a command that writes, which
   * keeps it waiting already: so the lock is free, even if a sanitize queues for it.
   */
  Runnable holdWriting() {
    long stamp = writing.tryReadLock();
    if (stamp == 0) {
      throw new IllegalStateException("a sanitize of %s began".formatted(volume.name()));
    }
    return () -> writing.unlockRead(stamp);
  }

  /**
   * Writes to the volume as a command of a nexus does, for one that came to another logical unit.
   *
   * @return what the nexus meets with: nothing was done unless that is open
   */
  CopyReach.Reached write(UnitNexus nexus, Runnable action) {
    long stamp = writing.readLock();
    try {
      CopyReach.Reached reached = reach(nexus, true);
      if (reached instanceof CopyReach.Reached.Open) {
        action.run();
      }
      return reached;
    } finally {
      writing.unlockRead(stamp);
    }
  }

  /**
   * Registers a reservation key for a nexus, as its own PERSISTENT RESERVE OUT would.
   *
   * @throws IOException if the pool has stopped
   */
  CompletableFuture<ScsiResponse> register(UnitNexus nexus, long key, long actionKey)
      throws IOException {
    ByteBuffer list = ByteBuffer.allocate(PersistentReserveOutList.LENGTH);
    list.putLong(0, key).putLong(8, actionKey);
    PrimaryCdb.PersistentReserveOut cdb =
        new PrimaryCdb.PersistentReserveOut(Command.PR_REGISTER, 0, 0, list.capacity());
    return reservations.change(nexus, cdb, ScsiRequest.out(cdb, list));
  }

  /** Whether a designator is one of those in VPD page 83h. */
  boolean isNamed(CscdDescriptor descriptor) {
    return descriptor.names(pages.page(DeviceIdentification.PAGE));
  }

  /** Whether what was written is durable before the initiator is told that it was. */
  boolean writesThrough() {
    return modes.writeThrough();
  }

  private void awaitWrites() {
    copyManager.stopBackground(volume, _ -> true, "the volume is to be sanitized").join();
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
      case Cdb.ModeSense c -> done(modes.sense(c, request, nexus.isReadOnly()));
      case PrimaryCdb c -> primary.execute(nexus, c, request);
      case Cdb.ReadCapacity10 c -> done(readCapacity(c, request));
      case Cdb.ReadCapacity16 c -> done(readCapacity(c, request));
      case Cdb.Transfer c -> c.isWrite() ? block.write(c, request) : block.read(c, request);
      case Cdb.SynchronizeCache c -> block.synchronizeCache(c);
      case Cdb.Unmap c -> done(provisioning.unmap(c, request));
      case Cdb.GetLbaStatus c -> done(provisioning.lbaStatus(c, request));
      case Cdb.TokenOperation c -> done(copyManager.execute(this, nexus, c, request));
      case Cdb.ReceiveRodTokenInformation c ->
          copyManager.receiveInformation(nexus.nexus(), volume, c, request);
      case Cdb.ExtendedCopy c ->
          done(copyManager.extended().execute(new CopyReach.Place(this, nexus), c, request));
      case Cdb.ReceiveCopyResults c ->
          done(copyManager.extended().receive(nexus.nexus(), volume, c, request));
      case Cdb.ReportAllRodTokens c -> done(copyManager.reportTokens(nexus, c, request));
      case Cdb.CopyOperationAbort c -> copyManager.abort(nexus.nexus(), volume, c);
      case Cdb.ReportLuns _ -> throw new IllegalStateException("the target answers REPORT LUNS");
    };
  }

  /** A good answer, when all that was done before is durable. */
  private CompletableFuture<ScsiResponse> whenFlushed(CompletableFuture<ScsiResponse> answer) {
    return answer.thenCompose(
        response -> response.isGood() ? blocks.flushed(response) : done(response));
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
