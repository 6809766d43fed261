package io.gantry.dsm;

import io.gantry.scsi.Capacity;
import io.gantry.scsi.Layout;
import io.gantry.scsi.LogicalBlockProvisioning;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * {@code IOCTL_STORAGE_QUERY_PROPERTY} on a disk: what it is and what it can do, from INQUIRY and
 * READ CAPACITY (winioctl.h).
 *
 * <p>Every descriptor begins with Version and Size. A caller that has room for these two only gets
 * them, both with the descriptor's size, and may ask again.
 */
final class PropertyDescriptors {
  static final Layout HEADER = Layout.littleEndian("STORAGE_DESCRIPTOR_HEADER", "winioctl.h", 8, 4);
  private static final Layout.Field VERSION =
      HEADER.uint(0, 4, "Version", "", "the size of the descriptor's structure");
  private static final Layout.Field SIZE =
      HEADER.uint(4, 4, "Size", "bytes", "of the whole descriptor");

  static final Layout DEVICE =
      Layout.littleEndian("STORAGE_DEVICE_DESCRIPTOR", "winioctl.h", 40, 4);

  static {
    version(DEVICE);
  }

  private static final Layout.Field DEVICE_TYPE =
      DEVICE.uint(8, 1, "DeviceType", "", "peripheral device type of INQUIRY; 0: disk");
  private static final Layout.Field DEVICE_TYPE_MODIFIER =
      DEVICE.uint(9, 1, "DeviceTypeModifier", "", "0");
  private static final Layout.Field REMOVABLE = DEVICE.uint(10, 1, "RemovableMedia", "", "1: yes");
  private static final Layout.Field QUEUEING = DEVICE.uint(11, 1, "CommandQueueing", "", "1: yes");
  private static final List<Layout.Field> STRINGS =
      List.of(
          DEVICE.uint(12, 4, "VendorIdOffset", "bytes", "from here to a string; 0: none"),
          DEVICE.uint(16, 4, "ProductIdOffset", "bytes", "from here to a string; 0: none"),
          DEVICE.uint(20, 4, "ProductRevisionOffset", "bytes", "from here to a string; 0: none"),
          DEVICE.uint(24, 4, "SerialNumberOffset", "bytes", "from here to a string; 0: none"));
  private static final Layout.Field BUS_TYPE =
      DEVICE.uint(28, 4, "BusType", "", "1: SCSI, 9: iSCSI, 15: file-backed virtual");
  private static final Layout.Field RAW_LENGTH =
      DEVICE.uint(32, 4, "RawPropertiesLength", "bytes", "");

  static {
    DEVICE.bytes(36, 1, "RawDeviceProperties", "INQUIRY data; repeats");
  }

  static final Layout ALIGNMENT =
      Layout.littleEndian("STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR", "winioctl.h", 28, 4);

  static {
    version(ALIGNMENT);
    ALIGNMENT.uint(8, 4, "BytesPerCacheLine", "bytes", "0: not told");
    ALIGNMENT.uint(12, 4, "BytesOffsetForCacheAlignment", "bytes", "0: not told");
  }

  private static final Layout.Field LOGICAL_SECTOR =
      ALIGNMENT.uint(16, 4, "BytesPerLogicalSector", "bytes", "");
  private static final Layout.Field PHYSICAL_SECTOR =
      ALIGNMENT.uint(20, 4, "BytesPerPhysicalSector", "bytes", "");
  private static final Layout.Field SECTOR_OFFSET =
      ALIGNMENT.uint(
          24, 4, "BytesOffsetForSectorAlignment", "bytes", "of block 0 in its physical sector");

  static final Layout SEEK_PENALTY =
      Layout.littleEndian("DEVICE_SEEK_PENALTY_DESCRIPTOR", "winioctl.h", 12, 4);
  private static final Layout.Field INCURS_PENALTY = flag(SEEK_PENALTY, "IncursSeekPenalty");

  static final Layout TRIM = Layout.littleEndian("DEVICE_TRIM_DESCRIPTOR", "winioctl.h", 12, 4);
  private static final Layout.Field TRIM_ENABLED = flag(TRIM, "TrimEnabled");

