package io.gantry.dsm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * An {@code IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES} request as it came, with all that it is
 * judged by. The accessors of the input's parts may be used only after the {@link DsmChecks} that
 * make them safe.
 *
 * @param input the input buffer
 * @param outputCapacity bytes of room for the output
 * @param disk what the disk said of itself
 * @param timeToLiveUnit what an offload read's time to live counts
 */
record DsmRequest(
    ByteBuffer input, int outputCapacity, Discovery disk, TimeToLiveUnit timeToLiveUnit) {

  int inputLength() {
    return input.remaining();
  }

  ManageDataSetAttributes header() {
    return ManageDataSetAttributes.decode(input, 0);
  }

  DsmAction action() {
    return DsmAction.of(header().action()).orElseThrow();
  }

  boolean isForEntireDisk() {
    return DsmFlag.ENTIRE_DATA_SET_RANGE.isIn(header().flags());
  }

  private int parametersAt() {
    return (int) header().parameterBlockOffset();
  }

  OffloadReadParameters readParameters() {
    return OffloadReadParameters.decode(input, parametersAt());
  }

  /** The time to live that the target is asked for; 0 for its default. */
  long timeToLiveSeconds() {
    return timeToLiveUnit.toSeconds(readParameters().timeToLive());
  }

  OffloadWriteParameters writeParameters() {
    return OffloadWriteParameters.decode(input, parametersAt());
  }

  /** The version of the output that an allocation query asks for; V1 if it does not say. */
  long allocationOutputVersion() {
    ManageDataSetAttributes header = header();
    boolean isThere =
        header.parameterBlockOffset() >= ManageDataSetAttributes.LAYOUT.sizeBytes()
            && header.parameterBlockLength() >= AllocationParameters.LAYOUT.sizeBytes()
            && header.parameterBlockOffset()
                <= inputLength() - AllocationParameters.LAYOUT.sizeBytes();
    return isThere
        ? AllocationParameters.decode(input, parametersAt()).wantedVersion()
        : ProvisioningState.V1;
  }

  /** The ranges of the input, none for the entire disk. */
  List<DataSetRange> ranges() {
    ManageDataSetAttributes header = header();
    int step = DataSetRange.LAYOUT.sizeBytes();
    int end = (int) (header.dataSetRangesOffset() + header.dataSetRangesLength());
    List<DataSetRange> ranges = new ArrayList<>();
    for (int at = (int) header.dataSetRangesOffset(); at < end; at += step) {
      ranges.add(DataSetRange.decode(input, at));
    }
    return ranges;
  }

  /** The ranges, or the entire disk from a byte on. */
  List<DataSetRange> rangesOr(long entireDiskFrom) {
    return isForEntireDisk()
        ? List.of(new DataSetRange(entireDiskFrom, disk.capacity().sizeBytes() - entireDiskFrom))
        : ranges();
  }
}
