package io.gantry.dsm;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.RodTokenLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What a device says about itself when it is attached.
 *
 * <p>Copy offload needs, by classpnp's rules: a disk; a list of VPD pages (00h) that begins with
 * 00h, ascends strictly and holds 8Fh; and a page 8Fh whose first descriptor is the limits
 * descriptor. A device that lacks one of these is still a disk, only without offload.
 *
 * @param capacity number and length of blocks
 * @param copyOffloadLimits empty if Windows would not offload
 * @param blockLimits all zeros without VPD page B0h
 */
record Discovery(
    Capacity capacity, Optional<RodTokenLimits> copyOffloadLimits, BlockLimits blockLimits) {

  private static final int SUPPORTED_PAGES = 0x00;
  private static final int THIRD_PARTY_COPY = 0x8F;
  private static final int PAGE_HEADER_LENGTH = 4;

  static Discovery of(DeviceCommands commands) throws IOException {
    byte[] inquiry = commands.inquiry();
    // Peripheral qualifier and device type: a direct access block device that is there.
    boolean isDisk = inquiry.length > 0 && inquiry[0] == 0;
    byte[] pages = commands.page(SUPPORTED_PAGES);
    RodTokenLimits limits =
        isDisk && lists(pages, THIRD_PARTY_COPY)
            ? RodTokenLimits.find(commands.page(THIRD_PARTY_COPY))
            : null;
    byte[] blockLimits =
        lists(pages, BlockLimits.PAGE) ? commands.page(BlockLimits.PAGE) : new byte[0];
    return new Discovery(
        capacity(commands), Optional.ofNullable(limits), BlockLimits.decode(blockLimits));
  }

  /** Whether VPD page 00h lists a page; a list that Windows does not trust lists nothing. */
  private static boolean lists(byte[] pages, int wanted) {
    if (pages.length <= PAGE_HEADER_LENGTH || pages[PAGE_HEADER_LENGTH] != SUPPORTED_PAGES) {
      return false;
    }
    int length = ByteBuffer.wrap(pages).getShort(2) & 0xffff;
    int end = Math.min(pages.length, PAGE_HEADER_LENGTH + length);
    boolean found = false;
    for (int at = PAGE_HEADER_LENGTH; at < end; at++) {
      if (at > PAGE_HEADER_LENGTH && (pages[at] & 0xff) <= (pages[at - 1] & 0xff)) {
        return false;
      }
      found |= (pages[at] & 0xff) == wanted;
    }
    return found;
  }

  private static Capacity capacity(DeviceCommands commands) throws IOException {
    Cdb sixteen = new Cdb.ReadCapacity16(0, Capacity.LENGTH, false);
    DeviceCommands.Received received = commands.start(sixteen, Capacity.LENGTH);
    // Up to here go the two fields that matter; what a device does not send reads as 0.
    if (received.response().isGood() && received.data().remaining() >= 12) {
      ByteBuffer whole = ByteBuffer.allocate(Capacity.LENGTH);
      whole.put(0, received.data(), 0, received.data().remaining());
      return checked(Capacity.decode(whole));
    }
    DeviceCommands.Received old = commands.start(new Cdb.ReadCapacity10(0, false), 8);
    if (!old.response().isGood() || old.data().remaining() < 8) {
      throw new IOException(
          "the device does not tell its capacity: READ CAPACITY(16) %s, READ CAPACITY(10) %s"
              .formatted(received.response().describe(), old.response().describe()));
    }
    long blocks = (old.data().getInt(0) & 0xffff_ffffL) + 1;
    return checked(new Capacity(blocks, old.data().getInt(4), 0, false, false));
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
