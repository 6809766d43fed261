package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The TransportID of an iSCSI initiator port (SPC-4 7.6.4.6): how persistent reservations name I_T
 * nexuses on the wire.
 *
 * @param initiatorPort initiator name and ISID, {@code iqn...,i,0x00023d000001}
 */
public record TransportId(String initiatorPort) {
  private static final int ISCSI = 5;
  private static final int PORT_FORMAT = 0x40;
  private static final int HEADER = 4;
  private static final int LEAST_NAME = 20;

  /** Longest name: 223 bytes, the separator, an ISID, padded. */
  private static final int MOST_NAME = 244;

  private static final String SEPARATOR = ",i,0x";
  private static final int ISID_DIGITS = 12;

  /** The bytes: the name ends with a NUL and is padded with more to a multiple of four. */
  public byte[] encode() {
    byte[] name = initiatorPort.getBytes(StandardCharsets.UTF_8);
    int length = Math.max(LEAST_NAME, (name.length + HEADER) / 4 * 4);
    ByteBuffer b = ByteBuffer.allocate(HEADER + length);
    b.put((byte) (PORT_FORMAT | ISCSI)).put((byte) 0).putShort((short) length).put(name);
    return b.array();
  }

  /**
   * Reads one from a buffer's position, and leaves the position behind it. One of another protocol,
   * or one of an initiator device without a port, is none that a nexus here could have.
   */
  public static Optional<TransportId> decode(ByteBuffer b) {
    if (b.remaining() < HEADER + LEAST_NAME || b.get(b.position()) != (PORT_FORMAT | ISCSI)) {
      return Optional.empty();
    }
    int length = b.getShort(b.position() + 2) & 0xffff;
    if (length < LEAST_NAME
        || length % 4 != 0
        || length > MOST_NAME
        || length > b.remaining() - HEADER) {
      return Optional.empty();
    }
    byte[] bytes = new byte[length];
    b.position(b.position() + HEADER).get(bytes);
    int end = 0;
    while (end < length && bytes[end] != 0) {
      end++;
    }
    for (int i = end; i < length; i++) {
      if (bytes[i] != 0) {
        return Optional.empty();
      }
    }
    return end == length
        ? Optional.empty()
        : normalised(new String(bytes, 0, end, StandardCharsets.UTF_8));
  }

  /**
   * Names are compared in lower case (RFC 7143 4.2.7); the ISID is 12 digits, leading zeros too.
   */
  private static Optional<TransportId> normalised(String port) {
    String lower = port.toLowerCase(java.util.Locale.ROOT);
    int at = lower.lastIndexOf(SEPARATOR);
    String isid = at < 1 ? "" : lower.substring(at + SEPARATOR.length());
    return isid.length() == ISID_DIGITS && isid.matches("[0-9a-f]+")
        ? Optional.of(new TransportId(lower))
        : Optional.empty();
  }
}
