package io.gantry.dsm;

import io.gantry.scsi.Capacity;
import io.gantry.scsi.RodTokenLimits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An {@code IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES} request as it came, with all that it is
 * judged by. The accessors of the input's parts may be used only after the {@link OffloadChecks}
 * that make them safe.
 *
 * @param input the input buffer
 * @param outputCapacity bytes of room for the output
 * @param capacity the disk's
 * @param limits what the disk can offload; empty if nothing
 */
record DsmRequest(
    ByteBuffer input, int outputCapacity, Capacity capacity, Optional<RodTokenLimits> limits) {

  int inputLength() {
    return input.remaining();
  }

  ManageDataSetAttributes header() {
    return ManageDataSetAttributes.decode(input, 0);
  }

  /** The action, if it is one that the disk handles. */
  Optional<DsmAction> offload() {
    return DsmAction.of(header().action())
        .filter(action -> action == DsmAction.OFFLOAD_READ || action == DsmAction.OFFLOAD_WRITE);
  }

  DsmAction action() {
    return offload().orElseThrow();
  }

  OffloadReadParameters readParameters() {
    return OffloadReadParameters.decode(input, (int) header().parameterBlockOffset());
  }

  OffloadWriteParameters writeParameters() {
    return OffloadWriteParameters.decode(input, (int) header().parameterBlockOffset());
  }

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
}