  static final Layout PROVISIONING =
      Layout.littleEndian("DEVICE_LB_PROVISIONING_DESCRIPTOR", "winioctl.h", 40, 8);

  static {
    version(PROVISIONING);
  }

  private static final Layout.Field THIN =
      PROVISIONING.bits(8, 0, 0, "ThinProvisioningEnabled", "thinly provisioned");
  private static final Layout.Field READ_ZEROS =
      PROVISIONING.bits(8, 1, 1, "ThinProvisioningReadZeros", "unmapped reads as zeros");
  private static final Layout.Field ANCHOR =
      PROVISIONING.bits(8, 4, 2, "AnchorSupported", "blocks can be anchored");
  private static final Layout.Field ALIGNMENT_VALID =
      PROVISIONING.bits(8, 5, 5, "UnmapGranularityAlignmentValid", "");
  private static final Layout.Field FREE_SPACE =
      PROVISIONING.bits(8, 6, 6, "GetFreeSpaceSupported", "the action works");

  static {
    PROVISIONING.bits(8, 7, 7, "MapSupported", "the action works");
    PROVISIONING.bytes(9, 7, "Reserved1", "0");
  }

  private static final Layout.Field GRANULARITY =
      PROVISIONING.uint(16, 8, "OptimalUnmapGranularity", "bytes", "a slab");
  private static final Layout.Field GRANULARITY_ALIGNMENT =
      PROVISIONING.uint(24, 8, "UnmapGranularityAlignment", "bytes", "of the first slab");
  private static final Layout.Field MAXIMUM_BLOCKS =
      PROVISIONING.uint(32, 4, "MaxUnmapLbaCount", "blocks", "of one UNMAP");
  private static final Layout.Field MAXIMUM_DESCRIPTORS =
      PROVISIONING.uint(36, 4, "MaxUnmapBlockDescriptorCount", "ranges", "of one UNMAP");

  /** The structure before Windows 8.1, without its last two fields. */
  private static final int PROVISIONING_V1 = 32;

  private static final int SERIAL_NUMBER = 0x80;
  private static final int CHARACTERISTICS = 0xB1;
  private static final int PAGE_HEADER_LENGTH = 4;
  private static final int NON_ROTATING = 1;
  private static final int LEAST_ROTATION = 0x0401;
  private static final int MOST_ROTATION = 0xFFFE;
  private static final int BUS_TYPE_SCSI = 1;

  /** Where INQUIRY's three strings are: offset and length. */
  private static final int[][] INQUIRY_STRINGS = {{8, 8}, {16, 16}, {32, 4}};

  private static final int VPD_PAGE_BYTES = 251;

  private final DeviceCommands commands;
  private final Discovery disk;

  PropertyDescriptors(DeviceCommands commands, Discovery disk) {
    this.commands = commands;
    this.disk = disk;
  }

  private static void version(Layout layout) {
    layout.uint(0, 4, "Version", "", "%d".formatted(layout.sizeBytes()));
    layout.uint(4, 4, "Size", "bytes", "of the whole descriptor");
  }

  private static Layout.Field flag(Layout layout, String name) {
    version(layout);
    return layout.uint(8, 1, name, "", "1: yes");
  }

