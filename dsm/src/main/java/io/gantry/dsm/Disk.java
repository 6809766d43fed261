package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.LogicalBlockProvisioning;
import io.gantry.scsi.RodTokenLimits;
import io.gantry.scsi.ScsiDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * A disk as Windows' disk class driver sees it: takes device control requests, bytes to bytes, and
 * carries them out with SCSI commands.
 *
 * <p>Handled are {@code IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES} with the actions that mean
 * something to a SCSI disk, {@code IOCTL_STORAGE_QUERY_PROPERTY}, and {@code FSCTL_OFFLOAD_READ}
 * and {@code FSCTL_OFFLOAD_WRITE}, which take the disk for one file. What the device can do is
 * asked once, when the disk is attached; a device that has changed since must be attached anew.
 *
 * <p>Safe for use by several threads. A request waits for its commands in the calling thread. A
 * refusal of any kind is a status in the result; an {@link IOException} means that the device could
 * not be reached, and leaves open what became of the request.
 */
public final class Disk implements StorageDevice {
  /**
   * Windows' one counter for all disks. Identifiers need to differ only within an I_T nexus, and a
   * new process has new nexuses, so it may start at 0 like Windows' does.
   */
  private static final AtomicInteger LIST_IDENTIFIERS = new AtomicInteger();

  private final DeviceCommands commands;
  private final LongSupplier nanoTime;
  private final Discovery discovery;
  private final TimeToLiveUnit timeToLiveUnit;

  private Disk(
      DeviceCommands commands,
      LongSupplier nanoTime,
      Discovery discovery,
      TimeToLiveUnit timeToLiveUnit) {
    this.commands = commands;
    this.nanoTime = nanoTime;
    this.discovery = discovery;
    this.timeToLiveUnit = timeToLiveUnit;
  }

  /**
   * Asks a device what Windows asks when it finds a disk.
   *
   * @param device stays the caller's to close
   * @throws IOException if the device could not be reached, or does not tell its capacity
   */
  public static Disk attach(ScsiDevice device) throws IOException {
    return attach(device, System::nanoTime);
  }

  /**
   * Like {@link #attach(ScsiDevice)}, with the clock that limits how long one offload write may
   * take.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  public static Disk attach(ScsiDevice device, LongSupplier nanoTime) throws IOException {
    return attach(device, nanoTime, LIST_IDENTIFIERS::getAndIncrement);
  }

  static Disk attach(ScsiDevice device, LongSupplier nanoTime, IntSupplier listIdentifiers)
      throws IOException {
    DeviceCommands commands = new DeviceCommands(device, listIdentifiers);
    return new Disk(commands, nanoTime, Discovery.of(commands), TimeToLiveUnit.SECONDS);
  }

  /**
   * The same disk for callers that count an offload read's time to live in another unit; a disk
   * that has just been attached counts seconds, as Windows' class driver does.
   */
  public Disk withTimeToLiveIn(TimeToLiveUnit unit) {
    return new Disk(commands, nanoTime, discovery, unit);
  }

  /** Number and length of the logical blocks. */
  public Capacity capacity() {
    return discovery.capacity();
  }

  /** What the device can offload; empty if Windows would not offload to it. */
  public Optional<RodTokenLimits> copyOffloadLimits() {
    return discovery.copyOffloadLimits();
  }

  /** VPD page B0h; all zeros if the device does not have it. */
  public BlockLimits blockLimits() {
    return discovery.blockLimits();
  }

  /** VPD page B2h; empty if the device does not have it. */
  public Optional<LogicalBlockProvisioning> provisioning() {
    return discovery.provisioning();
  }

