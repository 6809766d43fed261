package io.gantry.dsm;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Layout;
import io.gantry.scsi.LogPage;
import io.gantry.scsi.LogicalBlockProvisioning;
import io.gantry.scsi.PrimaryCdb;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * DeviceDsmAction_GetFreeSpace on a disk: the space that the pool behind it has left, by LOG SENSE
 * page 0Ch. The result is a {@code DEVICE_DSM_FREE_SPACE_OUTPUT} (winioctl.h).
 */
final class FreeSpace {
  static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DSM_FREE_SPACE_OUTPUT", "winioctl.h", 16, 8);
  private static final Layout.Field VERSION = LAYOUT.uint(0, 4, "Version", "", "16");
  private static final Layout.Field FREE_SPACE = LAYOUT.uint(8, 8, "FreeSpace", "bytes", "");

  private static final int CUMULATIVE = 1;
  private static final int ALLOCATION = 512;
  private static final int COUNT_LENGTH = 4;

  private FreeSpace() {}

  /** Carries out a request that has passed {@link DsmChecks}. */
  static IoctlResult run(DeviceCommands commands, Discovery disk) throws IOException {
    OptionalLong free = bytes(commands, disk);
    if (free.isEmpty()) {
      return IoctlResult.of(NtStatus.NOT_SUPPORTED);
    }
    ByteBuffer block = ByteBuffer.allocate(LAYOUT.sizeBytes());
    VERSION.set(block, 0, LAYOUT.sizeBytes());
    FREE_SPACE.set(block, 0, free.getAsLong());
    return new IoctlResult(
        NtStatus.SUCCESS,
        ManageDataSetAttributesOutput.aligned(DsmAction.GET_FREE_SPACE, block.array()));
  }

  /** What the disk says is left; empty if it does not say. */
  static OptionalLong bytes(DeviceCommands commands, Discovery disk) throws IOException {
    Optional<LogicalBlockProvisioning> provisioning = disk.provisioning();
    if (provisioning.isEmpty()) {
      return OptionalLong.empty();
    }
    Cdb sense = new PrimaryCdb.LogSense(CUMULATIVE, LogPage.PROVISIONING, 0, 0, ALLOCATION);
    DeviceCommands.Received received = commands.receive(sense, ALLOCATION);
    if (!received.response().isGood()) {
      return OptionalLong.empty();
    }
    Optional<ByteBuffer> count =
        LogPage.parameter(received.data(), LogPage.PROVISIONING, LogPage.AVAILABLE_RESOURCES)
            .filter(value -> value.remaining() >= COUNT_LENGTH);
    if (count.isEmpty()) {
      return OptionalLong.empty();
    }
    long units = Integer.toUnsignedLong(count.get().getInt(0));
    int shift = Math.min(provisioning.get().thresholdExponent(), Long.SIZE - 1);
    long unitBytes = disk.capacity().blockLengthBytes() * (1L << Math.min(shift, 31));
    // More than a number of 64 bits holds is as good as what it holds.
    return OptionalLong.of(
        units == 0 || unitBytes <= Long.MAX_VALUE / units ? units * unitBytes : Long.MAX_VALUE);
  }

  /** Reads the result. */
  static long decode(byte[] block) {
    return FREE_SPACE.get(ByteBuffer.wrap(block), 0);
  }
}