  /**
   * Answers a query.
   *
   * @param input a STORAGE_PROPERTY_QUERY, any bytes
   */
  IoctlResult query(byte[] input, int outputCapacity) throws IOException {
    if (input.length < PropertyQuery.MINIMUM_LENGTH) {
      return IoctlResult.of(NtStatus.INVALID_PARAMETER);
    }
    PropertyQuery query = PropertyQuery.decode(ByteBuffer.wrap(input));
    StorageProperty property = StorageProperty.of(query.propertyId()).orElse(null);
    if (property == null) {
      return IoctlResult.of(NtStatus.NOT_SUPPORTED);
    }
    if (query.queryType() == PropertyQuery.EXISTS) {
      return IoctlResult.of(NtStatus.SUCCESS);
    }
    if (query.queryType() != PropertyQuery.STANDARD) {
      return IoctlResult.of(NtStatus.NOT_SUPPORTED);
    }
    if (outputCapacity < HEADER.sizeBytes()) {
      return IoctlResult.of(NtStatus.BUFFER_TOO_SMALL);
    }
    return switch (property) {
      case DEVICE -> {
        byte[] whole = device();
        yield success(Arrays.copyOf(whole, Math.min(whole.length, outputCapacity)));
      }
      case ACCESS_ALIGNMENT ->
          outputCapacity < ALIGNMENT.sizeBytes() ? header(ALIGNMENT) : success(alignment());
      case SEEK_PENALTY ->
          outputCapacity < SEEK_PENALTY.sizeBytes() ? header(SEEK_PENALTY) : seekPenalty();
      case TRIM -> outputCapacity < TRIM.sizeBytes() ? header(TRIM) : trim();
      case LB_PROVISIONING ->
          outputCapacity < PROVISIONING_V1
              ? header(PROVISIONING)
              : success(
                  provisioning(
                      outputCapacity < PROVISIONING.sizeBytes()
                          ? PROVISIONING_V1
                          : PROVISIONING.sizeBytes()));
      case COPY_OFFLOAD ->
          outputCapacity < CopyOffloadDescriptor.LAYOUT.sizeBytes()
              ? header(CopyOffloadDescriptor.LAYOUT)
              : copyOffload();
    };
  }

  private static IoctlResult success(byte[] output) {
    return new IoctlResult(NtStatus.SUCCESS, output);
  }

  /** A descriptor with Version and Size. */
  private static byte[] start(Layout layout) {
    byte[] bytes = new byte[layout.sizeBytes()];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    VERSION.set(buffer, 0, bytes.length);
    SIZE.set(buffer, 0, bytes.length);
    return bytes;
  }

  private static IoctlResult header(Layout layout) {
    return success(Arrays.copyOf(start(layout), HEADER.sizeBytes()));
  }

  private IoctlResult copyOffload() {
    return disk.copyOffloadLimits()
        .map(limits -> success(new CopyOffloadDescriptor(limits, disk.blockLimits()).encode()))
        .orElseGet(() -> IoctlResult.of(disk.copyOffloadStatus()));
  }

  /** INQUIRY data, and behind them the strings, each with a NUL at its end. */
  private byte[] device() throws IOException {
    ByteBuffer inquiry = disk.inquiry();
    byte[] serial = disk.pages().contains(SERIAL_NUMBER) ? vpd(SERIAL_NUMBER) : new byte[0];
    int rawAt = 36;
    ByteBuffer buffer =
        ByteBuffer.allocate(DEVICE.sizeBytes() + inquiry.capacity() + 64 + VPD_PAGE_BYTES);
    buffer.put(rawAt, inquiry, 0, inquiry.capacity());
    int at = rawAt + inquiry.capacity();
    for (int i = 0; i < STRINGS.size(); i++) {
      byte[] text = i < INQUIRY_STRINGS.length ? inquiryString(INQUIRY_STRINGS[i]) : serial;
      if (text.length > 0) {
        STRINGS.get(i).set(buffer, 0, at);
        buffer.put(at, text);
        at += text.length + 1;
      }
    }
    int size = Math.max(at, DEVICE.sizeBytes());
    VERSION.set(buffer, 0, DEVICE.sizeBytes());
    SIZE.set(buffer, 0, size);
    int first = inquiry.capacity() > 0 ? inquiry.get(0) : 0;
    DEVICE_TYPE.set(buffer, 0, first & 0x1f);
    DEVICE_TYPE_MODIFIER.set(buffer, 0, 0);
    REMOVABLE.set(buffer, 0, inquiry.capacity() > 1 && inquiry.get(1) < 0); // RMB
    QUEUEING.set(buffer, 0, inquiry.capacity() > 7 && (inquiry.get(7) & 2) != 0); // CMDQUE
    BUS_TYPE.set(buffer, 0, BUS_TYPE_SCSI);
    RAW_LENGTH.set(buffer, 0, inquiry.capacity());
    return Arrays.copyOf(buffer.array(), size);
  }

  private byte[] inquiryString(int[] place) {
    int end = Math.min(disk.inquiry().capacity(), place[0] + place[1]);
    byte[] text = new byte[Math.max(0, end - place[0])];
    disk.inquiry().get(Math.min(place[0], end), text);
    return text;
  }

