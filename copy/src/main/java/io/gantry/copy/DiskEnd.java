package io.gantry.copy;

import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.Disk;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Capacity;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.CopyOperatingParameters;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.DeviceIdentification;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A logical unit as an end of a copy. */
public final class DiskEnd implements CopyEnd {
  private static final int TRANSFER_BYTES = 1 << 20;

  /** Zeros that a target unmaps take no time, zeros that it writes do. */
  private static final long UNMAP_BYTES = 1L << 30;

  private static final long ZERO_BYTES = 64L << 20;

  /** A busy target is asked again, after 10, 20, 40... milliseconds: for twenty seconds in all. */
  private static final int ATTEMPTS = 18;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private static final int PAGE_BYTES = 4096;
  private static final int ALL_MODE_PAGES = 0x3F;
  private static final int MODE_BYTES = 192;
  private static final int WRITE_PROTECTED = 0x80;
  private static final int LBA_STATUS_BYTES = 8 + 16;

  private final String name;
  private final @Nullable Connector connector;
  private final MeteredDevice device;
  private final Disk disk;
  private final Capacity capacity;
  private final boolean blank;
  private final int transferBytes;
  private final Optional<CscdDescriptor> descriptor;
  private volatile Zeroing zeroing;
  private volatile boolean tellsHoles;

  /**
   * Ways to make blocks read as zeros, the best first. UNMAP is none of them: a device may leave
   * blocks as they are that it cannot unmap (SBC-3 4.7.3.4.2), WRITE SAME must then write them.
   */
  private enum Zeroing {
    WRITE_SAME_UNMAP,
    ZERO_TOKEN,
    WRITE_SAME,
    WRITE;

    Zeroing next() {
      return switch (this) {
        case WRITE_SAME_UNMAP -> ZERO_TOKEN;
        case ZERO_TOKEN -> WRITE_SAME;
        case WRITE_SAME, WRITE -> WRITE;
      };
    }
  }

  private DiskEnd(String name, MeteredDevice device, boolean blank, @Nullable Connector connector)
      throws IOException {
    this.name = name;
    this.connector = connector;
    this.device = device;
    this.blank = blank;
    this.disk = Disk.attach(device);
    this.capacity = disk.capacity();
    this.transferBytes = maximumTransferBytes();
    this.descriptor = askForDescriptor();
    this.zeroing = capacity.provisioned() ? Zeroing.WRITE_SAME_UNMAP : Zeroing.ZERO_TOKEN;
    this.tellsHoles = capacity.provisioned() && capacity.unmappedReadsZero();
  }

  /**
   * Asks a device what it is.
   *
   * @param name what people call it: a URL
   * @param device closed with this end
   * @throws CopyException if it answers, but not as a disk does
   */
  public static DiskEnd attach(String name, ScsiDevice device) throws IOException {
    return attach(name, device, false, null);
  }

  /** The same for a logical unit that can be reached once more when it was lost. */
  public static DiskEnd attach(String name, ScsiDevice device, Connector connector)
      throws IOException {
    return attach(name, device, false, connector);
  }

  /**
   * The same for a logical unit that has just been made: wherever it was not written, are zeros.
   */
  public static DiskEnd attachBlank(String name, ScsiDevice device) throws IOException {
    return attach(name, device, true, null);
  }

