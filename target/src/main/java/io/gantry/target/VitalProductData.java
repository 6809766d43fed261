package io.gantry.target;

import io.gantry.scsi.BlockLimits;
import io.gantry.scsi.DeviceIdentification;
import io.gantry.scsi.RodTokenLimits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** Standard INQUIRY data and vital product data pages of one logical unit (SPC-4 6.6, 7.8). */
final class VitalProductData {
  private static final String VENDOR = "GANTRY";
  private static final String PRODUCT = "Volume";
  private static final String REVISION = "0.1";
  private static final int STANDARD_LENGTH = 96;
  private static final byte[] NOTHING = {};

  /** The one target port group. */
  static final int PORT_GROUP = 1;

  /** TPGS: implicit and explicit. */
  private static final int PORT_GROUPS = 0x30;

  private static final int THIRD_PARTY_COPY = 0x08;

  private final byte[] standard;
  private final Map<Integer, byte[]> pages = new TreeMap<>();

  /**
   * The pages of a volume.
   *
   * @param naa its NAA designator, 16 bytes
   * @param rodLimits what its copy manager accepts
   * @param chunkBytes of the pool
   */
  VitalProductData(
      String targetName,
      byte[] naa,
      BlockLimits limits,
      RodTokenLimits rodLimits,
      int blockBytes,
      int chunkBytes) {
    this.standard = standardData(0x00, PORT_GROUPS | THIRD_PARTY_COPY);
    String serial = java.util.HexFormat.of().formatHex(naa);
    pages.put(0x00, NOTHING);
    pages.put(0x80, page(0x80, serial.getBytes(StandardCharsets.US_ASCII)));
    pages.put(
        DeviceIdentification.PAGE,
        page(
            DeviceIdentification.PAGE,
            DeviceIdentification.naa(naa),
            DeviceIdentification.t10(VENDOR, serial),
            DeviceIdentification.targetPortName(targetName, 1),
            DeviceIdentification.relativeTargetPort(ReservationState.TARGET_PORT),
            DeviceIdentification.targetPortGroup(PORT_GROUP),
            DeviceIdentification.targetDeviceDesignator(targetName)));
    byte[] extended = new byte[0x3C];
    extended[5 - 4] = 0x07; // HEADSUP, ORDSUP, SIMPSUP
    extended[6 - 4] = 0x01; // V_SUP: a volatile cache
    extended[7 - 4] = 0x01; // LUICLR: unit attentions are cleared for each nexus
    pages.put(0x86, page(0x86, extended));
    // All mode pages and subpages are shared by all nexuses.
    pages.put(0x87, page(0x87, new byte[] {0x3F, (byte) 0xFF, 0, 0}));
    pages.put(0x88, page(0x88, ports(DeviceIdentification.targetPortName(targetName, 1))));
    pages.put(0x8F, ThirdPartyCopyPage.encode(rodLimits, blockBytes, chunkBytes));
    pages.put(BlockLimits.PAGE, limits.encode());
    byte[] characteristics = new byte[0x3C];
    characteristics[1] = 1; // medium rotation rate: it does not rotate
    characteristics[3] = 0x40; // WABEREQ: what was erased can be read without writing it first
    pages.put(0xB1, page(0xB1, characteristics));
    // UNMAP (LBPU) and WRITE SAME(16) and (10) unmap (LBPWS, LBPWS10); what is unmapped reads as
    // zeros (LBPRZ); thin.
    pages.put(0xB2, page(0xB2, new byte[] {thresholdExponent(blockBytes), (byte) 0xE4, 2, 0}));
    byte[] list = new byte[pages.size()];
    int i = 0;
    for (int code : pages.keySet()) {
      list[i++] = (byte) code; // ascending: Windows gives up on an unsorted list
    }
    pages.put(0x00, page(0x00, list));
  }

  /** An NAA designator, IEEE registered extended, that no other volume of any pool has. */
  static byte[] naa(UUID pool, int volume) {
    ByteBuffer b = ByteBuffer.allocate(16);
    // NAA 6 with an all-zero company identifier marks an identifier that its maker chose.
    b.putLong(0x6000_0000_0000_0000L | (pool.getMostSignificantBits() >>> 28));
    b.putLong((pool.getLeastSignificantBits() & 0xffff_ffff_0000_0000L) | volume);
    return b.array();
  }

  /** What INQUIRY answers where there is no logical unit. */
  static byte[] absent() {
    return standardData(0x7F, 0);
  }

  private static byte[] standardData(int peripheral, int features) {
    ByteBuffer b = ByteBuffer.allocate(STANDARD_LENGTH);
    b.put((byte) peripheral).put((byte) 0);
    b.put((byte) 0x06); // SPC-4
    b.put((byte) 0x12); // HISUP: LUNs are as SAM says; response data format 2
    b.put((byte) (STANDARD_LENGTH - 5));
    b.put((byte) features);
    b.put((byte) 0).put((byte) 0x02); // CMDQUE
    b.put("%-8s%-16s%-4s".formatted(VENDOR, PRODUCT, REVISION).getBytes(StandardCharsets.US_ASCII));
    // Version descriptors: SAM-5, SPC-4, SBC-3, iSCSI.
    b.position(58).putShort((short) 0x00A0).putShort((short) 0x0460);
    b.putShort((short) 0x04C0).putShort((short) 0x0960);
    return b.array();
  }

  /** SPC-4 7.8.14: the one port. */
  private static byte[] ports(byte[] designators) {
    ByteBuffer b = ByteBuffer.allocate(12 + designators.length);
    b.putShort(2, (short) ReservationState.TARGET_PORT);
    b.putShort(10, (short) designators.length).position(12).put(designators);
    return b.array();
  }

  /** Threshold units in blocks, as a power of two. */
  private static byte thresholdExponent(int blockBytes) {
    return (byte) Integer.numberOfTrailingZeros(SpaceThresholds.UNIT_BYTES / blockBytes);
  }

  private static byte[] page(int code, byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    byte[] page = new byte[4 + bytes.size()];
    page[1] = (byte) code;
    page[2] = (byte) (bytes.size() >> 8);
    page[3] = (byte) bytes.size();
    System.arraycopy(bytes.toByteArray(), 0, page, 4, bytes.size());
    return page;
  }

  /** Standard INQUIRY data. */
  byte[] standard() {
    return standard;
  }

  /** A page, or no bytes if there is no such page. */
  byte[] page(int code) {
    return pages.getOrDefault(code, NOTHING);
  }
}