  /** What a page says behind its header. */
  private byte[] vpd(int code) throws IOException {
    byte[] page = commands.page(code);
    if (page.length < PAGE_HEADER_LENGTH || (page[1] & 0xff) != code) {
      return new byte[0];
    }
    int length = ByteBuffer.wrap(page).getShort(2) & 0xffff;
    int end = Math.min(page.length, PAGE_HEADER_LENGTH + length);
    String text =
        new String(page, PAGE_HEADER_LENGTH, end - PAGE_HEADER_LENGTH, StandardCharsets.ISO_8859_1);
    return code == SERIAL_NUMBER
        ? text.strip().getBytes(StandardCharsets.ISO_8859_1)
        : Arrays.copyOfRange(page, PAGE_HEADER_LENGTH, end);
  }

  private byte[] alignment() {
    Capacity capacity = disk.capacity();
    long physical = (long) capacity.blockLengthBytes() << capacity.physicalExponent();
    long lowest = (long) disk.lowestAlignedLba() * capacity.blockLengthBytes();
    byte[] bytes = start(ALIGNMENT);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    LOGICAL_SECTOR.set(buffer, 0, capacity.blockLengthBytes());
    PHYSICAL_SECTOR.set(buffer, 0, Math.min(physical, 0xFFFF_FFFFL));
    // The first aligned block lies so far behind block 0: block 0 lies so far into its own sector.
    SECTOR_OFFSET.set(buffer, 0, Math.floorMod(-lowest, physical));
    return bytes;
  }

  private IoctlResult seekPenalty() throws IOException {
    if (!disk.pages().contains(CHARACTERISTICS)) {
      return IoctlResult.of(NtStatus.INVALID_DEVICE_REQUEST);
    }
    byte[] page = vpd(CHARACTERISTICS);
    int rate = page.length < 2 ? 0 : ByteBuffer.wrap(page).getShort(0) & 0xffff;
    boolean rotates = rate >= LEAST_ROTATION && rate <= MOST_ROTATION;
    if (rate != NON_ROTATING && !rotates) {
      return IoctlResult.of(NtStatus.UNSUCCESSFUL);
    }
    byte[] bytes = start(SEEK_PENALTY);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    INCURS_PENALTY.set(buffer, 0, rotates);
    return success(bytes);
  }

  private IoctlResult trim() {
    if (disk.provisioning().isEmpty()) {
      return IoctlResult.of(NtStatus.INVALID_DEVICE_REQUEST);
    }
    byte[] bytes = start(TRIM);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    TRIM_ENABLED.set(buffer, 0, disk.canUnmap());
    return success(bytes);
  }

  private byte[] provisioning(int size) throws IOException {
    byte[] bytes = start(PROVISIONING);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    VERSION.set(buffer, 0, size);
    SIZE.set(buffer, 0, size);
    LogicalBlockProvisioning page = disk.provisioning().orElse(null);
    if (page != null) {
      THIN.set(buffer, 0, page.type() == LogicalBlockProvisioning.THIN);
      READ_ZEROS.set(buffer, 0, page.unmappedReadsZero());
      ANCHOR.set(buffer, 0, page.anchors());
    }
    OptionalLong free = FreeSpace.bytes(commands, disk);
    FREE_SPACE.set(buffer, 0, free.isPresent());
    long block = disk.capacity().blockLengthBytes();
    ALIGNMENT_VALID.set(buffer, 0, disk.blockLimits().unmapAlignmentBlocks().isPresent());
    GRANULARITY.set(buffer, 0, disk.blockLimits().optimalUnmapGranularityBlocks() * block);
    GRANULARITY_ALIGNMENT.set(buffer, 0, disk.unmapAlignmentBytes());
    MAXIMUM_BLOCKS.set(buffer, 0, disk.blockLimits().maximumUnmapBlocks());
    MAXIMUM_DESCRIPTORS.set(buffer, 0, disk.blockLimits().maximumUnmapDescriptors());
    return Arrays.copyOf(bytes, size);
  }
}
