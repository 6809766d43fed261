package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Layout;
import io.gantry.scsi.RodTokenLimits;
import java.nio.ByteBuffer;

/**
 * What a disk can offload: {@code DEVICE_COPY_OFFLOAD_DESCRIPTOR} (ntddstor.h), property 13 of
 * {@code IOCTL_STORAGE_QUERY_PROPERTY}. The documentation counts the two transfer fields in bytes;
 * Windows' class driver reports what the target said, in logical blocks, and so does this module.
 *
 * @param limits what the target said in VPD page 8Fh
 * @param blocks what it said in VPD page B0h
 */
record CopyOffloadDescriptor(RodTokenLimits limits, BlockLimits blocks) {
  static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_COPY_OFFLOAD_DESCRIPTOR", "ntddstor.h", 48, 8);
  private static final Layout.Field VERSION =
      LAYOUT.uint(0, 4, "Version", "", "1; 48 if only Version and Size are returned");
  private static final Layout.Field SIZE =
      LAYOUT.uint(4, 4, "Size", "bytes", "of this structure, 48");
  private static final Layout.Field MAXIMUM_TOKEN_LIFETIME =
      LAYOUT.uint(8, 4, "MaximumTokenLifetime", "seconds", "0: not limited");
  private static final Layout.Field DEFAULT_TOKEN_LIFETIME =
      LAYOUT.uint(12, 4, "DefaultTokenLifetime", "seconds", "");
  private static final Layout.Field MAXIMUM_TRANSFER_SIZE =
      LAYOUT.uint(16, 8, "MaximumTransferSize", "blocks", "of one command; 0: not limited");
  private static final Layout.Field OPTIMAL_TRANSFER_COUNT =
      LAYOUT.uint(24, 8, "OptimalTransferCount", "blocks", "of one command; 0: none");
  private static final Layout.Field MAXIMUM_DATA_DESCRIPTORS =
      LAYOUT.uint(32, 4, "MaximumDataDescriptors", "ranges", "of one command; 0: not limited");
  private static final Layout.Field MAXIMUM_PER_DESCRIPTOR =
      LAYOUT.uint(36, 4, "MaximumTransferLengthPerDescriptor", "blocks", "");
  private static final Layout.Field OPTIMAL_PER_DESCRIPTOR =
      LAYOUT.uint(40, 4, "OptimalTransferLengthPerDescriptor", "blocks", "");
  private static final Layout.Field GRANULARITY =
      LAYOUT.uint(44, 2, "OptimalTransferLengthGranularity", "blocks", "");

  static {
    LAYOUT.bytes(46, 2, "Reserved", "0");
  }

  private static final int FULL_VERSION = 1;

  /** The whole descriptor. */
  byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LAYOUT.sizeBytes());
    VERSION.set(b, 0, FULL_VERSION);
    SIZE.set(b, 0, LAYOUT.sizeBytes());
    MAXIMUM_TOKEN_LIFETIME.set(b, 0, limits.maximumInactivitySeconds());
    DEFAULT_TOKEN_LIFETIME.set(b, 0, limits.defaultInactivitySeconds());
    MAXIMUM_TRANSFER_SIZE.set(b, 0, limits.maximumTransferBlocks());
    OPTIMAL_TRANSFER_COUNT.set(b, 0, limits.optimalTransferBlocks());
    MAXIMUM_DATA_DESCRIPTORS.set(b, 0, limits.maximumRanges());
    MAXIMUM_PER_DESCRIPTOR.set(b, 0, blocks.maximumTransferBlocks());
    OPTIMAL_PER_DESCRIPTOR.set(b, 0, blocks.optimalTransferBlocks());
    GRANULARITY.set(b, 0, blocks.optimalGranularityBlocks());
    return b.array();
  }
}
