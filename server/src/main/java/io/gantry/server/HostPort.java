package io.gantry.server;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.gantry.target.Portals;
import java.net.InetSocketAddress;

/**
 * An address as people write it: {@code 127.0.0.1:3260}, {@code storage.example:3260}, {@code
 * [::1]:3260}.
 *
 * @param host name or number, without brackets
 * @param port 0 to 65535; 0 for any that is free
 */
public record HostPort(String host, int port) {
  /**
   * Reads an address.
   *
   * @throws IllegalArgumentException if it is none; says what one looks like
   */
  @JsonCreator
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (host.isEmpty() || (host.contains(":") && !bracketed)) {
      throw notAnAddress(text);
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      if (port < 0 || port > 0xFFFF) {
        throw notAnAddress(text);
      }
      return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port);
    } catch (NumberFormatException e) {
      throw notAnAddress(text);
    }
  }

  private static IllegalArgumentException notAnAddress(String text) {
    return new IllegalArgumentException(
        "'%s' is no address: write HOST:PORT, as in 127.0.0.1:3260 or [::1]:3260".formatted(text));
  }

  /** The address of a socket that is bound already. */
  public static HostPort of(InetSocketAddress address) {
    return new HostPort(Portals.host(address.getAddress()), address.getPort());
  }

  /** To listen on or to connect to. */
  public InetSocketAddress toSocketAddress() {
    return new InetSocketAddress(host, port);
  }

  @JsonValue
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
