package io.gantry.initiator;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a target is, as targets write it: {@code host[:port][,portal-group-tag]}. */
record TargetAddress(String host, int port) {
  private static final Pattern PATTERN =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^:,\\[\\]\\s]+)(?::(\\d{1,5}))?(?:,\\d{1,5})?");

  /** Reads one; null if it is none. */
  static @Nullable TargetAddress parse(String text) {
    Matcher matcher = PATTERN.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    String host = matcher.group(1);
    String digits = matcher.group(2);
    int port = digits == null ? IscsiUrl.STANDARD_PORT : Integer.parseInt(digits);
    return port < 1 || port > 65535
        ? null
        : new TargetAddress(
            host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port);
  }
}
