package io.gantry.iscsi;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/** iSCSI names: {@code iqn.}, {@code eui.} and {@code naa.} (RFC 7143 4.2.7). */
public final class IscsiName {
  private static final int LENGTH_MAX = 223;

  // Punctuation beyond what RFC 7143 lists, the underscore above all, is common in the field.
  private static final Pattern PATTERN =
      Pattern.compile(
          "iqn\\.\\d{4}-\\d{2}\\.[^\\s\\p{Cntrl},/=]+"
              + "|eui\\.[0-9a-f]{16}"
              + "|naa\\.(?:[0-9a-f]{16}|[0-9a-f]{32})");

  private IscsiName() {}

  /** Whether a name, in any case, is well-formed. */
  public static boolean isValid(String name) {
    return name.getBytes(StandardCharsets.UTF_8).length <= LENGTH_MAX
        && PATTERN.matcher(normal(name)).matches();
  }

  /** The form in which names are compared. */
  public static String normal(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** The name of an initiator port: an initiator and one of its ISIDs. */
  public static String initiatorPort(String initiatorName, long isid) {
    return "%s,i,0x%012x".formatted(normal(initiatorName), isid);
  }

  /** The name of a target port: a target and one of its portal groups. */
  public static String targetPort(String targetName, int portalGroupTag) {
    return "%s,t,0x%04x".formatted(normal(targetName), portalGroupTag);
  }
}
