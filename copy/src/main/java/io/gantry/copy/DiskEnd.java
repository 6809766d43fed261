package io.gantry.copy;

import io.gantry.dsm.Disk;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A logical unit as an end of a copy. */
public final class DiskEnd implements CopyEnd {
  private static final int TRANSFER_BYTES = 1 << 20;

  /** A busy target is asked again a few times, after 10, 20, 30... milliseconds. */
  private static final int ATTEMPTS = 8;

  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final int UNIT_ATTENTION = 6;

  private final String name;
  private final MeteredDevice device;
  private final Disk disk;
  private final Capacity capacity;
  private final boolean blank;
  private final int transferBytes;

  private DiskEnd(String name, MeteredDevice device, boolean blank) throws IOException {
    this.name = name;
    this.device = device;
    this.blank = blank;
    this.disk = Disk.attach(device);
    this.capacity = disk.capacity();
    this.transferBytes = maximumTransferBytes();
  }

  /**
   * Asks a device what it is.
   *
   * @param name what people call it: a URL
   * @param device closed with this end
   * @throws CopyException if it answers, but not as a disk does
   */
  public static DiskEnd attach(String name, ScsiDevice device) throws IOException {
    return attach(name, device, false);
  }

  /**
   * The same for a logical unit that has just been made: wherever it was not written, are zeros.
   */
  public static DiskEnd attachBlank(String name, ScsiDevice device) throws IOException {
    return attach(name, device, true);
  }

  private static DiskEnd attach(String name, ScsiDevice device, boolean blank) throws IOException {
    try {
      return new DiskEnd(name, new MeteredDevice(device), blank);
    } catch (IOException e) {
      device.close();
      throw e instanceof CopyException ? e : new CopyException(name + ": " + e.getMessage(), e);
    }
  }

  private int maximumTransferBytes() {
    long blocks = disk.blockLimits().maximumTransferBlocks();
    long limit = blocks == 0 ? TRANSFER_BYTES : blocks * blockBytes();
    return (int) Math.max(blockBytes(), Math.min(TRANSFER_BYTES, limit));
  }

  /** The disk, for offload reads and writes. */
  public Disk disk() {
    return disk;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long sizeBytes() {
    return capacity.sizeBytes();
  }

  @Override
  public int blockBytes() {
    return capacity.blockLengthBytes();
  }

  @Override
  public int transferBytes() {
    return transferBytes;
  }

  @Override
  public boolean isBlank() {
    return blank;
  }

  @Override
  public Traffic traffic() {
    return device.traffic();
  }

  @Override
  public void reserve(long endBytes) throws IOException {
    if (endBytes > sizeBytes()) {
      throw new CopyException(
          "%s: holds %,d bytes and the copy would end at %,d; copy less with --length, or to a larger one"
              .formatted(name, sizeBytes(), endBytes));
    }
  }

  @Override
  public void read(long offset, ByteBuffer buffer) throws IOException {
    Cdb cdb = Cdb.Transfer.read(offset / blockBytes(), buffer.remaining() / blockBytes());
    long moved = execute(ScsiRequest.in(cdb, buffer), "reading at %,d".formatted(offset));
    if (moved < buffer.remaining()) {
      throw new CopyException(
          "%s: reading at %,d: the target sent %,d bytes of %,d"
              .formatted(name, offset, moved, buffer.remaining()));
    }
  }

  @Override
  public void write(long offset, ByteBuffer buffer) throws IOException {
    Cdb cdb = Cdb.Transfer.write(offset / blockBytes(), buffer.remaining() / blockBytes());
    execute(ScsiRequest.out(cdb, buffer), "writing at %,d".formatted(offset));
  }

  @Override
  public void flush() throws IOException {
    execute(ScsiRequest.of(Cdb.SynchronizeCache.all()), "flushing its cache");
  }

  @Override
  public void commit() {}

  /** Carries a command out, again if the target was busy or had to tell something first. */
  private long execute(ScsiRequest request, String doing) throws IOException {
    for (int attempt = 1; ; attempt++) {
      ScsiResponse response;
      try {
        response = device.execute(request);
      } catch (IOException e) {
        throw new CopyException("%s: %s: %s".formatted(name, doing, e.getMessage()), e);
      }
      if (response.isGood()) {
        return response.transferLength();
      }
      if (attempt == ATTEMPTS || !isWorthAnotherTry(response)) {
        throw new CopyException(
            "%s: %s: %s%s".formatted(name, doing, response.describe(), advice(response)));
      }
      LockSupport.parkNanos(PAUSE.multipliedBy(attempt).toNanos());
    }
  }

  private static String advice(ScsiResponse response) {
    Sense sense = response.sense();
    boolean full = sense != null && sense.key() == 7 && sense.asc() == 0x27 && sense.ascq() == 7;
    return full
        ? ": the pool that it is in is full; delete volumes or give the pool more room, then copy"
            + " again"
        : "";
  }

  private static boolean isWorthAnotherTry(ScsiResponse response) {
    Sense sense = response.sense();
    return response.status() == ScsiStatus.BUSY
        || response.status() == ScsiStatus.TASK_SET_FULL
        || (sense != null && sense.key() == UNIT_ATTENTION);
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