  /**
   * A device control request, as of a kernel-mode caller. Control codes that a disk does not take
   * end with INVALID_DEVICE_REQUEST, actions with NOT_SUPPORTED.
   */
  @Override
  public IoctlResult control(int controlCode, byte[] input, int outputCapacity) throws IOException {
    ControlCode code = ControlCode.of(controlCode).orElse(null);
    return switch (code) {
      case IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES ->
          manageDataSetAttributes(input, outputCapacity);
      case IOCTL_STORAGE_QUERY_PROPERTY ->
          new PropertyDescriptors(commands, discovery).query(input, outputCapacity);
      case FSCTL_OFFLOAD_READ -> new FileOffload(this).read(input, outputCapacity);
      case FSCTL_OFFLOAD_WRITE -> new FileOffload(this).write(input, outputCapacity);
      case FSCTL_FILE_LEVEL_TRIM -> IoctlResult.of(NtStatus.INVALID_DEVICE_REQUEST);
      case null -> IoctlResult.of(NtStatus.INVALID_DEVICE_REQUEST);
    };
  }

  private IoctlResult manageDataSetAttributes(byte[] input, int outputCapacity) throws IOException {
    DsmRequest request =
        new DsmRequest(ByteBuffer.wrap(input), outputCapacity, discovery, timeToLiveUnit);
    NtStatus verdict = DsmChecks.verdict(request);
    return verdict.isSuccess() ? carryOut(request) : IoctlResult.of(verdict);
  }

  private IoctlResult carryOut(DsmRequest request) throws IOException {
    int blockLengthBytes = discovery.capacity().blockLengthBytes();
    return switch (request.action()) {
      case OFFLOAD_READ ->
          new OffloadRead(commands, offloadLimits(), blockLengthBytes)
              .run(request.timeToLiveSeconds(), request.ranges());
      case OFFLOAD_WRITE ->
          new OffloadWrite(
                  commands,
                  offloadLimits(),
                  blockLengthBytes,
                  nanoTime,
                  request.writeParameters(),
                  request.ranges())
              .run();
      case TRIM ->
          new Trim(commands, discovery).run(request.rangesOr(discovery.unmapAlignmentBytes()));
      // Files of a kind begin or end to use the ranges: nothing that a SCSI disk is told.
      case NOTIFICATION -> IoctlResult.of(NtStatus.SUCCESS);
      case ALLOCATION -> Allocation.of(request).run(commands);
      case WRITE_ZEROES -> new WriteZeroes(commands, discovery).run(request.ranges());
      case GET_FREE_SPACE -> FreeSpace.run(commands, discovery);
      case SCRUB -> scrub(request);
      case GET_RANGE_ERROR_INFO -> rangeErrors(request);
      // DsmChecks lists all actions; none without checks of its own comes here.
      default -> throw new IllegalStateException("checked, but not answered: " + request.action());
    };
  }

  private RodTokenLimits offloadLimits() {
    return discovery.copyOffloadLimits().orElseThrow();
  }

  /** A disk with too many errors to list has been scrubbed as far as it went. */
  private IoctlResult scrub(DsmRequest request) throws IOException {
    MediumCheck check = new MediumCheck(commands, discovery).run(request.rangesOr(0));
    ScrubOutput output = ScrubOutput.of(check);
    return output.bytesProcessed() == 0
        ? IoctlResult.of(check.status())
        : new IoctlResult(
            NtStatus.SUCCESS,
            ManageDataSetAttributesOutput.aligned(DsmAction.SCRUB, output.encode()));
  }

  private IoctlResult rangeErrors(DsmRequest request) throws IOException {
    MediumCheck check = new MediumCheck(commands, discovery).run(request.rangesOr(0));
    if (!check.status().isSuccess()) {
      return IoctlResult.of(check.status());
    }
    RangeErrorInfo all = RangeErrorInfo.of(check);
    DsmAction action = DsmAction.GET_RANGE_ERROR_INFO;
    int blockAt = action.outputLengthBytes() - action.outputBlock().lengthBytes();
    RangeErrorInfo fitting = all.cutTo(request.outputCapacity() - blockAt);
    return new IoctlResult(
        fitting.parts().size() < all.parts().size() ? NtStatus.BUFFER_OVERFLOW : NtStatus.SUCCESS,
        ManageDataSetAttributesOutput.aligned(action, fitting.encode()));
  }
}
