package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.RodTokenLimits;
import io.gantry.scsi.ScsiDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * A disk as Windows' disk class driver sees it: takes device control requests, bytes to bytes, and
 * carries them out with SCSI commands.
 *
 * <p>Handled are {@code IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES} with the actions OffloadRead and
 * OffloadWrite, and {@code IOCTL_STORAGE_QUERY_PROPERTY} for the copy offload property. What the
 * device can do is asked once, when the disk is attached; a device that has changed since must be
 * attached anew.
 *
 * <p>Safe for use by several threads. A request waits for its commands in the calling thread. A
 * refusal of any kind is a status in the result; an {@link IOException} means that the device could
 * not be reached, and leaves open what became of the request.
 */
public final class Disk {
  /**
   * Windows' one counter for all disks. Identifiers need to differ only within an I_T nexus, and a
   * new process has new nexuses, so it may start at 0 like Windows' does.
   */
  private static final AtomicInteger LIST_IDENTIFIERS = new AtomicInteger();

  private final DeviceCommands commands;
  private final LongSupplier nanoTime;
  private final Capacity capacity;
  private final Optional<RodTokenLimits> copyOffloadLimits;
  private final BlockLimits blockLimits;

  private Disk(
      DeviceCommands commands,
      LongSupplier nanoTime,
      Capacity capacity,
      Optional<RodTokenLimits> copyOffloadLimits,
      BlockLimits blockLimits) {
    this.commands = commands;
    this.nanoTime = nanoTime;
    this.capacity = capacity;
    this.copyOffloadLimits = copyOffloadLimits;
    this.blockLimits = blockLimits;
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
    Discovery discovery = Discovery.of(commands);
    return new Disk(
        commands,
        nanoTime,
        discovery.capacity(),
        discovery.copyOffloadLimits(),
        discovery.blockLimits());
  }

  /** Number and length of the logical blocks. */
  public Capacity capacity() {
    return capacity;
  }

  /** What the device can offload; empty if Windows would not offload to it. */
  public Optional<RodTokenLimits> copyOffloadLimits() {
    return copyOffloadLimits;
  }

  /** VPD page B0h; all zeros if the device does not have it. */
  public BlockLimits blockLimits() {
    return blockLimits;
  }

  /**
   * A device control request, as of a kernel-mode caller.
   *
   * @param controlCode see {@link ControlCode}; others end with INVALID_DEVICE_REQUEST
   * @param input the input buffer, any bytes; not changed
   * @param outputCapacity bytes of room in the output buffer
   * @return the status and what stands in the output buffer, at most {@code outputCapacity} bytes
   * @throws IOException if the device could not be reached
   */
  public IoctlResult control(int controlCode, byte[] input, int outputCapacity) throws IOException {
    ControlCode code = ControlCode.of(controlCode).orElse(null);
    if (code == ControlCode.IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES) {
      return manageDataSetAttributes(input, outputCapacity);
    }
    if (code == ControlCode.IOCTL_STORAGE_QUERY_PROPERTY) {
      return queryProperty(input, outputCapacity);
    }
    return IoctlResult.of(NtStatus.INVALID_DEVICE_REQUEST);
  }

  /**
   * Makes a token that stands for the ranges, or for as much of their beginning as the device takes
   * at once.
   *
   * @param ranges in the order in which the token is to hold them
   * @param timeToLive see {@link OffloadReadParameters#timeToLive}; 0 for the device's default
   * @throws IOException if the device could not be reached
   */
  public OffloadReadResult offloadRead(List<DataSetRange> ranges, int timeToLive)
      throws IOException {
    byte[] parameters = new OffloadReadParameters(0, timeToLive).encode();
    return OffloadReadResult.of(offload(DsmAction.OFFLOAD_READ, parameters, ranges));
  }

  /**
   * Writes a token's data to the ranges, or to as much of their beginning as the device manages in
   * a few seconds.
   *
   * @param tokenOffsetBytes where to start in the token's data
   * @param ranges filled in this order
   * @throws IOException if the device could not be reached
   */
  public OffloadWriteResult offloadWrite(
      OffloadToken token, long tokenOffsetBytes, List<DataSetRange> ranges) throws IOException {
    byte[] parameters = new OffloadWriteParameters(0, tokenOffsetBytes, token).encode();
    return OffloadWriteResult.of(offload(DsmAction.OFFLOAD_WRITE, parameters, ranges));
  }

  private IoctlResult offload(DsmAction action, byte[] parameters, List<DataSetRange> ranges)
      throws IOException {
    return control(
        ControlCode.IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES.value(),
        ManageDataSetAttributes.input(action, parameters, ranges),
        action.outputBlock().lengthBytes());
  }

  private IoctlResult manageDataSetAttributes(byte[] input, int outputCapacity) throws IOException {
    DsmRequest request =
        new DsmRequest(ByteBuffer.wrap(input), outputCapacity, capacity, copyOffloadLimits);
    NtStatus verdict = OffloadChecks.verdict(request);
    if (!verdict.isSuccess()) {
      return IoctlResult.of(verdict);
    }
    RodTokenLimits limits = copyOffloadLimits.orElseThrow();
    int blockLengthBytes = capacity.blockLengthBytes();
    if (request.action() == DsmAction.OFFLOAD_READ) {
      return new OffloadRead(commands, limits, blockLengthBytes)
          .run(request.readParameters(), request.ranges());
    }
    return new OffloadWrite(
            commands,
            limits,
            blockLengthBytes,
            nanoTime,
            request.writeParameters(),
            request.ranges())
        .run();
  }

  private IoctlResult queryProperty(byte[] input, int outputCapacity) {
    if (input.length < PropertyQuery.MINIMUM_LENGTH) {
      return IoctlResult.of(NtStatus.INVALID_PARAMETER);
    }
    PropertyQuery query = PropertyQuery.decode(ByteBuffer.wrap(input));
    if (query.propertyId() != PropertyQuery.COPY_OFFLOAD_PROPERTY) {
      return IoctlResult.of(NtStatus.NOT_SUPPORTED);
    }
    if (query.queryType() == PropertyQuery.EXISTS) {
      return IoctlResult.of(NtStatus.SUCCESS);
    }
    if (query.queryType() != PropertyQuery.STANDARD) {
      return IoctlResult.of(NtStatus.NOT_SUPPORTED);
    }
    if (outputCapacity < CopyOffloadDescriptor.HEADER_LENGTH) {
      return IoctlResult.of(NtStatus.BUFFER_TOO_SMALL);
    }
    if (outputCapacity < CopyOffloadDescriptor.LAYOUT.sizeBytes()) {
      return new IoctlResult(NtStatus.SUCCESS, CopyOffloadDescriptor.header());
    }
    return copyOffloadLimits
        .map(limits -> new CopyOffloadDescriptor(limits, blockLimits).encode())
        .map(output -> new IoctlResult(NtStatus.SUCCESS, output))
        .orElseGet(() -> IoctlResult.of(NtStatus.DEVICE_FEATURE_NOT_SUPPORTED));
  }
}
