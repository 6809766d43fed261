package io.gantry.target;

import java.net.InetAddress;

/**
 * Addresses with a common beginning: {@code 192.0.2.0/24}, {@code 2001:db8::/32}, or a single one.
 *
 * @param base an address of the range
 * @param prefixBits how many of its bits the others share
 */
public record AddressRange(InetAddress base, int prefixBits) {

  public AddressRange {
    if (prefixBits < 0 || prefixBits > 8 * base.getAddress().length) {
      throw new IllegalArgumentException(
          "%s has no prefix of %d bits".formatted(base.getHostAddress(), prefixBits));
    }
  }

  /**
   * Reads a range. Names of hosts are not looked up: who answers for a name could choose who gets
   * in.
   *
   * @throws IllegalArgumentException if it is none; says what one looks like
   */
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    try {
      InetAddress base = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
      int whole = 8 * base.getAddress().length;
      return new AddressRange(
          base, slash < 0 ? whole : Integer.parseInt(text.substring(slash + 1)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'%s' is no range of addresses: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"
              .formatted(text),
          e);
    }
  }

  /**
   * Whether an address is in the range. An IPv4 address that came as an IPv6 one counts as IPv4.
   */
  public boolean contains(InetAddress address) {
    byte[] ours = base.getAddress();
    byte[] theirs = address.getAddress();
    if (ours.length != theirs.length) {
      return false;
    }
    for (int bit = 0; bit < prefixBits; bit += 8) {
      int mask = 0xff << Math.max(0, 8 - (prefixBits - bit));
      if (((ours[bit / 8] ^ theirs[bit / 8]) & mask & 0xff) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    boolean single = prefixBits == 8 * base.getAddress().length;
    return Portals.host(base) + (single ? "" : "/" + prefixBits);
  }
}
