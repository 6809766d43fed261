package io.gantry.scsi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Designators of VPD page 83h, device identification (SPC-4 7.8.6). */
public final class DeviceIdentification {
  public static final int PAGE = 0x83;

  private static final int BINARY = 1;
  private static final int ASCII = 2;
  private static final int UTF8 = 3;
  private static final int ISCSI = 0x50;
  private static final int PROTOCOL_VALID = 0x80;
  private static final int TARGET_PORT = 0x10;
  private static final int TARGET_DEVICE = 0x20;
  private static final int TYPE_T10 = 1;
  private static final int TYPE_NAA = 3;
  private static final int TYPE_RELATIVE_PORT = 4;
  private static final int TYPE_PORT_GROUP = 5;
  private static final int TYPE_NAME = 8;

  private DeviceIdentification() {}

  /** A logical unit's NAA designator: 16 bytes, the first nibble 6. */
  public static byte[] naa(byte[] naa) {
    return designator(BINARY, TYPE_NAA, naa);
  }

  /** A logical unit's T10 vendor identification designator. */
  public static byte[] t10(String vendor, String serial) {
    byte[] id = "%-8s%s".formatted(vendor, serial).getBytes(StandardCharsets.US_ASCII);
    return designator(ASCII, TYPE_T10, id);
  }

  /** The SCSI name string of an iSCSI target port: name and portal group. */
  public static byte[] targetPortName(String targetName, int portalGroup) {
    String name = "%s,t,0x%04x".formatted(targetName, portalGroup);
    return designator(ISCSI | UTF8, PROTOCOL_VALID | TARGET_PORT | TYPE_NAME, padded(name));
  }

  /** Relative target port identifier. */
  public static byte[] relativeTargetPort(int port) {
    byte[] id = {0, 0, (byte) (port >> 8), (byte) port};
    return designator(ISCSI | BINARY, PROTOCOL_VALID | TARGET_PORT | TYPE_RELATIVE_PORT, id);
  }

  /** Target port group. */
  public static byte[] targetPortGroup(int group) {
    byte[] id = {0, 0, (byte) (group >> 8), (byte) group};
    return designator(ISCSI | BINARY, PROTOCOL_VALID | TARGET_PORT | TYPE_PORT_GROUP, id);
  }

  /** The SCSI name string of the target device: its iSCSI name. */
  public static byte[] targetDeviceDesignator(String targetName) {
    return designator(ISCSI | UTF8, PROTOCOL_VALID | TARGET_DEVICE | TYPE_NAME, padded(targetName));
  }

  // SCSI name strings end with a NUL and are padded with NULs to a multiple of four.
  private static byte[] padded(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return java.util.Arrays.copyOf(bytes, (bytes.length + 4) / 4 * 4);
  }

  private static byte[] designator(int codeSet, int type, byte[] id) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(codeSet);
    bytes.write(type);
    bytes.write(0);
    bytes.write(id.length);
    bytes.writeBytes(id);
    return bytes.toByteArray();
  }
}
