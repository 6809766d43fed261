package io.gantry.scsi;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IPv4 CSCD descriptor (SPC-4 EXTENDED COPY, type E5h): names a logical unit by the portal that
 * it can be reached by, and its LUN there. It has no place for the name of a target.
 *
 * @param peripheralDeviceType what the logical unit is to be; 0 for a disk
 * @param lun the eight bytes of a LUN field
 * @param address of the portal
 * @param port of the portal
 * @param protocol {@link #TCP}
 * @param pad PAD: a part of a block is completed with zeros, or given up
 * @param blockLengthBytes DISK BLOCK LENGTH; 0 lets the copy manager find it out
 */
public record Ipv4CscdDescriptor(
    int peripheralDeviceType,
    long lun,
    Inet4Address address,
    int port,
    int protocol,
    boolean pad,
    int blockLengthBytes)
    implements Cscd {

  /** DESCRIPTOR TYPE CODE. */
  public static final int TYPE = 0xE5;

  /** INTERNET PROTOCOL NUMBER of what iSCSI uses. */
  public static final int TCP = 6;

  public static final Layout LAYOUT =
      Layout.bigEndian("IPv4 CSCD descriptor", "SPC-4 EXTENDED COPY", LENGTH);
  private static final Layout.Field DESCRIPTOR_TYPE =
      LAYOUT.uint(0, 1, "DESCRIPTOR TYPE CODE", "", "E5h");
  private static final Layout.Field LUN_KIND =
      LAYOUT.bits(1, 7, 6, "LU ID TYPE", "0: a LUN, 1: a proxy token");
  private static final Layout.Field DEVICE_TYPE =
      LAYOUT.bits(1, 4, 0, "PERIPHERAL DEVICE TYPE", "0: disk");
  private static final Layout.Field LUN = LAYOUT.uint(4, 8, "LOGICAL UNIT IDENTIFIER", "", "a LUN");
  private static final Layout.Field ADDRESS = LAYOUT.bytes(12, 4, "IPv4 ADDRESS", "");
  private static final Layout.Field PORT = LAYOUT.uint(22, 2, "PORT NUMBER", "", "");
  private static final Layout.Field PROTOCOL =
      LAYOUT.uint(26, 2, "INTERNET PROTOCOL NUMBER", "", "6: TCP");
  private static final Layout.Field PAD =
      LAYOUT.bits(28, 2, 2, "PAD", "complete or give up a part of a block");
  private static final Layout.Field BLOCK_LENGTH =
      LAYOUT.uint(29, 3, "DISK BLOCK LENGTH", "bytes", "0: the copy manager finds out");

  @Override
  public void encode(ByteBuffer b, int at) {
    DESCRIPTOR_TYPE.set(b, at, TYPE);
    DEVICE_TYPE.set(b, at, peripheralDeviceType);
    LUN.set(b, at, lun);
    ADDRESS.setBytes(b, at, address.getAddress());
    PORT.set(b, at, port);
    PROTOCOL.set(b, at, protocol);
    PAD.set(b, at, pad);
    BLOCK_LENGTH.set(b, at, blockLengthBytes);
  }

  static Decoded<Ipv4CscdDescriptor> decode(ByteBuffer b, int at) {
    if (LUN_KIND.getInt(b, at) != 0) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at + 1));
    }
    return new Decoded.Valid<>(
        new Ipv4CscdDescriptor(
            DEVICE_TYPE.getInt(b, at),
            LUN.get(b, at),
            address(ADDRESS.getBytes(b, at)),
            PORT.getInt(b, at),
            PROTOCOL.getInt(b, at),
            PAD.isSet(b, at),
            BLOCK_LENGTH.getInt(b, at)));
  }

  private static Inet4Address address(byte[] bytes) {
    try {
      return (Inet4Address) InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
