package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.LogicalBlockProvisioning;
import io.gantry.scsi.RodTokenLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a device says about itself when it is attached.
 *
 * <p>Copy offload needs, by classpnp's rules: a disk; a list of VPD pages (00h) that begins with
 * 00h, ascends strictly and holds 8Fh; and a page 8Fh whose first descriptor is the limits
 * descriptor. A device that lacks one of these is still a disk, only without offload.
 *
 * @param capacity number and length of blocks
 * @param copyOffloadStatus SUCCESS, or why Windows would not offload
 * @param copyOffloadLimits empty if Windows would not offload
 * @param blockLimits all zeros without VPD page B0h
 * @param provisioning VPD page B2h; empty without it
 * @param pages VPD pages that the device has, as far as they are trusted
 * @param inquiry standard INQUIRY data; empty if there were none
 * @param lowestAlignedLba LOWEST ALIGNED LOGICAL BLOCK ADDRESS: the first that begins a physical
 *     block
 */
record Discovery(
    Capacity capacity,
    NtStatus copyOffloadStatus,
    Optional<RodTokenLimits> copyOffloadLimits,
    BlockLimits blockLimits,
    Optional<LogicalBlockProvisioning> provisioning,
    Set<Integer> pages,
    ByteBuffer inquiry,
    int lowestAlignedLba) {

  private static final int SUPPORTED_PAGES = 0x00;
  private static final int THIRD_PARTY_COPY = 0x8F;
  private static final int PAGE_HEADER_LENGTH = 4;
  private static final byte[] NOTHING = {};

  static Discovery of(DeviceCommands commands) throws IOException {
    byte[] inquiry = commands.inquiry();
    // Peripheral qualifier and device type: a direct access block device that is there.
    boolean isDisk = inquiry.length > 0 && inquiry[0] == 0;
    Set<Integer> pages = trusted(commands.page(SUPPORTED_PAGES));
    NtStatus copyOffloadStatus = NtStatus.DEVICE_FEATURE_NOT_SUPPORTED;
    RodTokenLimits limits = null;
    if (isDisk && pages.contains(THIRD_PARTY_COPY)) {
      DeviceCommands.Received page = commands.receivePage(THIRD_PARTY_COPY);
      limits = RodTokenLimits.find(page.bytes());
      NtStatus asked = SenseStatus.of(page.response()).status();
      copyOffloadStatus =
          limits != null || !asked.isSuccess() ? asked : NtStatus.DEVICE_FEATURE_NOT_SUPPORTED;
    }
    byte[] blockLimits =
        pages.contains(BlockLimits.PAGE) ? commands.page(BlockLimits.PAGE) : NOTHING;
    byte[] provisioning =
        pages.contains(LogicalBlockProvisioning.PAGE)
            ? commands.page(LogicalBlockProvisioning.PAGE)
            : NOTHING;
    ByteBuffer capacity = capacity(commands);
    return new Discovery(
        checked(Capacity.decode(capacity)),
        copyOffloadStatus,
        Optional.ofNullable(limits),
        BlockLimits.decode(blockLimits),
        LogicalBlockProvisioning.decode(provisioning),
        pages,
        ByteBuffer.wrap(inquiry),
        capacity.getShort(14) & 0x3fff);
  }

  /** Whether UNMAP works, by classpnp's rule: VPD pages B2h and B0h both say so. */
  boolean canUnmap() {
    return provisioning.map(LogicalBlockProvisioning::unmap).orElse(false)
        && blockLimits.maximumUnmapBlocks() > 0
        && blockLimits.maximumUnmapDescriptors() > 0;
  }

  /** The first byte that can be unmapped. */
  long unmapAlignmentBytes() {
    return blockLimits.unmapAlignmentBlocks().orElse(0) * capacity.blockLengthBytes();
  }

  /** What VPD page 00h lists; nothing if Windows would not trust it. */
  private static Set<Integer> trusted(byte[] list) {
    if (list.length <= PAGE_HEADER_LENGTH || list[PAGE_HEADER_LENGTH] != SUPPORTED_PAGES) {
      return Set.of();
    }
    int length = ByteBuffer.wrap(list).getShort(2) & 0xffff;
    int end = Math.min(list.length, PAGE_HEADER_LENGTH + length);
    Set<Integer> pages = new TreeSet<>();
    for (int at = PAGE_HEADER_LENGTH; at < end; at++) {
      if (at > PAGE_HEADER_LENGTH && (list[at] & 0xff) <= (list[at - 1] & 0xff)) {
        return Set.of();
      }
      pages.add(list[at] & 0xff);
    }
    return pages;
  }

  /** READ CAPACITY(16) data, of an old device made from those of (10). */
  private static ByteBuffer capacity(DeviceCommands commands) throws IOException {
    Cdb sixteen = new Cdb.ReadCapacity16(0, Capacity.LENGTH, false);
    DeviceCommands.Received received = commands.receive(sixteen, Capacity.LENGTH);
    // Up to here go the two fields that matter; what a device does not send reads as 0.
    if (received.response().isGood() && received.data().remaining() >= 12) {
      ByteBuffer whole = ByteBuffer.allocate(Capacity.LENGTH);
      whole.put(0, received.data(), 0, received.data().remaining());
      return whole;
    }
    DeviceCommands.Received old = commands.receive(new Cdb.ReadCapacity10(0, false), 8);
    if (!old.response().isGood() || old.data().remaining() < 8) {
      throw new IOException(
          "the device does not tell its capacity: READ CAPACITY(16) %s, READ CAPACITY(10) %s"
              .formatted(received.response().describe(), old.response().describe()));
    }
    long blocks = (old.data().getInt(0) & 0xffff_ffffL) + 1;
    int blockLength = old.data().getInt(4);
    return ByteBuffer.wrap(new Capacity(blocks, blockLength, 0, false, false).encode());
  }

  private static Capacity checked(Capacity capacity) throws IOException {
    if (capacity.blocks() <= 0
        || capacity.blockLengthBytes() <= 0
        || capacity.blocks() > Long.MAX_VALUE / capacity.blockLengthBytes()) {
      throw new IOException(
          "the device tells an impossible capacity: %d blocks of %d bytes"
              .formatted(capacity.blocks(), capacity.blockLengthBytes()));
    }
    return capacity;
  }
}
