package io.gantry.dsm;

import java.io.IOException;
import java.util.List;

/**
 * A device that takes Windows' device control requests: a {@link Disk}, which carries them out with
 * SCSI commands, or a {@link WindowsDevice}, which hands them to Windows.
 *
 * <p>{@link #control} is bytes to bytes; the other methods put the bytes together and take them
 * apart, the same for every device. A request waits in the calling thread. A refusal is a status in
 * the result, or a {@link StatusException} where there is no result to put it in; any other {@link
 * IOException} means that the device could not be reached, and leaves open what became of the
 * request.
 */
public interface StorageDevice {

  /**
   * A device control request.
   *
   * @param controlCode see {@link ControlCode}
   * @param input the input buffer, any bytes; not changed
   * @param outputCapacity bytes of room in the output buffer
   * @return the status and what stands in the output buffer, at most {@code outputCapacity} bytes
   * @throws IOException if the device could not be reached
   */
  IoctlResult control(int controlCode, byte[] input, int outputCapacity) throws IOException;

  /**
   * Makes a token that stands for a range, or for as much of its beginning as the device takes at
   * once. The token lives as long as the device likes.
   */
  default OffloadReadResult offloadRead(DataSetRange range) throws IOException {
    return offloadRead(List.of(range), 0);
  }

  /**
   * Makes a token that stands for the ranges, or for as much of their beginning as the device takes
   * at once.
   *
   * @param ranges in the order in which the token is to hold them
   * @param timeToLive see {@link OffloadReadParameters#timeToLive}; 0 for the device's default
   */
  default OffloadReadResult offloadRead(List<DataSetRange> ranges, int timeToLive)
      throws IOException {
    byte[] parameters = new OffloadReadParameters(0, timeToLive).encode();
    return OffloadReadResult.of(manage(DsmAction.OFFLOAD_READ, parameters, ranges));
  }

  /**
   * Writes a token's data to a range, or to as much of its beginning as the device manages in a few
   * seconds.
   *
   * @param tokenOffsetBytes where to start in the token's data
   */
  default OffloadWriteResult offloadWrite(
      OffloadToken token, long tokenOffsetBytes, DataSetRange range) throws IOException {
    return offloadWrite(token, tokenOffsetBytes, List.of(range));
  }

  /** The same with several ranges, filled in the order given. */
  default OffloadWriteResult offloadWrite(
      OffloadToken token, long tokenOffsetBytes, List<DataSetRange> ranges) throws IOException {
    byte[] parameters = new OffloadWriteParameters(0, tokenOffsetBytes, token).encode();
    return OffloadWriteResult.of(manage(DsmAction.OFFLOAD_WRITE, parameters, ranges));
  }

  /** Gives up what is in the ranges; on most devices they read as zeros afterwards. */
  default NtStatus trim(List<DataSetRange> ranges) throws IOException {
    return manage(DsmAction.TRIM, new byte[0], ranges).status();
  }

  /** Fills the ranges with zeros. */
  default NtStatus writeZeroes(List<DataSetRange> ranges) throws IOException {
    return manage(DsmAction.WRITE_ZEROES, new byte[0], ranges).status();
  }

  /**
   * Tells which slabs of a range are mapped.
   *
   * @param slabBytes what a slab is at least; the answer has room for so many of them. See {@code
   *     DEVICE_LB_PROVISIONING_DESCRIPTOR.OptimalUnmapGranularity}
   * @throws StatusException if the device does not tell, or its slabs are smaller
   */
  default ProvisioningState allocation(DataSetRange range, long slabBytes) throws IOException {
    byte[] parameters = AllocationParameters.forOutput(ProvisioningState.V2).encode();
    long slabs = Math.ceilDiv(range.lengthInBytes(), slabBytes);
    long room =
        2L * DsmAction.ALLOCATION.outputLengthBytes()
            + ProvisioningState.sizeBytes(ProvisioningState.V2, slabs);
    byte[] input = ManageDataSetAttributes.input(DsmAction.ALLOCATION, parameters, List.of(range));
    return ProvisioningState.decode(
        blockOf(DsmAction.ALLOCATION, input, (int) Math.min(room, Integer.MAX_VALUE)));
  }

  /**
   * Bytes that are left in the pool that the device is in.
   *
   * @throws StatusException if the device does not tell
   */
  default long freeSpace() throws IOException {
    byte[] input = ManageDataSetAttributes.inputForEntireDisk(DsmAction.GET_FREE_SPACE);
    return FreeSpace.decode(
        blockOf(DsmAction.GET_FREE_SPACE, input, DsmAction.GET_FREE_SPACE.outputLengthBytes()));
  }

  /**
   * Reads ranges where they are, and tells what cannot be read. Takes as long as reading takes.
   *
   * @throws StatusException if the device cannot do it
   */
  default ScrubOutput scrub(List<DataSetRange> ranges) throws IOException {
    byte[] input = ManageDataSetAttributes.input(DsmAction.SCRUB, new byte[0], ranges);
    return ScrubOutput.decode(blockOf(DsmAction.SCRUB, input, DsmAction.SCRUB.outputLengthBytes()));
  }

  private IoctlResult manage(DsmAction action, byte[] parameters, List<DataSetRange> ranges)
      throws IOException {
    return control(
        ControlCode.IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES.value(),
        ManageDataSetAttributes.input(action, parameters, ranges),
        action.outputLengthBytes());
  }

  private byte[] blockOf(DsmAction action, byte[] input, int outputCapacity) throws IOException {
    IoctlResult result =
        control(
            ControlCode.IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES.value(), input, outputCapacity);
    if (!result.status().isSuccess()) {
      throw new StatusException(action.windowsName(), result.status());
    }
    return ManageDataSetAttributesOutput.block(result.output())
        .filter(block -> block.length >= action.leastBlockBytes())
        .orElseThrow(() ->
            new IOException(
                "%s: the device answered with %d bytes that do not hold its result"
                    .formatted(action.windowsName(), result.output().length)));
  }
}
