package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.LogicalBlockProvisioning;
import io.gantry.scsi.RodTokenLimits;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Everything that a request must pass before a command is sent, by action and in order.
 *
 * <p>Two parties check a request in Windows: the validator that comes with the structures
 * (winioctl.h), which looks at the shape of the buffer, and the class driver (classpnp), which
 * looks at the disk and the ranges and takes most of the shape on trust. A request must satisfy
 * both here. Each party's checks keep their own order; where one refusal could come from either,
 * the class driver's length check comes first, because nothing can be read without it, then the
 * structure's version and action, then whether the disk can do it at all (for trims: after the
 * shape), then the shape of the blocks, then their content. Allocation is the exception: the class
 * driver goes on without a parameter block where the validator would refuse the request, and so
 * does this one.
 *
 * <p>The class driver hands actions other than OffloadRead, OffloadWrite, Trim and Allocation down
 * the stack. Those that mean something to a SCSI disk are answered here ({@link #DISK}); their
 * ranges are checked as those of offloads are. The others end as they would at the end of the
 * stack.
 *
 * <p>Left out: the class driver refuses offloads of callers in user mode and at raised IRQL; this
 * module's callers stand where file systems stand in Windows.
 */
final class DsmChecks {

  /**
   * One check.
   *
   * @param name what is checked
   * @param source whose check it is
   * @param verdict SUCCESS, or the status that ends the request; may rely on all checks before it
   */
  record Check(String name, String source, Function<DsmRequest, NtStatus> verdict) {}

  private static final String HEADER_FILE = "winioctl.h";
  private static final String CLASS_DRIVER = "classpnp";
  private static final String BOTH = "winioctl.h, classpnp";

  /** Not checked by either party: what an action needs that only this disk answers. */
  private static final String DISK = "disk";

  private static final int HEADER_LENGTH = ManageDataSetAttributes.LAYOUT.sizeBytes();

  private static final List<Check> START =
      List.of(
          new Check("input holds the header", CLASS_DRIVER, DsmChecks::inputHoldsHeader),
          new Check("input holds the blocks", CLASS_DRIVER, DsmChecks::inputHoldsBlocks),
          new Check("Size", HEADER_FILE, DsmChecks::size),
          new Check("Action", BOTH, DsmChecks::action));

  private static final Check PARAMETERS =
      new Check("parameter block", BOTH, DsmChecks::parameterBlock);
  private static final Check RANGES =
      new Check("data-set ranges", HEADER_FILE, DsmChecks::dataSetRanges);
  private static final Check OVERLAP =
      new Check("blocks do not overlap", HEADER_FILE, DsmChecks::noOverlap);
  private static final Check ROOM =
      new Check("output capacity", CLASS_DRIVER, DsmChecks::outputCapacity);

  private static final List<Check> OFFLOAD =
      order(
          new Check("disk can offload", CLASS_DRIVER, DsmChecks::diskCanOffload),
          PARAMETERS,
          RANGES,
          OVERLAP,
          new Check("ranges are given", CLASS_DRIVER, DsmChecks::rangesGiven),
          new Check("ranges lie on the disk", CLASS_DRIVER, DsmChecks::rangesOnDisk),
          new Check("TimeToLive", CLASS_DRIVER, DsmChecks::timeToLive),
          ROOM);

  private static final List<Check> TRIM =
      order(
          PARAMETERS,
          RANGES,
          new Check("disk can unmap", CLASS_DRIVER, DsmChecks::diskCanUnmap),
          new Check("ranges can be trimmed", CLASS_DRIVER, DsmChecks::rangesTrimmable),
          new Check("trimmed blocks read as zeros", CLASS_DRIVER, DsmChecks::trimReadsZeros));

  private static final List<Check> ALLOCATION =
      order(
          RANGES,
          new Check("OutputVersion", CLASS_DRIVER, DsmChecks::outputVersion),
          new Check("disk tells slabs", CLASS_DRIVER, DsmChecks::diskTellsSlabs),
          new Check("range can be queried", CLASS_DRIVER, DsmChecks::rangeQueryable),
          new Check("output holds the bitmap", CLASS_DRIVER, DsmChecks::outputHoldsBitmap));

  private static final List<Check> NOTIFICATION = order(PARAMETERS, RANGES, OVERLAP);

  private static final List<Check> FREE_SPACE = order(PARAMETERS, RANGES, ROOM);

  private static final List<Check> WRITE_ZEROES =
      order(
          PARAMETERS,
          RANGES,
          new Check("ranges are given", DISK, DsmChecks::rangesGiven),
          new Check("ranges lie on the disk", DISK, DsmChecks::rangesOnDisk));

  private static final List<Check> MEDIUM =
      order(
          PARAMETERS,
          RANGES,
          new Check("ranges lie on the disk", DISK, DsmChecks::rangesOnDisk),
          ROOM);

  private DsmChecks() {}

  private static List<Check> order(Check... more) {
    return Stream.concat(START.stream(), Stream.of(more)).toList();
  }

  /** The checks of an action, first to last. */
  static List<Check> of(DsmAction action) {
    return switch (action) {
      case OFFLOAD_READ, OFFLOAD_WRITE -> OFFLOAD;
      case TRIM -> TRIM;
      case ALLOCATION -> ALLOCATION;
      case NOTIFICATION -> NOTIFICATION;
      case GET_FREE_SPACE -> FREE_SPACE;
      case WRITE_ZEROES -> WRITE_ZEROES;
      case SCRUB, GET_RANGE_ERROR_INFO -> MEDIUM;
      // Storage Spaces, zones, tiers, caches and persistent memory: not what a SCSI disk has.
      case NONE,
          REPAIR,
          DRT_QUERY,
          DRT_CLEAR,
          DRT_DISABLE,
          TIERING_QUERY,
          MAP,
          REGENERATE_PARITY,
          NV_CACHE_CHANGE_PRIORITY,
          NV_CACHE_EVICT,
          TOPOLOGY_ID_QUERY,
          GET_PHYSICAL_ADDRESSES,
          SCOPE_REGEN,
          REPORT_ZONES,
          OPEN_ZONE,
          FINISH_ZONE,
          CLOSE_ZONE,
          RESET_WRITE_POINTER,
          LOST_QUERY,
          CONVERSION_QUERY,
          VDT_SET,
          QUERY_PREFER_LOCAL_REPAIR ->
          START;
    };
  }

  /** Whether a disk does anything but refuse the action. */
  static boolean isAnswered(DsmAction action) {
    return of(action).size() > START.size();
  }

  /** The status of the first check that fails, or SUCCESS. */
  static NtStatus verdict(DsmRequest request) {
    for (Check check : START) {
      NtStatus status = check.verdict.apply(request);
      if (!status.isSuccess()) {
        return status;
      }
    }
    for (Check check : of(request.action()).subList(START.size(), of(request.action()).size())) {
      NtStatus status = check.verdict.apply(request);
      if (!status.isSuccess()) {
        return status;
      }
    }
    return NtStatus.SUCCESS;
  }

  private static NtStatus require(boolean condition) {
    return condition ? NtStatus.SUCCESS : NtStatus.INVALID_PARAMETER;
  }

  private static NtStatus inputHoldsHeader(DsmRequest request) {
    return require(request.inputLength() >= HEADER_LENGTH);
  }

  private static NtStatus inputHoldsBlocks(DsmRequest request) {
    ManageDataSetAttributes header = request.header();
    return require(
        request.inputLength()
            >= HEADER_LENGTH + header.parameterBlockLength() + header.dataSetRangesLength());
  }

  private static NtStatus size(DsmRequest request) {
    return require(request.header().size() == HEADER_LENGTH);
  }

  private static NtStatus action(DsmRequest request) {
    return DsmAction.of(request.header().action()).filter(DsmChecks::isAnswered).isPresent()
        ? NtStatus.SUCCESS
        : NtStatus.NOT_SUPPORTED;
  }

  private static NtStatus diskCanOffload(DsmRequest request) {
    return request.disk().copyOffloadStatus();
  }

  private static NtStatus parameterBlock(DsmRequest request) {
    DsmAction.Block block = request.action().parameters();
    ManageDataSetAttributes header = request.header();
    if (!block.exists()) {
      return require(header.parameterBlockOffset() == 0 && header.parameterBlockLength() == 0);
    }
    return require(
        isWithin(request, header.parameterBlockOffset(), header.parameterBlockLength())
            && header.parameterBlockOffset() % block.alignmentBytes() == 0
            && header.parameterBlockLength() >= block.lengthBytes());
  }

  private static NtStatus dataSetRanges(DsmRequest request) {
    ManageDataSetAttributes header = request.header();
    long offset = header.dataSetRangesOffset();
    long length = header.dataSetRangesLength();
    if (request.isForEntireDisk()) {
      return require(offset == 0 && length == 0);
    }
    return require(
        isWithin(request, offset, length)
            && offset % DataSetRange.LAYOUT.alignmentBytes() == 0
            && length > 0
            && length % DataSetRange.LAYOUT.sizeBytes() == 0);
  }

  private static boolean isWithin(DsmRequest request, long offset, long length) {
    return offset >= HEADER_LENGTH
        && offset <= request.inputLength()
        && length <= request.inputLength() - offset;
  }

  /** Stricter than winioctl.h's comparison, which overlooks two blocks that start together. */
  private static NtStatus noOverlap(DsmRequest request) {
    ManageDataSetAttributes header = request.header();
    return require(
        request.isForEntireDisk()
            || header.parameterBlockOffset() + header.parameterBlockLength()
                <= header.dataSetRangesOffset()
            || header.dataSetRangesOffset() + header.dataSetRangesLength()
                <= header.parameterBlockOffset());
  }

  /** Fails for the entire disk: the class driver wants ranges and does not look at the flag. */
  private static NtStatus rangesGiven(DsmRequest request) {
    return require(request.header().dataSetRangesLength() > 0);
  }

  /** One range after the other: the first that is wrong decides the status. */
  private static NtStatus rangesOnDisk(DsmRequest request) {
    long diskBytes = request.disk().capacity().sizeBytes();
    long total = 0;
    for (DataSetRange range : request.rangesOr(0)) {
      if (!isOfWholeBlocks(request, range)) {
        return NtStatus.INVALID_PARAMETER;
      }
      if (!endsWithin(range, diskBytes)) {
        return NtStatus.NONEXISTENT_SECTOR;
      }
      total += range.lengthInBytes();
      if (total < 0) {
        return NtStatus.INVALID_PARAMETER;
      }
    }
    return NtStatus.SUCCESS;
  }

  private static boolean isOfWholeBlocks(DsmRequest request, DataSetRange range) {
    int block = request.disk().capacity().blockLengthBytes();
    return range.lengthInBytes() != 0
        && Long.remainderUnsigned(range.startingOffset(), block) == 0
        && Long.remainderUnsigned(range.lengthInBytes(), block) == 0;
  }

  private static boolean endsWithin(DataSetRange range, long diskBytes) {
    return Long.compareUnsigned(range.startingOffset(), diskBytes) <= 0
        && Long.compareUnsigned(range.lengthInBytes(), diskBytes - range.startingOffset()) <= 0;
  }

  private static NtStatus timeToLive(DsmRequest request) {
    if (request.action() != DsmAction.OFFLOAD_READ) {
      return NtStatus.SUCCESS;
    }
    long maximum =
        request.disk().copyOffloadLimits().map(RodTokenLimits::maximumInactivitySeconds).orElse(0L);
    return require(maximum == 0 || request.timeToLiveSeconds() <= maximum);
  }

  private static NtStatus outputCapacity(DsmRequest request) {
    return request.outputCapacity() >= request.action().outputLengthBytes()
        ? NtStatus.SUCCESS
        : NtStatus.BUFFER_TOO_SMALL;
  }

  private static NtStatus diskCanUnmap(DsmRequest request) {
    return request.disk().canUnmap() ? NtStatus.SUCCESS : NtStatus.NOT_SUPPORTED;
  }

  /** Unlike an offload, a trim past the end is an invalid parameter, too. */
  private static NtStatus rangesTrimmable(DsmRequest request) {
    long start = request.disk().unmapAlignmentBytes();
    long end = request.disk().capacity().sizeBytes();
    return require(
        request.rangesOr(start).stream()
            .allMatch(range ->
                isOfWholeBlocks(request, range)
                    && range.startingOffset() >= start
                    && endsWithin(range, end)));
  }

  /**
   * What a file gives up must read as zeros, or who reads it sees what others wrote. The class
   * driver does not look at TRIM_BYPASS_RZAT; winioctl.h says that it lifts this.
   */
  private static NtStatus trimReadsZeros(DsmRequest request) {
    int flags = request.header().flags();
    boolean zeros =
        request
            .disk()
            .provisioning()
            .map(LogicalBlockProvisioning::unmappedReadsZero)
            .orElse(false);
    return zeros
            || DsmFlag.TRIM_NOT_FS_ALLOCATED.isIn(flags)
            || DsmFlag.TRIM_BYPASS_RZAT.isIn(flags)
        ? NtStatus.SUCCESS
        : NtStatus.TRIM_READ_ZERO_NOT_SUPPORTED;
  }

  private static NtStatus outputVersion(DsmRequest request) {
    long version = request.allocationOutputVersion();
    return require(version == ProvisioningState.V1 || version == ProvisioningState.V2);
  }

  private static NtStatus diskTellsSlabs(DsmRequest request) {
    BlockLimits limits = request.disk().blockLimits();
    boolean unmaps =
        request.disk().provisioning().map(LogicalBlockProvisioning::unmap).orElse(false);
    return unmaps && limits.optimalUnmapGranularityBlocks() > 0
        ? NtStatus.SUCCESS
        : NtStatus.NOT_SUPPORTED;
  }

  /** The class driver looks at the first range only. */
  private static NtStatus rangeQueryable(DsmRequest request) {
    long start = request.disk().unmapAlignmentBytes();
    DataSetRange range = request.rangesOr(start).getFirst();
    return require(
        range.lengthInBytes() != 0
            && range.startingOffset() >= start
            && endsWithin(range, request.disk().capacity().sizeBytes()));
  }

  private static NtStatus outputHoldsBitmap(DsmRequest request) {
    return request.outputCapacity() >= Allocation.of(request).outputLengthBytes()
        ? NtStatus.SUCCESS
        : NtStatus.BUFFER_TOO_SMALL;
  }
}
