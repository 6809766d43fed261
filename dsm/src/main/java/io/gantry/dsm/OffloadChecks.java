package io.gantry.dsm;

import io.gantry.scsi.RodTokenLimits;
import java.util.List;
import java.util.function.Function;

/**
 * Everything that an offload request must pass before a command is sent, in order.
 *
 * <p>Two parties check such a request in Windows: the validator that comes with the structures
 * (winioctl.h), which looks at the shape of the buffer, and the class driver (classpnp), which
 * looks at the disk and the ranges and takes most of the shape on trust. A request must satisfy
 * both here. Each party's checks keep their own order; where one refusal could come from either,
 * the class driver's length check comes first, because nothing can be read without it, then the
 * structure's version and action, then whether the disk can offload at all, then the shape of the
 * blocks, then their content.
 *
 * <p>Left out: the class driver refuses callers in user mode and at raised IRQL; this module's
 * callers stand where file systems stand in Windows.
 */
final class OffloadChecks {

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

  /** The checks, first to last. */
  static final List<Check> ORDER =
      List.of(
          new Check("input holds the header", CLASS_DRIVER, OffloadChecks::inputHoldsHeader),
          new Check("input holds the blocks", CLASS_DRIVER, OffloadChecks::inputHoldsBlocks),
          new Check("Size", HEADER_FILE, OffloadChecks::size),
          new Check("Action", BOTH, OffloadChecks::action),
          new Check("disk can offload", CLASS_DRIVER, OffloadChecks::diskCanOffload),
          new Check("parameter block", BOTH, OffloadChecks::parameterBlock),
          new Check("data-set ranges", HEADER_FILE, OffloadChecks::dataSetRanges),
          new Check("blocks do not overlap", HEADER_FILE, OffloadChecks::noOverlap),
          new Check("ranges are given", CLASS_DRIVER, OffloadChecks::rangesGiven),
          new Check("ranges lie on the disk", CLASS_DRIVER, OffloadChecks::rangesOnDisk),
          new Check("TimeToLive", CLASS_DRIVER, OffloadChecks::timeToLive),
          new Check("output capacity", CLASS_DRIVER, OffloadChecks::outputCapacity));

  private static final int HEADER_LENGTH = ManageDataSetAttributes.LAYOUT.sizeBytes();

  private OffloadChecks() {}

  /** The status of the first check that fails, or SUCCESS. */
  static NtStatus verdict(DsmRequest request) {
    for (Check check : ORDER) {
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
    return request.offload().isPresent() ? NtStatus.SUCCESS : NtStatus.NOT_SUPPORTED;
  }

  private static NtStatus diskCanOffload(DsmRequest request) {
    return request.limits().isPresent() ? NtStatus.SUCCESS : NtStatus.DEVICE_FEATURE_NOT_SUPPORTED;
  }

  private static NtStatus parameterBlock(DsmRequest request) {
    DsmAction.Block block = request.action().parameters();
    ManageDataSetAttributes header = request.header();
    return require(
        isWithin(request, header.parameterBlockOffset(), header.parameterBlockLength())
            && header.parameterBlockOffset() % block.alignmentBytes() == 0
            && header.parameterBlockLength() >= block.lengthBytes());
  }

  private static NtStatus dataSetRanges(DsmRequest request) {
    ManageDataSetAttributes header = request.header();
    long offset = header.dataSetRangesOffset();
    long length = header.dataSetRangesLength();
    if (DsmFlag.ENTIRE_DATA_SET_RANGE.isIn(header.flags())) {
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
        header.parameterBlockOffset() + header.parameterBlockLength()
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
    long diskBytes = request.capacity().sizeBytes();
    int block = request.capacity().blockLengthBytes();
    long total = 0;
    for (DataSetRange range : request.ranges()) {
      long start = range.startingOffset();
      long length = range.lengthInBytes();
      if (length == 0
          || Long.remainderUnsigned(start, block) != 0
          || Long.remainderUnsigned(length, block) != 0) {
        return NtStatus.INVALID_PARAMETER;
      }
      if (Long.compareUnsigned(start, diskBytes) > 0
          || Long.compareUnsigned(length, diskBytes - start) > 0) {
        return NtStatus.NONEXISTENT_SECTOR;
      }
      total += length;
      if (total < 0) {
        return NtStatus.INVALID_PARAMETER;
      }
    }
    return NtStatus.SUCCESS;
  }

  private static NtStatus timeToLive(DsmRequest request) {
    if (request.action() != DsmAction.OFFLOAD_READ) {
      return NtStatus.SUCCESS;
    }
    long maximum = request.limits().map(RodTokenLimits::maximumInactivitySeconds).orElse(0L);
    long asked = Integer.toUnsignedLong(request.readParameters().timeToLive());
    return require(maximum == 0 || asked <= maximum);
  }

  private static NtStatus outputCapacity(DsmRequest request) {
    return request.outputCapacity() >= request.action().outputBlock().lengthBytes()
        ? NtStatus.SUCCESS
        : NtStatus.BUFFER_TOO_SMALL;
  }
}