  private static DiskEnd attach(
      String name, ScsiDevice device, boolean blank, @Nullable Connector connector)
      throws IOException {
    try {
      return new DiskEnd(name, new MeteredDevice(device), blank, connector);
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

  private Optional<CscdDescriptor> askForDescriptor() throws IOException {
    Cdb inquiry = new Cdb.Inquiry(true, DeviceIdentification.PAGE, PAGE_BYTES);
    Received page = receive(inquiry.encode(), PAGE_BYTES, "asking for its designators");
    byte[] bytes = new byte[page.data.remaining()];
    page.data.get(0, bytes);
    return page.response.isGood()
        ? CscdDescriptor.of(bytes, capacity.blockLengthBytes())
        : Optional.empty();
  }

  /** Whether {@link #reconnect} can be tried. */
  boolean canReconnect() {
    return connector != null;
  }

  /** Whether it answers at all. */
  boolean answers() {
    try {
      device.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Goes on by another nexus. What was written and not flushed may be lost.
   *
   * @throws LostException if it cannot be reached
   * @throws CopyException if there is another logical unit now
   */
  void reconnect() throws IOException {
    if (connector == null) {
      throw new IllegalStateException(name + " cannot be reached once more");
    }
    ScsiDevice fresh;
    DiskEnd seen;
    try {
      fresh = connector.connect();
      seen = attach(name, fresh);
    } catch (IOException e) {
      throw new LostException(this, "reconnecting", e);
    }
    if (!seen.identity().equals(identity())) {
      fresh.close();
      throw new CopyException(
          "%s: was lost, and what is there now is not the same: %s, not %s"
              .formatted(name, seen.identity(), identity()));
    }
    device.replace(fresh);
  }

  /** The disk, for offload reads and writes. */
  public Disk disk() {
    return disk;
  }

  /** What the logical unit calls itself; some have no name. */
  Optional<CscdDescriptor> descriptor() {
    return descriptor;
  }

  /**
   * Whether no other logical unit in the world should have its name. Numbers that a target assigns
   * by itself (NAA 3h) and those that begin with zeros, as tgt makes them, may well be met twice;
   * so may serial numbers behind a vendor's name.
   */
  boolean hasWorldwideName() {
    if (descriptor.isEmpty()) {
      return false;
    }
    byte[] id = descriptor.get().designator();
    return switch (descriptor.get().designatorType()) {
      case 2 -> id.length >= 8 && (id[0] | id[1] | id[2]) != 0;
      case 3 -> id.length >= 8 && isWorldwideNaa(id);
      case 8 -> true;
      default -> false;
    };
  }

  private static boolean isWorldwideNaa(byte[] id) {
    ByteBuffer b = ByteBuffer.wrap(id);
    int format = (id[0] >> 4) & 0x0f;
    long firstBits = b.getLong(0) & 0x0fff_ffff_ffff_ffffL;
    // NAA 5h and 6h begin with the manufacturer; Gantry leaves it out, and a random number follows.
    return format == 2 || ((format == 5 || format == 6) && firstBits != 0);
  }

  /** Whether both are one logical unit, by whatever names. */
  boolean isSameUnit(DiskEnd other) {
    return name.equals(other.name)
        || (hasWorldwideName()
            && other.hasWorldwideName()
            && descriptor.get().designatorType() == other.descriptor.get().designatorType()
            && Arrays.equals(descriptor.get().designator(), other.descriptor.get().designator()));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String identity() {
    String unit =
        hasWorldwideName() ? HexFormat.of().formatHex(descriptor.orElseThrow().designator()) : name;
    return "logical unit %s of %d blocks of %d bytes"
        .formatted(unit, capacity.blocks(), capacity.blockLengthBytes());
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
  public boolean unmaps() {
    return zeroing == Zeroing.WRITE_SAME_UNMAP && tellsHoles;
  }

  @Override
  public Traffic traffic() {
    return device.traffic();
  }

  @Override
  public void requireWritable() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(MODE_BYTES);
    Cdb sense =
        new Cdb.ModeSense(Command.MODE_SENSE_6, false, false, 0, ALL_MODE_PAGES, 0, MODE_BYTES);
    ScsiResponse response = attempt(ScsiRequest.in(sense, data), "asking for its mode pages");
    if (response.isGood()
        && response.transferLength() > 2
        && (data.get(2) & WRITE_PROTECTED) != 0) {
      throw new CopyException(name + ": is write protected; nothing can be copied to it");
    }
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
  public Allocation allocation(long offset, long lengthBytes) throws IOException {
    if (!tellsHoles) {
      return Allocation.data(lengthBytes);
    }
    ByteBuffer data = ByteBuffer.allocate(LBA_STATUS_BYTES);
    long lba = offset / blockBytes();
    ScsiResponse response =
        attempt(
            ScsiRequest.in(new Cdb.GetLbaStatus(lba, LBA_STATUS_BYTES, 0), data),
            "asking for holes at %,d".formatted(offset));
    // SBC-3 5.6.2: the first descriptor starts at the block that was asked for.
    long blocks = data.getInt(16) & 0xffff_ffffL;
    if (!response.isGood()
        || response.transferLength() < LBA_STATUS_BYTES
        || data.getLong(8) != lba
        || blocks == 0) {
      tellsHoles = false;
      return Allocation.data(lengthBytes);
    }
    int status = data.get(20) & 0x0f;
    boolean isHole = status == 1 || status == 2; // deallocated, anchored: LBPRZ says zeros
    return new Allocation(blocks * blockBytes(), isHole);
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
  public void zero(long offset, long lengthBytes) throws IOException {
    long at = offset;
    long end = offset + lengthBytes;
    while (at < end) {
      long zeroed = zeroSome(at, end - at);
      at += zeroed; // 0: the next way is tried
    }
  }

  /** Zeroes some bytes; none if the target refuses this way, which then is not tried again. */
  private long zeroSome(long offset, long lengthBytes) throws IOException {
    Zeroing way = zeroing;
    long most = way == Zeroing.WRITE_SAME_UNMAP ? UNMAP_BYTES : ZERO_BYTES;
    long limit = disk.blockLimits().maximumWriteSameBlocks();
    if (limit > 0) {
      most = Math.min(most, limit * blockBytes());
    }
    long bytes = Math.min(lengthBytes, Math.max(1, most / blockBytes()) * blockBytes());
    boolean done =
        switch (way) {
          case WRITE_SAME_UNMAP -> writeSame(offset, bytes, true);
          case ZERO_TOKEN -> {
            bytes = writeZeroToken(offset, bytes);
            yield bytes > 0;
          }
          case WRITE_SAME -> writeSame(offset, bytes, false);
          case WRITE -> {
            bytes = Math.min(lengthBytes, transferBytes);
            write(offset, ByteBuffer.allocate((int) bytes));
            yield true;
          }
        };
    if (!done) {
      zeroing = way.next();
    }
    return done ? bytes : 0;
  }

  private boolean writeSame(long offset, long bytes, boolean unmap) throws IOException {
    String doing = "zeroing at %,d".formatted(offset);
    Cdb cdb =
        new BlockCdb.WriteSame(
            Command.WRITE_SAME_16, offset / blockBytes(), bytes / blockBytes(), unmap, false);
    ScsiResponse response = attempt(ScsiRequest.out(cdb, ByteBuffer.allocate(blockBytes())), doing);
    Sense sense = response.sense();
    if (sense != null && sense.key() == Sense.ILLEGAL_REQUEST_KEY) {
      return false;
    }
    requireGood(response, doing);
    return true;
  }

  private long writeZeroToken(long offset, long bytes) throws IOException {
    if (disk.copyOffloadLimits().isEmpty()) {
      return 0;
    }
    try {
      OffloadWriteResult written =
          disk.offloadWrite(OffloadToken.zeroData(), 0, List.of(new DataSetRange(offset, bytes)));
      return written.status().isSuccess() ? Math.min(bytes, written.lengthCopied()) : 0;
    } catch (IOException e) {
      throw new LostException(this, "zeroing at %,d".formatted(offset), e);
    }
  }

  @Override
  public void flush() throws IOException {
    execute(ScsiRequest.of(Cdb.SynchronizeCache.all()), "flushing its cache");
  }

  @Override
  public void commit() {}

  /** Carries a command out; anything but GOOD is a failure. */
  private long execute(ScsiRequest request, String doing) throws IOException {
    ScsiResponse response = attempt(request, doing);
    requireGood(response, doing);
    return response.transferLength();
  }

  private void requireGood(ScsiResponse response, String doing) throws CopyException {
    if (!response.isGood()) {
      throw new CopyException(
          "%s: %s: %s%s".formatted(name, doing, response.describe(), advice(response)));
    }
  }

  /** What EXTENDED COPY may ask of the logical unit; empty if it has none. */
  Optional<CopyOperatingParameters> copyOperatingParameters() throws IOException {
    byte[] cdb = new byte[16]; // SPC-4 6.22
    cdb[0] = (byte) 0x84;
    cdb[1] = 0x03;
    ByteBuffer.wrap(cdb).putInt(10, PAGE_BYTES);
    Received received = receive(cdb, PAGE_BYTES, "asking what EXTENDED COPY may do");
    return received.response.isGood()
        ? Optional.ofNullable(CopyOperatingParameters.decode(received.data))
        : Optional.empty();
  }

  /** EXTENDED COPY(LID1) with this logical unit as the destination. */
  ScsiResponse extendedCopy(ByteBuffer list, long offset) throws IOException {
    byte[] cdb = new byte[16]; // SPC-4 6.5
    cdb[0] = (byte) 0x83;
    ByteBuffer.wrap(cdb).putInt(10, list.remaining());
    return attempt(new ScsiRequest(cdb, list, null), "EXTENDED COPY at %,d".formatted(offset));
  }

  private record Received(ScsiResponse response, ByteBuffer data) {}

  private Received receive(byte[] cdb, int allocation, String doing) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(allocation);
    ScsiResponse response = attempt(new ScsiRequest(cdb, null, data), doing);
    int length = Math.clamp(response.transferLength(), 0, allocation);
    return new Received(response, data.slice(0, length));
  }

  /** Carries a command out, again if the target was busy or had to tell something first. */
  private ScsiResponse attempt(ScsiRequest request, String doing) throws IOException {
    Duration pause = SHORTEST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      ScsiResponse response;
      try {
        response = device.execute(request);
      } catch (IOException e) {
        throw new LostException(this, doing, e);
      }
      if (attempt == ATTEMPTS || !isWorthAnotherTry(response)) {
        return response;
      }
      LockSupport.parkNanos(pause.toNanos());
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
  }

  private static String advice(ScsiResponse response) {
    if (response.status() == ScsiStatus.RESERVATION_CONFLICT) {
      return ": another host has reserved it; copy when that host has let it go";
    }
    Sense sense = response.sense();
    if (sense == null) {
      return "";
    }
    if (sense.key() == Sense.DATA_PROTECT_KEY && sense.asc() == 0x27) {
      return sense.ascq() == 7
          ? ": the pool that it is in is full; delete volumes or give the pool more room, then copy"
              + " again"
          : ": it is write protected";
    }
    return sense.is(Sense.LBA_OUT_OF_RANGE) ? ": it has become smaller" : "";
  }

  private static boolean isWorthAnotherTry(ScsiResponse response) {
    Sense sense = response.sense();
    return response.status() == ScsiStatus.BUSY
        || response.status() == ScsiStatus.TASK_SET_FULL
        || response.status() == ScsiStatus.TASK_ABORTED
        || (sense != null && sense.key() == Sense.UNIT_ATTENTION_KEY);
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
