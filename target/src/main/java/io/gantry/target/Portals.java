package io.gantry.target;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Where a target listens, and what an initiator is told of it. */
public final class Portals {
  private static final Pattern ZEROS = Pattern.compile("(?:^|:)0(?::0)+(?:$|:|(?=%))");

  private Portals() {}

  /**
   * The addresses that an initiator can use which has come in on one of them: that one first, then
   * what else there is. A portal that listens on every address is told as the address that the
   * initiator came in on, one for this machine only to those who are there.
   */
  static List<InetSocketAddress> reachable(
      List<InetSocketAddress> portals, InetSocketAddress local) {
    SequencedSet<InetSocketAddress> found = new LinkedHashSet<>();
    found.add(local);
    for (InetSocketAddress portal : portals) {
      InetAddress address = portal.getAddress();
      if (address.isAnyLocalAddress()) {
        found.add(new InetSocketAddress(local.getAddress(), portal.getPort()));
      } else if (!address.isLoopbackAddress() || local.getAddress().isLoopbackAddress()) {
        found.add(portal);
      }
    }
    return List.copyOf(found);
  }

  /** As TargetAddress has it: brackets around IPv6, no zone, which means nothing elsewhere. */
  static String text(InetSocketAddress address) {
    String host = host(address.getAddress());
    int zone = host.indexOf('%');
    String bare = zone < 0 ? host : host.substring(0, zone);
    return (bare.contains(":") ? "[" + bare + "]" : bare) + ":" + address.getPort();
  }

  /** A number as people write it: of an IPv6 address the longest run of zeros as two colons. */
  public static String host(InetAddress address) {
    String text = address.getHostAddress();
    String longest =
        ZEROS
            .matcher(text)
            .results()
            .map(MatchResult::group)
            .max(Comparator.comparingInt(String::length))
            .orElse("");
    return longest.isEmpty() ? text : text.replaceFirst(Pattern.quote(longest), "::");
  }
}
